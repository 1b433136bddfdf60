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
        var settings: ProductSettings
        /// The policy for what is stored; nil if none was ever set.
        var terms: PolicyTerms?
    }

    /// What a model says about a point, event or attribute.
    struct PointRule {
        var type: ValueType
        var rule: ValueRule?
        /// The policy for two values at the same time; nil for that of the product.
        var policy: DuplicatePolicy?
    }

    /// The remembered products, by key.
    var products: [Name: ProductRule] = [:]
    /// The points of models, by model id and point id; events and attributes by their reserved names.
    var points: [Name: [Name: PointRule]] = [:]
    /// The products that have a device with a key, by that key.
    var owners: [Name: [String]] = [:]
    /// The database's `data_version` when the cache was last known to be valid.
    var dataVersion: Int64?
    /// The number of the newest entry of the journal that was applied; nil before the first.
    var journalNumber: Int64?

    /// How many times earlier answers may have become wrong.
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
            _ = try remember(product, from: reading)
            try remember(model: product.model, from: reading)
        }
        guard try reading.deviceCount() <= Self.maximumFilledDevices else { return }
        owners.removeAll()
        try reading.forEachOwner { device, product in owners[Name(device), default: []].append(product) }
    }

    /// Reads the settings that belong to a product, unless they are remembered for its row.
    mutating func remember(_ product: Product, from reading: RegistryReading) throws -> ProductRule {
        if let known = products[Name(product.key)], known.model.sameBytes(as: product.model),
            known.policy == product.duplicates
        {
            return known
        }
        let settings = ProductSettings(
            isCustom: product.format == .custom, takesNumericTexts: product.takesNumericTexts,
            resendWindow: try reading.channel(of: product.key)?.resendWindow ?? 0,
            isPassThrough: try reading.modelRow(product.model)?.isPassThrough ?? false)
        let rule = ProductRule(
            model: product.model, policy: product.duplicates, settings: settings,
            terms: try reading.policyTerms(of: product.key))
        products[Name(product.key)] = rule
        return rule
    }

    /// The rule of a point, event or attribute; nil if the model lacks it.
    ///
    /// Only this name is read, so that a message with many unknown names does not read a large model for each.
    mutating func find(
        _ name: String, ofModel model: String, from reading: RegistryReading
    ) throws -> PointRule? {
        if let known = points[Name(model)]?[Name(name)] { return known }
        let rule: PointRule?
        if let reserved = ReservedPoint(name: name) {
            let feature = ModelFeature(reserved)
            rule = try reading.feature(feature.kind, feature.id, of: model).map { Self.rule(of: $0.feature) }
        } else {
            rule = try reading.point(name, of: model).map { Self.rule(of: $0.point) }
        }
        if let rule { points[Name(model), default: [:]][Name(name)] = rule }
        return rule
    }

    private static func rule(of point: MeasurementPoint) -> PointRule {
        PointRule(type: point.type, rule: point.rule)
    }

    private static func rule(of feature: ModelFeature) -> PointRule {
        PointRule(type: .json, rule: feature.rule, policy: feature.kind == .event ? .every : .last)
    }

    /// Reads the points, events and attributes of a model.
    mutating func remember(model: String, from reading: RegistryReading) throws {
        var rules: [Name: PointRule] = [:]
        for point in try reading.points(of: model) { rules[Name(point.id)] = Self.rule(of: point) }
        for feature in try reading.features(of: model) {
            rules[Name(feature.reserved.name)] = Self.rule(of: feature)
        }
        points[Name(model)] = rules
    }

    /// Forgets the answers that transactions may have changed; all of them if nil.
    ///
    /// A device, point, event or attribute that was added makes no answer wrong that a caller may have remembered, because
    /// nobody remembers that a thing is missing. What changes of a device is in no answer.
    mutating func apply(_ entries: [JournalEntry]?) {
        guard let entries, !entries.contains(where: { $0.kind == .other || $0.kind == .manyDevices }) else {
            return forget()
        }
        for entry in entries where entry.kind == .deviceAdded || entry.kind == .deviceRemoved {
            owners[Name(entry.device)] = nil
        }
        if entries.contains(where: { $0.kind == .deviceRemoved }) { generation += 1 }
    }

    /// Forgets the answers that a transaction of this registry may have changed; all of them if it failed.
    ///
    /// Its entries are not applied again when another connection has written, unless that one was faster.
    mutating func applyOwn(_ journal: (entries: [JournalEntry], newest: Int64)?) {
        apply(journal?.entries)
        guard let journal, journalNumber == journal.newest - Int64(journal.entries.count) else { return }
        journalNumber = journal.newest
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
