// RegistryReading.swift — reads rows of the database as values, with one statement for each question.
//
// Invariants:
// - A column with content that Varve never writes throws `damaged`. It never becomes a default.
// - Lists are in the order of the UTF-8 bytes of their keys.

import GRDB
import VarveModel

/// Reads the database within one transaction.
struct RegistryReading {
    let db: Database
    let path: String

    func modelExists(_ id: String) throws -> Bool {
        try db.cachedStatement(sql: "SELECT 1 FROM model WHERE id = ?").isFound([id])
    }

    func model(_ id: String) throws -> Model? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT id, name FROM model WHERE id = ?"), arguments: [id])
        guard let row else { return nil }
        return try Model(id: text(row, 0), name: optionalText(row, 1), points: points(of: id))
    }

    /// The ids and names of all models.
    func modelNames() throws -> [(id: String, name: String?)] {
        try Row.fetchAll(db, sql: "SELECT id, name FROM model ORDER BY id")
            .map { (try text($0, 0), try optionalText($0, 1)) }
    }

    func points(of model: String) throws -> [MeasurementPoint] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT id, type, quality, unit FROM point WHERE model = ? ORDER BY position, id"),
            arguments: [model]
        ).map(point)
    }

    /// One point and its position in the model.
    func point(_ id: String, of model: String) throws -> (point: MeasurementPoint, position: Int64)? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT id, type, quality, unit, position FROM point WHERE model = ? AND id = ?"),
            arguments: [model, id])
        return try row.map { (try point($0), try number($0, 4)) }
    }

    /// The position after the model's last point.
    ///
    /// It equals the number of points, because single points are never removed.
    func nextPosition(in model: String) throws -> Int64 {
        let last = try Int64.fetchOne(
            db.cachedStatement(
                sql: "SELECT position FROM point WHERE model = ? ORDER BY position DESC LIMIT 1"),
            arguments: [model])
        return last.map { min($0, .max - 1) + 1 } ?? 0
    }

    func product(_ key: String) throws -> Product? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(Self.productColumns) FROM product WHERE key = ?"),
            arguments: [key]
        ).map(product)
    }

    func products() throws -> [Product] {
        try Row.fetchAll(db, sql: "SELECT \(Self.productColumns) FROM product ORDER BY key").map(product)
    }

    func products(of model: String) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT key FROM product WHERE model = ? ORDER BY key", arguments: [model])
    }

    func device(_ key: String, of product: String) throws -> Device? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(Self.deviceColumns) FROM device WHERE product = ? AND key = ?"),
            arguments: [product, key]
        ).map(device)
    }

    /// Passes each device to `body` in order, without holding all of them.
    func forEachDevice(of product: String? = nil, _ body: (Device) throws -> Void) throws {
        let condition = product == nil ? "" : "WHERE product = ?"
        let arguments: StatementArguments = if let product { [product] } else { [] }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT \(Self.deviceColumns) FROM device \(condition) ORDER BY product, key",
            arguments: arguments)
        while let row = try rows.next() { try body(device(row)) }
    }

    func deviceCount() throws -> Int {
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM device") ?? 0
    }

    func deviceCount(of product: String) throws -> Int {
        try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM device WHERE product = ?", arguments: [product]) ?? 0
    }

    /// The products that have a device of this key.
    func owners(of device: String) throws -> [String] {
        try String.fetchAll(
            db.cachedStatement(sql: "SELECT product FROM device WHERE key = ? ORDER BY product"),
            arguments: [device])
    }

    /// Passes the key and the product of each device to `body`; those of one key in the order of
    /// `owners(of:)`.
    func forEachOwner(_ body: (_ device: String, _ product: String) throws -> Void) throws {
        let rows = try Row.fetchCursor(db, sql: "SELECT key, product FROM device ORDER BY key, product")
        while let row = try rows.next() { try body(text(row, 0), text(row, 1)) }
    }

    func channel(_ name: String) throws -> Channel? {
        try channels("WHERE name = ?", [name]).first
    }

    func channel(of product: String) throws -> Channel? {
        try channels("WHERE product = ?", [product]).first
    }

    func channels() throws -> [Channel] {
        try channels("ORDER BY name", [])
    }

    private func channels(_ condition: String, _ arguments: StatementArguments) throws -> [Channel] {
        guard try hasTable("channel") else { return [] }
        return try Row.fetchAll(
            db, sql: "SELECT \(Self.channelColumns) FROM channel \(condition)", arguments: arguments
        ).map(channel)
    }

    /// The rules: first that of history, then those of models, then those of products.
    func retentionRules() throws -> [RetentionRule] {
        guard try hasTable("retention") else { return [] }
        let sql = "SELECT kind, name, seconds, basis FROM retention ORDER BY kind, name"
        return try Row.fetchAll(db, sql: sql).map { row in
            guard let scope = RetentionRule.Scope(kind: try number(row, 0), name: try text(row, 1)),
                let basis = UInt8(exactly: try number(row, 3)).flatMap(RetentionPeriod.Basis.init(rawValue:))
            else { throw unknownContent("a rule of retention") }
            return RetentionRule(
                scope: scope, period: RetentionPeriod(seconds: try number(row, 2), basis: basis))
        }
    }

    /// The zone in which an import last read local times of a device.
    func zone(of device: String, in product: String) throws -> DeviceZone? {
        guard try hasTable("zone") else { return nil }
        return try String.fetchOne(
            db.cachedStatement(sql: "SELECT zone FROM zone WHERE product = ? AND device = ?"),
            arguments: [product, device]
        ).map { DeviceZone(product: product, device: device, zone: $0) }
    }

    /// Passes the zones of imports to `body`, in the order of their devices.
    func forEachZone(_ body: (DeviceZone) throws -> Void) throws {
        guard try hasTable("zone") else { return }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT product, device, zone FROM zone ORDER BY product, device")
        while let row = try rows.next() {
            try body(DeviceZone(product: text(row, 0), device: text(row, 1), zone: text(row, 2)))
        }
    }

    /// The versions of a product's script, the newest first.
    func scriptVersions(of product: String) throws -> [Int64] {
        guard try hasTable("script") else { return [] }
        return try Int64.fetchAll(
            db, sql: "SELECT version FROM script WHERE product = ? ORDER BY version DESC",
            arguments: [product])
    }

    /// A version of a product's script; the newest if none is named.
    func script(of product: String, version: Int64? = nil) throws -> ScriptVersion? {
        guard let wanted = try version ?? scriptVersions(of: product).first else { return nil }
        return try scripts("WHERE product = ? AND version = ?", [product, wanted]).first
    }

    /// The versions of a product's script with their texts, the newest first.
    func scripts(of product: String) throws -> [ScriptVersion] {
        try scripts("WHERE product = ? ORDER BY version DESC", [product])
    }

    private func scripts(_ condition: String, _ arguments: StatementArguments) throws -> [ScriptVersion] {
        guard try hasTable("script") else { return [] }
        let sql = "SELECT product, version, created, restores, text FROM script \(condition)"
        return try Row.fetchAll(db, sql: sql, arguments: arguments).map(script)
    }

    /// Passes all versions of all scripts to `body`, in the order of their products and numbers.
    func forEachScript(_ body: (ScriptVersion) throws -> Void) throws {
        guard try hasTable("script") else { return }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT product, version, created, restores, text FROM script ORDER BY product, version")
        while let row = try rows.next() { try body(script(row)) }
    }

    /// Whether a table exists.
    ///
    /// A registry of an older version that is opened for reading lacks later tables.
    private func hasTable(_ name: String) throws -> Bool {
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return try Int.fetchOne(db, sql: sql, arguments: [name]) != nil
    }

    func ambiguousDeviceKeys() throws -> [String] {
        try String.fetchAll(db, sql: "SELECT key FROM device GROUP BY key HAVING COUNT(*) > 1 ORDER BY key")
    }

    /// Passes the canonical text of every row to `body`: models, points, products, devices, channels, rules
    /// of retention, zones of imports, scripts.
    func forEachRow(_ body: ([UInt8]) throws -> Void) throws {
        for model in try modelNames() { try body(RowText.model(model.id, name: model.name)) }
        let points = try Row.fetchCursor(
            db, sql: "SELECT id, type, quality, unit, position, model FROM point ORDER BY model, position, id"
        )
        while let row = try points.next() {
            try body(RowText.point(point(row), position: number(row, 4), of: text(row, 5)))
        }
        for product in try products() { try body(RowText.product(product)) }
        try forEachDevice { try body(RowText.device($0)) }
        for channel in try channels() { try body(RowText.channel(channel)) }
        for rule in try retentionRules() { try body(RowText.retention(rule)) }
        try forEachZone { try body(RowText.zone($0)) }
        try forEachScript { try body(RowText.script($0)) }
    }
}

