// Registry+Import.swift — creates models, products and devices from a CSV or JSON file.
//
// Invariants:
// - An import is one transaction. The first row that cannot be taken undoes all of it, unless rows are to be rejected.
// - Importing the same file again changes nothing.
// - A row that differs from the existing thing it names is an error, unless devices are to be updated; fields that the
//   row leaves out are neither compared nor changed.
// - A device is taken from one row of a file.

import VarveModel
import VarveText

extension Registry {
    /// The largest file to import, in bytes.
    public static let maximumImportBytes = 64 << 20

    /// Creates the models, products or devices that a file describes.
    ///
    /// Durability: on disk when it returns.
    ///
    /// - Parameters:
    ///   - kind: The kind of the file's rows.
    ///   - bytes: The file: CSV with a header, or a JSON array of objects as `list --json` prints them.
    ///   - source: The file's name. Its extension decides the form, or else the first byte does. Errors begin with the
    ///     name and the line.
    ///   - rules: Whether existing devices are changed and wrong rows of devices are left out; only for devices.
    ///   - isTimeZone: Whether a text is the id of a time zone.
    /// - Throws: `RegistryError`, with nothing created: `malformedInput` for the file, `invalid` for a name or time
    ///   zone, `exists` and `typeFixed` for a row that differs from the existing thing, `notFound` for a model or
    ///   product.
    public func importRows(
        _ kind: ImportKind, from bytes: [UInt8], named source: String, rules: ImportRules = ImportRules(),
        isTimeZone: (String) -> Bool
    ) throws -> ImportOutcome {
        guard bytes.count <= Self.maximumImportBytes else {
            throw RegistryError(
                .malformedInput, "\(source) is larger than \(Self.maximumImportBytes >> 20) MiB: split it")
        }
        if kind == .models, let models = try EnOSModels(of: bytes, named: source) {
            return try importModels(models)
        }
        return try change { change in
            var outcome = ImportOutcome()
            var rejected: [RejectedImportRow] = []
            var rows = ImportRows(kind: kind, source: source)
            if kind == .devices, rules.rejects {
                rows.onReject = { row, error in
                    rejected.append(
                        RejectedImportRow(
                            line: row.line, reason: error.message, fields: kind.columns.map { row[$0] ?? "" })
                    )
                }
            }
            var devices = DeviceImport(updates: rules.updates)
            try rows.forEach(in: bytes) { row in
                switch kind {
                case .models: try change.takeModel(row, &outcome)
                case .products: try change.takeProduct(row, &outcome)
                case .devices: try devices.take(row, &change, &outcome, isTimeZone)
                }
            }
            outcome.rejected = rejected
            return outcome
        }
    }

    /// Creates the models of EnOS that a file describes, and extends those that exist.
    private func importModels(_ models: EnOSModels) throws -> ImportOutcome {
        try change { change in
            var outcome = ImportOutcome()
            outcome.notes = models.notes
            for (model, place) in models.models {
                do {
                    try change.takeModel(model, &outcome)
                } catch let error as RegistryError {
                    throw error.at(place)
                }
            }
            return outcome
        }
    }

    /// The error (`invalid`) for a text that is not the id of a time zone.
    public static func noTimeZone(_ zone: String) -> RegistryError {
        RegistryError(
            .invalid,
            "there is no time zone \(RegistryNames.shown(zone)): use an IANA id such as Europe/Paris or UTC")
    }
}

extension RegistryChange {
    fileprivate mutating func takeModel(_ model: Model, _ outcome: inout ImportOutcome) throws {
        guard try reading.modelExists(model.id) else {
            try insert(model)
            outcome.created += 1
            outcome.points += model.points.count + model.features.count
            return
        }
        var additions: [Addition] = []
        for point in model.points { additions.append(try add(point, to: model.id)) }
        for feature in model.features { additions.append(try add(feature, to: model.id)) }
        for addition in additions {
            switch addition {
            case .added: outcome.points += 1
            case .changed: outcome.changed += 1
            case .unchanged: outcome.unchanged += 1
            }
        }
    }

    fileprivate mutating func takeModel(_ row: ImportRow, _ outcome: inout ImportOutcome) throws {
        let id = try row.require("model")
        let isNew: Bool
        let isPassThrough = try row.flag("passThrough")
        if let existing = try reading.modelRow(id) {
            let what = "model \(RegistryNames.shown(id))"
            if let name = row["name"] { try demandEqual(name, existing.name, "name", of: what) }
            if let isPassThrough {
                try demandEqual("\(isPassThrough)", "\(existing.isPassThrough)", "passThrough", of: what)
            }
            isNew = false
        } else {
            try insert(Model(id: id, name: row["name"], isPassThrough: isPassThrough ?? false))
            outcome.created += 1
            isNew = true
        }
        guard let part = row["point"] else {
            for name in ["type", "quality", "unit", "rule", "kind"] where row[name] != nil {
                throw RegistryError(.malformedInput, "\(name) is given without a point: name the point")
            }
            if !isNew { outcome.unchanged += 1 }
            return
        }
        let isAdded =
            try row.featureKind().map { try takeFeature($0, part, row, of: id) }
            ?? takePoint(part, row, of: id)
        if isAdded { outcome.points += 1 } else { outcome.unchanged += 1 }
    }

