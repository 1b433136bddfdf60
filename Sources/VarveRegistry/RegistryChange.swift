// RegistryChange.swift — the changes of rows in one transaction, with the seal kept in step.
//
// Invariants:
// - Every insert, update and delete of a row goes through this type, which adds the row to the seal or
//   removes it.
// - A name is checked before its row is written.

import GRDB
import VarveModel

/// A transaction that changes the registry.
struct RegistryChange {
    let db: Database
    private let path: String
    private(set) var seal: Seal

    var reading: RegistryReading { RegistryReading(db: db, path: path) }

    init(_ db: Database, path: String) throws {
        self.db = db
        self.path = path
        guard let seal = try Seal.load(db) else {
            throw RegistryError(.damaged, "\(path) has lost its seal: restore it from a backup")
        }
        self.seal = seal
    }

    /// Inserts a model with its points.
    mutating func insert(_ model: Model) throws {
        try model.check()
        guard try !reading.modelExists(model.id) else {
            throw RegistryError(
                .exists,
                "model \(RegistryNames.shown(model.id)) exists: add points with varve model add, "
                    + "or take another id")
        }
        try db.cachedStatement(sql: "INSERT INTO model (id, name) VALUES (?, ?)")
            .execute(arguments: [model.id, model.name])
        seal.add(RowText.model(model.id, name: model.name))
        var seen: Set<Name> = []
        for point in model.points where !seen.insert(Name(point.id)).inserted {
            throw RegistryError(
                .invalid, "point \(RegistryNames.shown(point.id)) is named twice: name each point once")
        }
        for point in model.points { try add(point, to: model.id) }
    }