extension RegistryReading {
    private static let productColumns = "key, model, name, secret, format, duplicates"
    private static let deviceColumns = "product, key, secret, asset, name, timezone"

    private static let channelColumns = "name, product, password, enabled, description, created"

    private func channel(_ row: Row) throws -> Channel {
        try Channel(
            name: text(row, 0), product: text(row, 1), password: text(row, 2), isEnabled: flag(row, 3),
            description: optionalText(row, 4), created: Timestamp(nanoseconds: number(row, 5)))
    }

    private func script(_ row: Row) throws -> ScriptVersion {
        try ScriptVersion(
            product: text(row, 0), version: number(row, 1), created: Timestamp(nanoseconds: number(row, 2)),
            restores: optionalNumber(row, 3), text: text(row, 4))
    }

    private func point(_ row: Row) throws -> MeasurementPoint {
        guard let type = UInt8(exactly: try number(row, 1)).flatMap(ValueType.init(rawValue:)) else {
            throw unknownContent("a point's type")
        }
        return try MeasurementPoint(
            id: text(row, 0), type: type, hasQuality: flag(row, 2), unit: optionalText(row, 3))
    }

    private func product(_ row: Row) throws -> Product {
        guard let format = PayloadFormat(rawValue: try text(row, 4)) else {
            throw unknownContent("a product's format")
        }
        guard let policy = UInt8(exactly: try number(row, 5)).flatMap(DuplicatePolicy.init(rawValue:)),
            DuplicatePolicy.choices.contains(policy)
        else {
            throw unknownContent("a product's duplicate policy")
        }
        return try Product(
            key: text(row, 0), model: text(row, 1), name: optionalText(row, 2), secret: text(row, 3),
            format: format, duplicates: policy)
    }

