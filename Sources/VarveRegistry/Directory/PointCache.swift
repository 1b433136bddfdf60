// PointCache.swift — answers that look-ups remember, so that an import asks SQLite once for each device.
//
// Invariants:
// - Only what exists is remembered, never that something is missing: what was just created is found at once.
// - Names are compared by their bytes, as SQLite does, not by Unicode equivalence.

import VarveModel

/// A name that equals another only if its UTF-8 bytes do.
struct ExactName: Hashable {
    private var text: String

    init(_ text: String) {
        self.text = text
        // A bridged or sliced string would be walked byte by byte on every comparison.
        self.text.makeContiguousUTF8()
    }

    static func == (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// What is known of products, models and devices.
struct PointCache {
    /// The columns of a product that a look-up needs.
    struct ProductRule {
        var model: String
        var policy: DuplicatePolicy
    }

    /// Products by key.
    var products: [ExactName: ProductRule] = [:]
    /// The points of a model, by model id and point id.
    var points: [ExactName: [ExactName: ValueType]] = [:]
    /// All products that have a device of a key, by that key.
    var owners: [ExactName: [String]] = [:]
    /// The database's version when the cache was last known to be true.
    var dataVersion: Int64?

    /// How often the cache was emptied: what was answered before may no longer be true.
    private(set) var generation: UInt64 = 0

    /// Queries for single devices since the cache was empty.
    var misses = 0

    /// A query for one device costs as much as reading a hundred in a run: after so many, all are read at once.
    static let missesBeforeFilling = 64
    /// Most devices that are read at once, about 100 bytes each; in larger registries each is asked for.
    static let maximumFilledDevices = 500_000

    /// Reads all products, models and devices.
    mutating func fill(from reading: RegistryReading) throws {
        for product in try reading.products() {
            products[ExactName(product.key)] = ProductRule(model: product.model, policy: product.duplicates)
            try remember(model: product.model, from: reading)
        }
        guard try reading.deviceCount() <= Self.maximumFilledDevices else { return }
        owners.removeAll()
        try reading.forEachOwner { device, product in owners[ExactName(device), default: []].append(product) }
    }

    /// Reads the points of a model.
    mutating func remember(model: String, from reading: RegistryReading) throws {
        var types: [ExactName: ValueType] = [:]
        for point in try reading.points(of: model) { types[ExactName(point.id)] = point.type }
        points[ExactName(model)] = types
    }

    /// Forgets every answer.
    mutating func forget() {
        products.removeAll()
        points.removeAll()
        owners.removeAll()
        misses = 0
        generation += 1
    }
}
