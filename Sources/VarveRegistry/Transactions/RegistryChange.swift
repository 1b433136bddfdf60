// RegistryChange.swift — the changes of rows in one transaction, with the seal kept in step.
//
// Invariants:
// - Every insert, update and delete of a row goes through this type, which adds the row to the seal or
//   removes it, and notes devices in the journal.
// - A name is checked before its row is written.

import GRDB
import VarveModel

/// A transaction that changes the registry.
struct RegistryChange {
    let db: Database
    private let path: String
    var seal: Seal
    var journal = JournalDraft()
    /// The points that were added, or got another type or rule, by model: policies must fit them.
    var changedPoints: [Name: Set<Name>] = [:]

    /// A registry that is changed has all tables and columns.
    var reading: RegistryReading { RegistryReading(db: db, path: path, hasAllColumns: true) }

    init(_ db: Database, path: String) throws {
        self.db = db
        self.path = path
        guard let seal = try Seal.load(db) else {
            throw RegistryError(.damaged, "\(path) has lost its seal: restore it from a backup")
        }
        self.seal = seal
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
            sql: """
                INSERT INTO product (key, model, name, secret, format, duplicates, numerictexts, previous,
                    previousuntil) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
                product.key, product.model, product.name, product.secret, product.format.name,
                Int64(product.duplicates.rawValue), product.takesNumericTexts ? 1 : 0,
                product.previousSecret?.secret, product.previousSecret?.validUntil.nanoseconds,
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
                INSERT INTO device (product, key, secret, asset, name, timezone, activated)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
        ).execute(
            arguments: [
                device.product, device.key, device.secret, device.assetID, device.name, device.timeZone,
                device.activated?.nanoseconds,
            ])
        guard db.changesCount == 1 else { return false }
        seal.add(RowText.device(device))
        journal.note(.deviceAdded, device)
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
            sql: """
                INSERT INTO channel (name, product, password, enabled, description, created, resend, previous,
                    previousuntil) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                channel.name, channel.product, channel.password, channel.isEnabled ? 1 : 0,
                channel.description, channel.created.nanoseconds, channel.resendWindow,
                channel.previousPassword?.secret, channel.previousPassword?.validUntil.nanoseconds,
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

    /// Deletes a product without devices and channel, its rule of retention, its scripts and its policy.
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
        try deletePolicy(of: key)
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
        journal.note(.deviceRemoved, device)
        return device
    }
}
