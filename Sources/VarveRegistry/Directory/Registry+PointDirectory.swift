// Registry+PointDirectory.swift — resolves the names in rows and messages, and registers what is missing.
//
// Invariants:
// - Every other answer is always read from the database.
// - `found` and `notStored` may be remembered. After a change by another process, `refresh()` makes it fresh. Changes by this
//   registry are seen at once.

import GRDB
import Synchronization
public import VarveModel

extension Registry: PointDirectory {
    /// Forgets the remembered answers that another connection may have changed since the last call.
    ///
    /// Call it at the start of each import or message. Cost: one small query, and one more after a change.
    public func refresh() throws {
        let version = try dataVersion()
        try cache.withLock { cache in
            guard cache.dataVersion != version else { return }
            let (newest, entries) = try journal(after: cache.journalNumber)
            cache.apply(entries)
            (cache.journalNumber, cache.dataVersion) = (newest, version)
        }
    }

    /// Refreshes, and returns a number that changes when answers may have changed; see `PointDirectory`.
    public func generation() throws -> UInt64 {
        try refresh()
        return cache.withLock { $0.generation }
    }

    /// Finds the point that a row names; see `PointDirectory`.
    ///
    /// The name of a series of `ReservedPoint` is found if the model declares the event or attribute. All different
    /// contents of an event at one time are kept, and the later value of an attribute, whatever the product's policy
    /// for duplicates. The product's policy for points says under which name a point is stored, or that it is not.
    ///
    /// Cost: a few indexed queries for the first look-up of a device or point, and for each one of a name that the model
    /// lacks; none later. The 64th such look-up reads all models, and all devices (up to 500,000), so that an import of
    /// many devices does not ask for each.
    ///
    /// - Throws: `RegistryError` if the registry cannot be read.
    public func lookUp(product: String?, device: String, point: String) throws -> PointLookup {
        try cache.withLock { cache in
            if let answer = Self.recall(cache, product: product, device: device, point: point) {
                return answer
            }
            return try read { reading in
                cache.misses += 1
                if cache.misses == LookUpCache.missesBeforeFilling { try cache.fill(from: reading) }
                return try Self.find(reading, &cache, product: product, device: device, point: point)
            }
        }
    }

    private static func recall(
        _ cache: borrowing LookUpCache, product: String?, device: String, point: String
    ) -> PointLookup? {
        guard let owners = cache.owners[Name(device)],
            let owner = owner(product, among: owners),
            let rule = cache.products[Name(owner)],
            let known = cache.points[Name(rule.model)]?[Name(point)]
        else { return nil }
        let key = SeriesKey(product: owner, device: device, point: point)
        return try? registered(key, known, rule) { name in
            guard let target = cache.points[Name(rule.model)]?[name] else { throw NotRemembered() }
            return target
        }
    }

    /// The cache does not say what the model says of a name.
    private struct NotRemembered: Error {}

    /// - Parameter declared: What the model says of the name that a policy gives the point.
    private static func registered(
        _ key: SeriesKey, _ point: LookUpCache.PointRule, _ product: LookUpCache.ProductRule,
        _ declared: (Name) throws -> LookUpCache.PointRule?
    ) rethrows -> PointLookup {
        let found = RegisteredPoint(
            key: key, type: point.type, policy: point.policy ?? product.policy, rule: point.rule)
        return try product.terms?.answer(found, declared) ?? .found(found)
    }

    /// How the messages of a product are taken; see `PointDirectory`.
    ///
    /// Cost: three queries the first time, none later.
    public func settings(ofProduct product: String) throws -> ProductSettings? {
        try cache.withLock { cache in
            if let rule = cache.products[Name(product)] { return rule.settings }
            return try read { reading in
                guard let row = try reading.product(product) else { return nil }
                return try cache.remember(row, from: reading).settings
            }
        }
    }

    /// The login of a device; see `PointDirectory`.
    public func login(ofDevice device: String, product: String) throws -> DeviceLogin? {
        try read { try $0.device(device, of: product) }
            .map { DeviceLogin(secret: $0.secret, assetID: $0.assetID) }
    }

    /// The product among `owners` that the device belongs to; nil for no such product, or if `product` is nil
    /// and there are several.
    private static func owner(_ product: String?, among owners: [String]) -> String? {
        guard let product else { return owners.count == 1 ? owners[0] : nil }
        return owners.first { $0.utf8.elementsEqual(product.utf8) }
    }

