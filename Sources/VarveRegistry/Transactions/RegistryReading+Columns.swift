// RegistryReading+Columns.swift — the columns of each table, and a row of them as a value.
//
// Invariants:
// - A column with content that Varve never writes throws `damaged`. It never becomes a default.

import GRDB
import VarveModel
import VarveText

extension RegistryReading {
    var modelColumns: String { "id, name, " + later("passthrough", or: "0") }
    var pointColumns: String { "id, type, quality, unit, " + later("rule", or: "NULL") }
    static let featureColumns = "kind, id, rule"

    var productColumns: String {
        "key, model, name, secret, format, duplicates, "
            + later("numerictexts, previous, previousuntil", or: "0, NULL, NULL")
    }

    var deviceColumns: String {
        "product, key, secret, asset, name, timezone, " + later("activated", or: "NULL")
    }

    var channelColumns: String {
        "name, product, password, enabled, description, created, "
            + later("resend, previous, previousuntil", or: "0, NULL, NULL")
    }

    /// Columns of version 6, or what they are in a registry of an older version.
    private func later(_ columns: String, or defaults: String) -> String {
        hasAllColumns ? columns : defaults
    }

    func model(_ row: Row) throws -> Model {
        try Model(id: text(row, 0), name: optionalText(row, 1), isPassThrough: flag(row, 2))
    }

    func channel(_ row: Row) throws -> Channel {
        try Channel(
            name: text(row, 0), product: text(row, 1), password: text(row, 2), isEnabled: flag(row, 3),
            description: optionalText(row, 4), created: Timestamp(nanoseconds: number(row, 5)),
            resendWindow: number(row, 6), previousPassword: previousSecret(row, 7))
    }

    func script(_ row: Row) throws -> ScriptVersion {
        try ScriptVersion(
            product: text(row, 0), version: number(row, 1), created: Timestamp(nanoseconds: number(row, 2)),
            restores: optionalNumber(row, 3), text: text(row, 4))
    }

    func point(_ row: Row) throws -> MeasurementPoint {
        guard let type = UInt8(exactly: try number(row, 1)).flatMap(ValueType.init(rawValue:)) else {
            throw unknownContent("a point's type")
        }
        return try MeasurementPoint(
            id: text(row, 0), type: type, hasQuality: flag(row, 2), unit: optionalText(row, 3),
            rule: rule(row, 4, of: type))
    }

    func feature(_ row: Row) throws -> ModelFeature {
        guard let kind = UInt8(exactly: try number(row, 0)).flatMap(ModelFeature.Kind.init(rawValue:)) else {
            throw unknownContent("an unknown kind of feature")
        }
        return try ModelFeature(kind, text(row, 1), rule: rule(row, 2, of: nil))
    }

    /// The rule in a column, which must be for values of a type.
    private func rule(_ row: Row, _ index: Int, of type: ValueType?) throws -> ValueRule? {
        guard let text = try optionalText(row, index) else { return nil }
        // A text that Varve did not write could be read as the same rule.
        guard let rule = try? RuleText.rule(text, allowsNesting: type == nil), RuleText.text(rule) == text,
            type == nil || rule.storedType == type
        else { throw unknownContent("a rule") }
        return rule
    }

    private func previousSecret(_ row: Row, _ index: Int) throws -> PreviousSecret? {
        guard let secret = try optionalText(row, index) else { return nil }
        return PreviousSecret(secret: secret, validUntil: Timestamp(nanoseconds: try number(row, index + 1)))
    }

    func product(_ row: Row) throws -> Product {
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
            format: format, duplicates: policy, takesNumericTexts: flag(row, 6),
            previousSecret: previousSecret(row, 7))
    }

    func device(_ row: Row) throws -> Device {
        try Device(
            product: text(row, 0), key: text(row, 1), secret: text(row, 2), assetID: optionalText(row, 3),
            name: optionalText(row, 4), timeZone: optionalText(row, 5),
            activated: optionalNumber(row, 6).map(Timestamp.init(nanoseconds:)))
    }

    func text(_ row: Row, _ index: Int) throws -> String {
        guard let text = try optionalText(row, index) else { throw unknownContent("an empty name") }
        return text
    }

    func optionalText(_ row: Row, _ index: Int) throws -> String? {
        let value: DatabaseValue = row[index]
        if value.isNull { return nil }
        guard let text = String.fromDatabaseValue(value) else {
            throw unknownContent("a name that is not text")
        }
        return text
    }

    func number(_ row: Row, _ index: Int) throws -> Int64 {
        guard let number = Int64.fromDatabaseValue(row[index]) else {
            throw unknownContent("a value that is not a number")
        }
        return number
    }

    func optionalNumber(_ row: Row, _ index: Int) throws -> Int64? {
        let value: DatabaseValue = row[index]
        return value.isNull ? nil : try number(row, index)
    }

    func flag(_ row: Row, _ index: Int) throws -> Bool {
        switch try number(row, index) {
        case 0: false
        case 1: true
        default: throw unknownContent("a flag that is neither 0 nor 1")
        }
    }

    func unknownContent(_ what: String) -> RegistryError {
        RegistryError(
            .damaged, "\(path) holds \(what) that Varve never wrote: restore a backup")
    }
}
