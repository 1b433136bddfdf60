// RegistryChange+Models.swift — the changes of models, their points and their features.

import GRDB
import VarveModel
import VarveText

extension RegistryChange {
    /// What became of a point or feature that a model should have.
    enum Addition {
        case added
        /// It was there, and got another unit, quality or rule.
        case changed
        case unchanged
    }

    /// Inserts a model with its points and features.
    mutating func insert(_ model: Model) throws {
        try model.check()
        guard try !reading.modelExists(model.id) else {
            throw RegistryError(
                .exists,
                "model \(RegistryNames.shown(model.id)) exists: extend it with varve model add, "
                    + "or take another id")
        }
        try db.cachedStatement(sql: "INSERT INTO model (id, name, passthrough) VALUES (?, ?, ?)")
            .execute(arguments: [model.id, model.name, model.isPassThrough ? 1 : 0])
        seal.add(RowText.model(model))
        var points: Set<Name> = []
        for point in model.points where !points.insert(Name(point.id)).inserted {
            throw Self.namedTwice("point", point.id)
        }
        var features: Set<Name> = []
        for feature in model.features where !features.insert(Name(feature.reserved.name)).inserted {
            throw Self.namedTwice(feature.kind.name, feature.id)
        }
        for point in model.points { try add(point, to: model.id) }
        for feature in model.features { try add(feature, to: model.id) }
    }

    private static func namedTwice(_ what: String, _ id: String) -> RegistryError {
        RegistryError(.invalid, "\(what) \(RegistryNames.shown(id)) is named twice: name each \(what) once")
    }

    /// Adds a point to an existing model, or gives the model's point of that id the unit, the rule and the quality.
    ///
    /// An absent unit or rule, and a point without quality, leave what is there.
    ///
    /// - Throws: `typeFixed` if the model has the point with another type.
    @discardableResult
    mutating func add(_ point: MeasurementPoint, to model: String) throws -> Addition {
        try point.check()
        if let existing = try reading.point(point.id, of: model) {
            guard existing.point.type == point.type else {
                throw Self.typeFixed(existing.point, point, model)
            }
            var wanted = existing.point
            wanted.unit = point.unit ?? wanted.unit
            wanted.rule = point.rule ?? wanted.rule
            wanted.hasQuality = wanted.hasQuality || point.hasQuality
            guard wanted != existing.point else { return .unchanged }
            try replace(existing.point, by: wanted, at: existing.position, in: model)
            return .changed
        }
        let position = try reading.nextPosition(in: model)
        try demandRoom(position, in: model, "points")
        try db.cachedStatement(
            sql:
                "INSERT INTO point (model, id, position, type, quality, unit, rule) VALUES (?, ?, ?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                model, point.id, position, Int64(point.type.rawValue), point.hasQuality ? 1 : 0, point.unit,
                point.rule.map(RuleText.text),
            ])
        seal.add(RowText.point(point, position: position, of: model))
        changedPoints[Name(model), default: []].insert(Name(point.id))
        return .added
    }

    private static func typeFixed(
        _ existing: MeasurementPoint, _ wanted: MeasurementPoint, _ model: String
    ) -> RegistryError {
        let asked = wanted.rule.map { " and not \(Excerpt.of(RuleText.text($0)))" } ?? ""
        return RegistryError(
            .typeFixed,
            "point \(RegistryNames.shown(wanted.id)) of model \(RegistryNames.shown(model)) is "
                + "\(existing.type.name)\(asked): use \(existing.type.name), or change its type with varve model change"
        )
    }

    private func demandRoom(_ position: Int64, in model: String, _ what: String) throws {
        guard position >= RegistryNames.maximumPoints else { return }
        throw RegistryError(
            .full,
            "model \(RegistryNames.shown(model)) has \(position) \(what), the most there may be: "
                + "spread them over several models")
    }

    private mutating func replace(
        _ old: MeasurementPoint, by new: MeasurementPoint, at position: Int64, in model: String
    ) throws {
        seal.remove(RowText.point(old, position: position, of: model))
        try db.cachedStatement(
            sql: "UPDATE point SET type = ?, quality = ?, unit = ?, rule = ? WHERE model = ? AND id = ?"
        ).execute(
            arguments: [
                Int64(new.type.rawValue), new.hasQuality ? 1 : 0, new.unit, new.rule.map(RuleText.text),
                model,
                new.id,
            ])
        seal.add(RowText.point(new, position: position, of: model))
        guard new.type != old.type || new.rule != old.rule else { return }
        changedPoints[Name(model), default: []].insert(Name(new.id))
    }

    /// Adds an event or attribute to an existing model, or gives the one of that id the rule.
    ///
    /// An absent rule leaves the one that is there.
    @discardableResult
    mutating func add(_ feature: ModelFeature, to model: String) throws -> Addition {
        try feature.check()
        if let existing = try reading.feature(feature.kind, feature.id, of: model) {
            guard let rule = feature.rule, rule != existing.feature.rule else { return .unchanged }
            seal.remove(RowText.feature(existing.feature, position: existing.position, of: model))
            try db.cachedStatement(sql: "UPDATE feature SET rule = ? WHERE model = ? AND kind = ? AND id = ?")
                .execute(
                    arguments: [RuleText.text(rule), model, Int64(feature.kind.rawValue), feature.id])
            seal.add(RowText.feature(feature, position: existing.position, of: model))
            return .changed
        }
        let position = try reading.nextPosition(of: feature.kind, in: model)
        try demandRoom(position, in: model, "\(feature.kind.name)s")
        try db.cachedStatement(
            sql: "INSERT INTO feature (model, kind, id, position, rule) VALUES (?, ?, ?, ?, ?)"
        ).execute(
            arguments: [
                model, Int64(feature.kind.rawValue), feature.id, position, feature.rule.map(RuleText.text),
            ])
        seal.add(RowText.feature(feature, position: position, of: model))
        return .added
    }

    /// Changes the type of a point, and the rule with it.
    mutating func setType(
        ofPoint id: String, inModel model: String, to type: ValueType, rule: ValueRule?
    ) throws {
        guard let row = try reading.point(id, of: model) else { throw Registry.noPoint(id, model) }
        var point = row.point
        point.type = type
        point.rule = rule
        guard point != row.point else { return }
        try point.check()
        try replace(row.point, by: point, at: row.position, in: model)
    }

    /// Sets whether a model takes what it does not declare.
    mutating func setPassThrough(_ isPassThrough: Bool, of id: String) throws {
        guard var model = try reading.modelRow(id) else { throw Registry.noModel(id) }
        guard model.isPassThrough != isPassThrough else { return }
        seal.remove(RowText.model(model))
        model.isPassThrough = isPassThrough
        try db.execute(
            sql: "UPDATE model SET passthrough = ? WHERE id = ?", arguments: [isPassThrough ? 1 : 0, id])
        seal.add(RowText.model(model))
    }

    /// Deletes a model, its points and features, and its rule of retention.
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
        for feature in model.features {
            guard let row = try reading.feature(feature.kind, feature.id, of: id) else { continue }
            seal.remove(RowText.feature(row.feature, position: row.position, of: id))
        }
        try setRetention(.model(id), nil)
        try db.execute(sql: "DELETE FROM model WHERE id = ?", arguments: [id])
        seal.remove(RowText.model(model))
        return model
    }
}