    /// Adds a point to an existing model, unless the model has a point of that id.
    ///
    /// - Returns: Whether the point is new.
    /// - Throws: `typeFixed` if the model has the point with another type.
    @discardableResult
    mutating func add(_ point: MeasurementPoint, to model: String) throws -> Bool {
        try point.check()
        if let existing = try reading.point(point.id, of: model)?.point {
            guard existing.type == point.type else {
                throw RegistryError(
                    .typeFixed,
                    "point \(RegistryNames.shown(point.id)) of model \(RegistryNames.shown(model)) is "
                        + "\(existing.type.name): use \(existing.type.name), or change its type with varve model change"
                )
            }
            return false
        }
        let position = try reading.nextPosition(in: model)
        guard position < RegistryNames.maximumPoints else {
            throw RegistryError(
                .invalid,
                "model \(RegistryNames.shown(model)) has \(position) points, the most there may be: "
                    + "spread them over several models")
        }
        try db.cachedStatement(
            sql: "INSERT INTO point (model, id, position, type, quality, unit) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                model, point.id, position, Int64(point.type.rawValue), point.hasQuality ? 1 : 0, point.unit,
            ])
        seal.add(RowText.point(point, position: position, of: model))
        return true
    }

    /// Changes the type of a point.
    mutating func setType(ofPoint id: String, inModel model: String, to type: ValueType) throws {
        guard var row = try reading.point(id, of: model) else { throw Registry.noPoint(id, model) }
        guard row.point.type != type else { return }
        seal.remove(RowText.point(row.point, position: row.position, of: model))
        row.point.type = type
        try db.execute(
            sql: "UPDATE point SET type = ? WHERE model = ? AND id = ?",
            arguments: [Int64(type.rawValue), model, id])
        seal.add(RowText.point(row.point, position: row.position, of: model))
    }

    /// Inserts a product of an existing model.
    mutating func insert(_ product: Product) throws {
        try product.check()
        guard try reading.product(product.key) == nil else {
            throw RegistryError(
                .exists,
                "product \(RegistryNames.shown(product.key)) exists: take another key, or delete it first")
        }
        guard try reading.modelExists(product.model) else {
            throw Registry.noModel(product.model)
        }
        try RegistryNames.checkNewProductKey(product.key)
        try db.cachedStatement(
            sql:
                "INSERT INTO product (key, model, name, secret, format, duplicates) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                product.key, product.model, product.name, product.secret, product.format.name,
                Int64(product.duplicates.rawValue),
            ])
        seal.add(RowText.product(product))
    }

    /// Inserts a device of an existing product.
    mutating func insert(_ device: Device) throws {
        try device.check()
        guard try reading.product(device.product) != nil else {
            throw Registry.noProduct(device.product)
        }
        guard try insertIfMissing(device) else {
            throw RegistryError(
                .exists,
                "device \(RegistryNames.shown(device.qualifiedName)) exists: take another key, or delete it first"
            )
        }
    }

    /// Inserts a device of an existing product, unless the product has one of that key.
    ///
    /// The caller has checked its names.
    mutating func insertIfMissing(_ device: Device) throws -> Bool {
        try db.cachedStatement(
            sql: """
                INSERT INTO device (product, key, secret, asset, name, timezone) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
        ).execute(
            arguments: [
                device.product, device.key, device.secret, device.assetID, device.name, device.timeZone,
            ])
        guard db.changesCount == 1 else { return false }
        seal.add(RowText.device(device))
        return true
    }

    /// Inserts a channel of an existing product.
    mutating func insert(_ channel: Channel) throws {
        try channel.check()
        guard try reading.channel(channel.name) == nil else {
            throw RegistryError(
                .exists,
                "channel \(RegistryNames.shown(channel.name)) exists: take another name, or delete it first")
        }
        guard try reading.product(channel.product) != nil else { throw Registry.noProduct(channel.product) }
        if let other = try reading.channel(of: channel.product) {
            throw RegistryError(
                .exists,
                "product \(RegistryNames.shown(channel.product)) has the channel "
                    + "\(RegistryNames.shown(other.name)): use it, or delete it first with varve channel delete"
            )
        }
        try checkKeys(of: channel)
        try db.execute(
            sql:
                "INSERT INTO channel (name, product, password, enabled, description, created) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                channel.name, channel.product, channel.password, channel.isEnabled ? 1 : 0,
                channel.description,
                channel.created.nanoseconds,
            ])
        seal.add(RowText.channel(channel))
    }

    /// Refuses a channel for a product key that MQTT cannot carry.
    ///
    /// Such a key can only be older than channels.
    private func checkKeys(of channel: Channel) throws {
        if let reason = RegistryNames.channelObstacle(productKey: channel.product) {
            throw RegistryError(.invalid, "\(reason) in a new product, which can have a channel")
        }
    }

    /// Switches a channel on or off.
    mutating func setChannel(_ name: String, enabled: Bool) throws -> Channel {
        guard var channel = try reading.channel(name) else { throw Registry.noChannel(name) }
        seal.remove(RowText.channel(channel))
        channel.isEnabled = enabled
        try db.execute(
            sql: "UPDATE channel SET enabled = ? WHERE name = ?", arguments: [enabled ? 1 : 0, name])
        seal.add(RowText.channel(channel))
        return channel
    }

    /// Deletes a channel.
    mutating func deleteChannel(_ name: String) throws -> Channel {
        guard let channel = try reading.channel(name) else { throw Registry.noChannel(name) }
        try db.execute(sql: "DELETE FROM channel WHERE name = ?", arguments: [name])
        seal.remove(RowText.channel(channel))
        return channel
    }

    /// Sets or removes a rule of retention.
    mutating func setRetention(_ scope: RetentionRule.Scope, _ period: RetentionPeriod?) throws {
        switch scope {
        case .history: break
        case .model(let id): guard try reading.modelExists(id) else { throw Registry.noModel(id) }
        case .product(let key): guard try reading.product(key) != nil else { throw Registry.noProduct(key) }
        }
        let least: Int64 = scope == .history ? 0 : 1
        guard period.map({ $0.seconds >= least }) ?? true else {
            throw RegistryError(.invalid, "a retention of \(period?.seconds ?? 0) s: use at least \(least) s")
        }
        let (kind, name) = scope.columns
        for rule in try reading.retentionRules()
        where rule.scope.columns.kind == kind && rule.scope.columns.name.sameBytes(as: name) {
            try db.execute(sql: "DELETE FROM retention WHERE kind = ? AND name = ?", arguments: [kind, name])
            seal.remove(RowText.retention(rule))
        }
        guard let period else { return }
        try db.execute(
            sql: "INSERT INTO retention (kind, name, seconds, basis) VALUES (?, ?, ?, ?)",
            arguments: [kind, name, period.seconds, Int64(period.basis.rawValue)])
        seal.add(RowText.retention(RetentionRule(scope: scope, period: period)))
    }

    /// Sets or removes the zone in which an import read local times of a device.
    mutating func setZone(of device: String, in product: String, to zone: String?) throws {
        if let old = try reading.zone(of: device, in: product) {
            try db.cachedStatement(sql: "DELETE FROM zone WHERE product = ? AND device = ?")
                .execute(arguments: [product, device])
            seal.remove(RowText.zone(old))
        }
        guard let zone else { return }
        try db.cachedStatement(sql: "INSERT INTO zone (product, device, zone) VALUES (?, ?, ?)")
            .execute(arguments: [product, device, zone])
        seal.add(RowText.zone(DeviceZone(product: product, device: device, zone: zone)))
    }

    /// Sets the duplicate policy of a product.
    mutating func setDuplicates(_ policy: DuplicatePolicy, of key: String) throws -> Product {
        guard var product = try reading.product(key) else { throw Registry.noProduct(key) }
        seal.remove(RowText.product(product))
        product.duplicates = policy
        try db.execute(
            sql: "UPDATE product SET duplicates = ? WHERE key = ?",
            arguments: [Int64(policy.rawValue), key])
        seal.add(RowText.product(product))
        return product
    }

    /// Adds a version to the script of a product, and deletes the oldest one if there are too many.
    mutating func addScript(
        _ text: String, to key: String, restores: Int64?, at time: Timestamp
    ) throws -> ScriptVersion {
        guard let product = try reading.product(key) else { throw Registry.noProduct(key) }
        try RegistryNames.check(script: text, of: product)
        let known = try reading.scriptVersions(of: key)
        let script = ScriptVersion(
            product: key, version: (known.first ?? 0) + 1, created: time, restores: restores, text: text)
        for version in known.dropFirst(Registry.keptScripts - 1) { try deleteScript(of: key, version) }
        try db.execute(
            sql: "INSERT INTO script (product, version, created, restores, text) VALUES (?, ?, ?, ?, ?)",
            arguments: [key, script.version, time.nanoseconds, restores, text])
        seal.add(RowText.script(script))
        return script
    }

    private mutating func deleteScript(of key: String, _ version: Int64) throws {
        guard let script = try reading.script(of: key, version: version) else { return }
        try db.execute(
            sql: "DELETE FROM script WHERE product = ? AND version = ?", arguments: [key, version])
        seal.remove(RowText.script(script))
    }

    /// Deletes a model, its points and its rule of retention.
    mutating func deleteModel(_ id: String) throws -> Model {
        guard let model = try reading.model(id) else { throw Registry.noModel(id) }
        let users = try reading.products(of: id)
        guard users.isEmpty else {
            let names = users.prefix(3).map(RegistryNames.shown).joined(separator: ", ")
            throw RegistryError(
                .inUse,
                "model \(RegistryNames.shown(id)) is used by products (\(names)"
                    + (users.count > 3 ? ", …" : "") + "): delete them first with varve product delete")
        }
        for point in model.points {
            guard let row = try reading.point(point.id, of: id) else { continue }
            seal.remove(RowText.point(row.point, position: row.position, of: id))
        }
        try setRetention(.model(id), nil)
        try db.execute(sql: "DELETE FROM model WHERE id = ?", arguments: [id])
        seal.remove(RowText.model(id, name: model.name))
        return model
    }

    /// Deletes a product without devices and channel, its rule of retention and its scripts.
    mutating func deleteProduct(_ key: String) throws -> Product {
        guard let product = try reading.product(key) else { throw Registry.noProduct(key) }
        let devices = try reading.deviceCount(of: key)
        guard devices == 0 else {
            throw RegistryError(
                .inUse,
                "product \(RegistryNames.shown(key)) has \(devices) \(devices == 1 ? "device" : "devices"): "
                    + "delete them first with varve device delete")
        }
        if let channel = try reading.channel(of: key) {
            throw RegistryError(
                .inUse,
                "product \(RegistryNames.shown(key)) has the channel \(RegistryNames.shown(channel.name)): "
                    + "delete it first with varve channel delete")
        }
        try setRetention(.product(key), nil)
        for version in try reading.scriptVersions(of: key) { try deleteScript(of: key, version) }
        try db.execute(sql: "DELETE FROM product WHERE key = ?", arguments: [key])
        seal.remove(RowText.product(product))
        return product
    }

    /// Deletes a device and the zone of its imports.
    mutating func deleteDevice(_ key: String, of product: String) throws -> Device {
        guard let device = try reading.device(key, of: product) else {
            throw Registry.noDevice("\(product)/\(key)")
        }
        try setZone(of: key, in: product, to: nil)
        try db.execute(sql: "DELETE FROM device WHERE product = ? AND key = ?", arguments: [product, key])
        seal.remove(RowText.device(device))
        return device
    }
}
