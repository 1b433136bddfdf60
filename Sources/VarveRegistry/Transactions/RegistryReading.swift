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
    /// Whether the tables have the columns of version 6; those of an older version read as their defaults.
    let hasAllColumns: Bool

    init(db: Database, path: String, hasAllColumns: Bool) {
        self.db = db
        self.path = path
        self.hasAllColumns = hasAllColumns
    }

    init(_ db: Database, path: String) throws {
        self.init(db: db, path: path, hasAllColumns: try Self.hasTable("feature", db))
    }

    func modelExists(_ id: String) throws -> Bool {
        try db.cachedStatement(sql: "SELECT 1 FROM model WHERE id = ?").isFound([id])
    }

    func model(_ id: String) throws -> Model? {
        try modelRow(id).map(completed)
    }

    /// A model without its points and features.
    func modelRow(_ id: String) throws -> Model? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(modelColumns) FROM model WHERE id = ?"), arguments: [id]
        ).map(model)
    }

    /// All models, without their points and features.
    func modelRows() throws -> [Model] {
        try Row.fetchAll(db, sql: "SELECT \(modelColumns) FROM model ORDER BY id").map(model)
    }

    /// A model with its points and features.
    func completed(_ model: Model) throws -> Model {
        var model = model
        model.points = try points(of: model.id)
        model.features = try features(of: model.id)
        return model
    }

    /// The events and then the attributes of a model.
    func features(of model: String) throws -> [ModelFeature] {
        guard hasAllColumns else { return [] }
        return try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT \(Self.featureColumns) FROM feature WHERE model = ? ORDER BY kind, position"),
            arguments: [model]
        ).map(feature)
    }

    /// One event or attribute, and its position among those of its kind.
    func feature(
        _ kind: ModelFeature.Kind, _ id: String, of model: String
    ) throws -> (feature: ModelFeature, position: Int64)? {
        guard hasAllColumns else { return nil }
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql:
                    "SELECT \(Self.featureColumns), position FROM feature WHERE model = ? AND kind = ? AND id = ?"
            ), arguments: [model, Int64(kind.rawValue), id])
        return try row.map { (try feature($0), try number($0, 3)) }
    }

    /// The position after the model's last event or attribute.
    func nextPosition(of kind: ModelFeature.Kind, in model: String) throws -> Int64 {
        let last = try Int64.fetchOne(
            db.cachedStatement(
                sql:
                    "SELECT position FROM feature WHERE model = ? AND kind = ? ORDER BY position DESC LIMIT 1"
            ),
            arguments: [model, Int64(kind.rawValue)])
        return last.map { min($0, .max - 1) + 1 } ?? 0
    }

    func points(of model: String) throws -> [MeasurementPoint] {
        try Row.fetchAll(
            db.cachedStatement(
                sql: "SELECT \(pointColumns) FROM point WHERE model = ? ORDER BY position, id"),
            arguments: [model]
        ).map(point)
    }

    /// One point and its position in the model.
    func point(_ id: String, of model: String) throws -> (point: MeasurementPoint, position: Int64)? {
        let row = try Row.fetchOne(
            db.cachedStatement(
                sql: "SELECT \(pointColumns), position FROM point WHERE model = ? AND id = ?"),
            arguments: [model, id])
        return try row.map { (try point($0), try number($0, 5)) }
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
            db.cachedStatement(sql: "SELECT \(productColumns) FROM product WHERE key = ?"),
            arguments: [key]
        ).map(product)
    }

    func products() throws -> [Product] {
        try Row.fetchAll(db, sql: "SELECT \(productColumns) FROM product ORDER BY key").map(product)
    }

    func products(of model: String) throws -> [String] {
        try String.fetchAll(
            db, sql: "SELECT key FROM product WHERE model = ? ORDER BY key", arguments: [model])
    }

    func device(_ key: String, of product: String) throws -> Device? {
        try Row.fetchOne(
            db.cachedStatement(sql: "SELECT \(deviceColumns) FROM device WHERE product = ? AND key = ?"),
            arguments: [product, key]
        ).map(device)
    }

    /// Passes each device to `body` in order, without holding all of them.
    func forEachDevice(of product: String? = nil, _ body: (Device) throws -> Void) throws {
        let condition = product == nil ? "" : "WHERE product = ?"
        let arguments: StatementArguments = if let product { [product] } else { [] }
        let rows = try Row.fetchCursor(
            db, sql: "SELECT \(deviceColumns) FROM device \(condition) ORDER BY product, key",
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
            db, sql: "SELECT \(channelColumns) FROM channel \(condition)", arguments: arguments
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
    func hasTable(_ name: String) throws -> Bool {
        try Self.hasTable(name, db)
    }

    private static func hasTable(_ name: String, _ db: Database) throws -> Bool {
        try db.cachedStatement(sql: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?").isFound([
            name
        ])
    }

    /// Passes each event and attribute with its position and model to `body`.
    private func forEachFeature(
        _ body: (_ feature: ModelFeature, _ position: Int64, _ model: String) throws -> Void
    ) throws {
        guard hasAllColumns else { return }
        let sql = "SELECT \(Self.featureColumns), position, model FROM feature ORDER BY model, kind, position"
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() { try body(feature(row), number(row, 3), text(row, 4)) }
    }

    func ambiguousDeviceKeys() throws -> [String] {
        try String.fetchAll(db, sql: "SELECT key FROM device GROUP BY key HAVING COUNT(*) > 1 ORDER BY key")
    }

    /// Passes the canonical text of every row to `body`: models, points, events and attributes, products, devices,
    /// channels, rules of retention, zones of imports, scripts, policies.
    func forEachRow(_ body: ([UInt8]) throws -> Void) throws {
        for model in try modelRows() { try body(RowText.model(model)) }
        let points = try Row.fetchCursor(
            db, sql: "SELECT \(pointColumns), position, model FROM point ORDER BY model, position, id")
        while let row = try points.next() {
            try body(RowText.point(point(row), position: number(row, 5), of: text(row, 6)))
        }
        try forEachFeature { try body(RowText.feature($0, position: $1, of: $2)) }
        for product in try products() { try body(RowText.product(product)) }
        try forEachDevice { try body(RowText.device($0)) }
        for channel in try channels() { try body(RowText.channel(channel)) }
        for rule in try retentionRules() { try body(RowText.retention(rule)) }
        try forEachZone { try body(RowText.zone($0)) }
        try forEachScript { try body(RowText.script($0)) }
        try forEachPolicyRow(body)
    }
}

extension Statement {
    /// Whether the statement has a row.
    func isFound(_ arguments: StatementArguments) throws -> Bool {
        try Int.fetchOne(self, arguments: arguments) != nil
    }
}