    private static func find(
        _ reading: RegistryReading, _ cache: inout LookUpCache, product: String?, device: String,
        point: String
    ) throws -> PointLookup {
        if let owners = cache.owners[Name(device)], let owner = owner(product, among: owners),
            let rule = cache.products[Name(owner)]
        {
            guard let known = try cache.find(point, ofModel: rule.model, from: reading) else {
                return .unknownPoint(point, product: owner, model: rule.model)
            }
            return try registered(SeriesKey(product: owner, device: device, point: point), known, rule) {
                try cache.find($0.text, ofModel: rule.model, from: reading)
            }
        }
        if let product, try reading.product(product) == nil { return .unknownProduct(product) }
        let owners = try reading.owners(of: device)
        guard let owner = owner(product, among: owners), let row = try reading.product(owner) else {
            return product == nil && owners.count > 1
                ? .ambiguousDevice(device, products: owners) : .unknownDevice(device)
        }
        cache.owners[Name(device)] = owners
        let product = try cache.remember(row, from: reading)
        guard let known = try cache.find(point, ofModel: row.model, from: reading) else {
            return .unknownPoint(point, product: owner, model: row.model)
        }
        let key = SeriesKey(product: owner, device: device, point: point)
        return try registered(key, known, product) {
            try cache.find($0.text, ofModel: row.model, from: reading)
        }
    }

    /// Creates missing products, points and devices in one transaction; see `PointDirectory`.
    ///
    /// A missing product gets the model of its own name, which is created if it is missing too. New points
    /// have a quality. An existing point keeps its type, even if the registration has another one. A point with a
    /// reserved name becomes an event or attribute of the model.
    ///
    /// Durability: on disk when it returns.
    ///
    /// - Returns: The number of rows created.
    /// - Throws: `RegistryError`, with nothing created: `invalid` for a name, or a type other than `json` for an event
    ///   or attribute; `full` for too many points in a model.
    @discardableResult
    public func register(_ registration: Registration) throws -> Int {
        try change { change in
            var created = 0
            var models: [Name: String] = [:]
            func model(of product: String) throws -> String {
                if let model = models[Name(product)] { return model }
                let model: String
                if let existing = try change.reading.product(product) {
                    model = existing.model
                } else {
                    if try !change.reading.modelExists(product) {
                        try change.insert(Model(id: product))
                        created += 1
                    }
                    try change.insert(Product(key: product, model: product))
                    created += 1
                    model = product
                }
                models[Name(product)] = model
                return model
            }
            for point in registration.points {
                if try change.registerPoint(point, in: model(of: point.product)) { created += 1 }
            }
            for entry in registration.devices {
                _ = try model(of: entry.product)
                let device = Device(product: entry.product, key: entry.device)
                try device.check()
                if try change.insertIfMissing(device) { created += 1 }
            }
            return created
        }
    }
}

extension Registry {
    /// Adds points, events and attributes to models that take what they do not declare; see `PointDirectory`.
    ///
    /// Durability: on disk when it returns.
    public func declare(_ points: [Registration.Point]) throws -> DeclinedNames {
        try change { change in
            var declined = DeclinedNames()
            var policies: [Name: [(product: String, policy: ProductPolicy)]] = [:]
            for point in points {
                guard !declined.isClosed, let product = try change.reading.product(point.product),
                    try change.reading.modelRow(product.model)?.isPassThrough == true
                else {
                    declined.isClosed = true
                    declined.reasons[Name(point.point)] = "the model takes declared names only"
                    continue
                }
                let model = Name(product.model)
                if policies[model] == nil { policies[model] = try change.policies(ofModel: model.text) }
                if let refusal = try change.declare(point, in: model.text, policies[model] ?? []) {
                    declined.isClosed = refusal.code == .full
                    declined.reasons[Name(point.point)] = refusal.message
                }
            }
            return declined
        }
    }
}

extension RegistryChange {
    /// Adds a name to a model, unless the model or the policies of its products cannot take it.
    ///
    /// - Returns: Why nothing was added.
    fileprivate mutating func declare(
        _ point: Registration.Point, in model: String, _ policies: [(product: String, policy: ProductPolicy)]
    ) throws -> RegistryError? {
        let (before, db) = (self, db)
        var refusal: RegistryError?
        try db.inSavepoint {
            do {
                _ = try registerPoint(point, in: model)
                try check([Name(point.point)], ofModel: model, against: policies)
                return .commit
            } catch let error as RegistryError where [.full, .invalid, .inUse].contains(error.code) {
                refusal = error
                return .rollback
            }
        }
        if refusal != nil { self = before }
        return refusal
    }

    /// Adds a point, event or attribute to a model that lacks it; false if it was there.
    fileprivate mutating func registerPoint(_ point: Registration.Point, in model: String) throws -> Bool {
        guard let feature = ReservedPoint(name: point.point).map(ModelFeature.init) else {
            if try reading.point(point.point, of: model) != nil { return false }
            let new = MeasurementPoint(id: point.point, type: point.type, hasQuality: true)
            guard try add(new, to: model) == .added else { return false }
            journal.noteNewName()
            return true
        }
        guard point.type == .json else {
            throw RegistryError(
                .invalid,
                "\(feature.kind.name) \(RegistryNames.shown(feature.id)) has values of type json, not \(point.type.name): "
                    + "take another name for a point")
        }
        guard try add(feature, to: model) == .added else { return false }
        journal.noteNewName()
        return true
    }
}

extension ModelFeature {
    /// The event or attribute whose values are in a series of a reserved name.
    init(_ reserved: ReservedPoint) {
        switch reserved {
        case .event(let id): self.init(.event, id)
        case .attribute(let id): self.init(.attribute, id)
        }
    }
}
