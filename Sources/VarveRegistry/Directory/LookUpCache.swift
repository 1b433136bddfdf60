// LookUpCache.swift — remembered answers of look-ups, so that an import asks SQLite once for each device.
//
// The cache answers by names. Above it, `ProductPoints` in VarveIntegration remembers the numbers of points by product,
// so that most messages need no look-up here.
//
// Invariants:
// - Only existing things are remembered, never that something is missing. So a thing that was just created is
//   found at once.
// - Names are compared by their bytes, as in SQLite, not by Unicode equivalence.

import VarveModel

/// The remembered products, models and devices.
struct LookUpCache {
    /// The columns of a product that a look-up needs.
    struct ProductRule {
        var model: String
        var policy: DuplicatePolicy
    }

    /// The remembered products, by key.
    var products: [Name: ProductRule] = [:]
    /// The types of the points of models, by model id and point id.
    var points: [Name: [Name: ValueType]] = [:]
    /// The products that have a device with a key, by that key.
    var owners: [Name: [String]] = [:]
    /// The database's `data_version` when the cache was last known to be valid.
    var dataVersion: Int64?

    /// How many times the cache was emptied.
    ///
    /// Each time, earlier answers may have become wrong.
    private(set) var generation: UInt64 = 0

    /// The queries for single devices since the cache was empty.
    var misses = 0

    /// The number of queries after which all devices are read at once.
    ///
    /// One query costs as much as reading a hundred in a run.
    static let missesBeforeFilling = 64
    /// The most devices that are read at once, about 100 bytes each.
    ///
    /// In larger registries each device needs a query.
    static let maximumFilledDevices = 500_000

    /// Reads all products and models and, up to `maximumFilledDevices`, all devices.
    mutating func fill(from reading: RegistryReading) throws {
        for product in try reading.products() {
            products[Name(product.key)] = ProductRule(model: product.model, policy: product.duplicates)
            try remember(model: product.model, from: reading)
        }
        guard try reading.deviceCount() <= Self.maximumFilledDevices else { return }
        owners.removeAll()
        try reading.forEachOwner { device, product in owners[Name(device), default: []].append(product) }
    }

    /// Reads the points of a model.
    mutating func remember(model: String, from reading: RegistryReading) throws {
        var types: [Name: ValueType] = [:]
        for point in try reading.points(of: model) { types[Name(point.id)] = point.type }
        points[Name(model)] = types
    }

    /// Forgets every answer, and raises `generation`.
    mutating func forget() {
        products.removeAll()
        points.removeAll()
        owners.removeAll()
        misses = 0
        generation += 1
    }
}