    private func device(_ row: Row) throws -> Device {
        try Device(
            product: text(row, 0), key: text(row, 1), secret: text(row, 2), assetID: optionalText(row, 3),
            name: optionalText(row, 4), timeZone: optionalText(row, 5))
    }

    private func text(_ row: Row, _ index: Int) throws -> String {
        guard let text = try optionalText(row, index) else { throw unknownContent("an empty name") }
        return text
    }

    private func optionalText(_ row: Row, _ index: Int) throws -> String? {
        let value: DatabaseValue = row[index]
        if value.isNull { return nil }
        guard let text = String.fromDatabaseValue(value) else {
            throw unknownContent("a name that is not text")
        }
        return text
    }

    private func number(_ row: Row, _ index: Int) throws -> Int64 {
        guard let number = Int64.fromDatabaseValue(row[index]) else {
            throw unknownContent("a value that is not a number")
        }
        return number
    }

    private func optionalNumber(_ row: Row, _ index: Int) throws -> Int64? {
        let value: DatabaseValue = row[index]
        return value.isNull ? nil : try number(row, index)
    }

    private func flag(_ row: Row, _ index: Int) throws -> Bool {
        switch try number(row, index) {
        case 0: false
        case 1: true
        default: throw unknownContent("a flag that is neither 0 nor 1")
        }
    }

    private func unknownContent(_ what: String) -> RegistryError {
        RegistryError(
            .damaged, "\(path) holds \(what) that Varve never wrote: restore a backup")
    }
}

extension Statement {
    /// Whether the statement has a row.
    func isFound(_ arguments: StatementArguments) throws -> Bool {
        try Int.fetchOne(self, arguments: arguments) != nil
    }
}
