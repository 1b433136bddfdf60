// Registry+Pages.swift — lists of the registry in pages, each of which begins after a row.
//
// Invariants:
// - The cost of a page does not depend on the length of the list: its first row is found by the key of the table.
// - No row is in two pages, whatever comes and goes between them.

import GRDB
import VarveModel

extension Registry {
    /// The models after an id, by id, without their points and features.
    public func models(after id: String, limit: Int) throws -> [Model] {
        try read { reading in
            try reading.page(reading.modelColumns, "model WHERE id > ? ORDER BY id", [id], limit).map(
                reading.model)
        }
    }

    /// The points after a position of a model, by model and position.
    ///
    /// - Returns: The points with the ids of their models and their positions.
    public func points(
        after model: String, _ position: Int64, limit: Int
    ) throws -> [(model: String, position: Int64, point: MeasurementPoint)] {
        try read { reading in
            try reading.page(
                reading.pointColumns + ", model, position",
                "point WHERE (model, position) > (?, ?) ORDER BY model, position", [model, position], limit
            ).map { (try reading.text($0, 5), try reading.number($0, 6), try reading.point($0)) }
        }
    }

    /// The events and attributes after a position among those of a kind of a model, by model, kind and position.
    ///
    /// - Parameter kind: The raw value of the kind; 0 for all kinds.
    /// - Returns: The features with the ids of their models and their positions.
    public func features(
        after model: String, _ kind: Int64, _ position: Int64, limit: Int
    ) throws -> [(model: String, position: Int64, feature: ModelFeature)] {
        try read { reading in
            guard reading.hasAllColumns else { return [] }
            return try reading.page(
                RegistryReading.featureColumns + ", model, position",
                "feature WHERE (model, kind, position) > (?, ?, ?) ORDER BY model, kind, position",
                [model, kind, position], limit
            ).map { (try reading.text($0, 3), try reading.number($0, 4), try reading.feature($0)) }
        }
    }

    /// The products after a key, by key.
    public func products(after key: String, limit: Int) throws -> [Product] {
        try read { reading in
            try reading.page(reading.productColumns, "product WHERE key > ? ORDER BY key", [key], limit)
                .map(reading.product)
        }
    }

    /// The devices after one, by product and key.
    public func devices(after product: String, _ key: String, limit: Int) throws -> [Device] {
        try read { reading in
            try reading.page(
                reading.deviceColumns,
                "device WHERE (product, key) > (?, ?) ORDER BY product, key", [product, key], limit
            ).map(reading.device)
        }
    }
}

extension RegistryReading {
    fileprivate func page(
        _ columns: String, _ rows: String, _ arguments: StatementArguments, _ limit: Int
    ) throws -> [Row] {
        try Row.fetchAll(
            db.cachedStatement(sql: "SELECT \(columns) FROM \(rows) LIMIT ?"), arguments: arguments + [limit])
    }
}