    /// Whether the point is new.
    private mutating func takePoint(_ id: String, _ row: ImportRow, of model: String) throws -> Bool {
        let rule = try row.rule(allowsNesting: false)
        let point = try MeasurementPoint(
            id: id, type: type(row.require("type")), hasQuality: row.flag("quality") ?? false,
            unit: row["unit"], rule: rule)
        if let existing = try reading.point(id, of: model)?.point, existing.type == point.type {
            let what = "point \(RegistryNames.shown(id)) of model \(RegistryNames.shown(model))"
            if let unit = row["unit"] { try demandEqual(unit, existing.unit, "unit", of: what) }
            if let flag = try row.flag("quality") {
                try demandEqual("\(flag)", "\(existing.hasQuality)", "quality", of: what)
            }
            try demandEqual(rule, existing.rule, of: what)
            return false
        }
        return try add(point, to: model) == .added
    }

    /// Whether the event or attribute is new.
    private mutating func takeFeature(
        _ kind: ModelFeature.Kind, _ id: String, _ row: ImportRow, of model: String
    ) throws -> Bool {
        for name in ["type", "quality", "unit"] where row[name] != nil {
            throw RegistryError(.malformedInput, "\(name) is given for an \(kind.name): leave it out")
        }
        let feature = ModelFeature(kind, id, rule: try row.rule(allowsNesting: kind == .event))
        if let existing = try reading.feature(kind, id, of: model)?.feature {
            try demandEqual(
                feature.rule, existing.rule,
                of: "\(kind.name) \(RegistryNames.shown(id)) of model \(RegistryNames.shown(model))")
            return false
        }
        return try add(feature, to: model) == .added
    }

    private func demandEqual(_ asked: ValueRule?, _ existing: ValueRule?, of what: String) throws {
        guard let asked else { return }
        try demandEqual(RuleText.text(asked), existing.map(RuleText.text), "rule", of: what)
    }

    fileprivate mutating func takeProduct(_ row: ImportRow, _ outcome: inout ImportOutcome) throws {
        let key = try row.require("product")
        let model = try row.require("model")
        let format = try row["format"].map(format)
        let policy = try row["duplicates"].map(policy)
        let takesNumericTexts = try row.flag("numericTexts")
        let previous = try row.previousSecret()
        guard let existing = try reading.product(key) else {
            try insert(
                Product(
                    key: key, model: model, name: row["name"], secret: row["secret"], format: format ?? .json,
                    duplicates: policy ?? .last, takesNumericTexts: takesNumericTexts ?? false,
                    previousSecret: previous))
            outcome.created += 1
            return
        }
        let what = "product \(RegistryNames.shown(key))"
        try demandEqual(model, existing.model, "model", of: what)
        if let name = row["name"] { try demandEqual(name, existing.name, "name", of: what) }
        if let secret = row["secret"] { try demandEqual(secret, existing.secret, "secret", of: what) }
        if let format { try demandEqual(format.name, existing.format.name, "format", of: what) }
        if let policy { try demandEqual(policy.name, existing.duplicates.name, "duplicate policy", of: what) }
        if let takesNumericTexts {
            try demandEqual("\(takesNumericTexts)", "\(existing.takesNumericTexts)", "numericTexts", of: what)
        }
        if let previous {
            try demandEqual(previous.secret, existing.previousSecret?.secret, "previousSecret", of: what)
        }
        outcome.unchanged += 1
    }

    func demandEqual(_ asked: String, _ existing: String?, _ field: String, of what: String) throws {
        guard asked == existing else {
            throw RegistryError(
                .exists, "\(what) exists with another \(field): leave the row out, or delete it first")
        }
    }

    private func type(_ name: String) throws -> ValueType {
        guard let type = ValueType(name: name) else {
            throw unknown(name, "type", ValueType.allCases.map(\.name))
        }
        return type
    }

    private func format(_ name: String) throws -> PayloadFormat {
        guard let format = PayloadFormat(rawValue: name) else {
            throw unknown(name, "format", PayloadFormat.allCases.map(\.name))
        }
        return format
    }

    private func policy(_ name: String) throws -> DuplicatePolicy {
        guard let policy = DuplicatePolicy(name: name) else {
            throw unknown(name, "duplicate policy", DuplicatePolicy.choices.map(\.name))
        }
        return policy
    }

    private func unknown(_ name: String, _ what: String, _ known: [String]) -> RegistryError {
        RegistryError(
            .malformedInput,
            "unknown \(what) \(RegistryNames.shown(name)): use one of \(known.joined(separator: ", "))")
    }
}
