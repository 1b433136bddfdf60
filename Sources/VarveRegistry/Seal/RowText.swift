// RowText.swift — the canonical text of each row: one JSON object on one line.
//
// The digest of a row covers this text, so the text is part of the persistent format. This includes the names and the
// order of the keys, decimal numbers, and null for absent texts. A column that a later migration added is in the text
// only if it differs from its default, so that a row that was sealed before keeps its text.
//
// Invariants:
// - Two rows have the same text only if all their columns are the same.

import VarveModel
import VarveText

/// Builds the canonical text of rows.
enum RowText {
    static func model(_ model: Model) -> [UInt8] {
        line(
            "model",
            [
                ("id", .text(model.id)), ("name", .text(model.name)),
                ("passthrough", .later(model.isPassThrough)),
            ])
    }

    static func point(_ point: MeasurementPoint, position: Int64, of model: String) -> [UInt8] {
        line(
            "point",
            [
                ("model", .text(model)), ("position", .number(position)), ("id", .text(point.id)),
                ("type", .number(Int64(point.type.rawValue))), ("quality", .number(point.hasQuality ? 1 : 0)),
                ("unit", .text(point.unit)), ("rule", .laterText(point.rule.map(RuleText.text))),
            ])
    }

    static func feature(_ feature: ModelFeature, position: Int64, of model: String) -> [UInt8] {
        line(
            "feature",
            [
                ("model", .text(model)), ("kind", .number(Int64(feature.kind.rawValue))),
                ("position", .number(position)), ("id", .text(feature.id)),
                ("rule", .text(feature.rule.map(RuleText.text))),
            ])
    }

    static func product(_ product: Product) -> [UInt8] {
        line(
            "product",
            [
                ("key", .text(product.key)), ("model", .text(product.model)), ("name", .text(product.name)),
                ("secret", .text(product.secret)), ("format", .text(product.format.name)),
                ("duplicates", .number(Int64(product.duplicates.rawValue))),
                ("numerictexts", .later(product.takesNumericTexts)),
            ] + previous(product.previousSecret))
    }

    static func device(_ device: Device) -> [UInt8] {
        line(
            "device",
            [
                ("product", .text(device.product)), ("key", .text(device.key)),
                ("secret", .text(device.secret)),
                ("asset", .text(device.assetID)), ("name", .text(device.name)),
                ("timezone", .text(device.timeZone)),
                ("activated", .laterNumber(device.activated?.nanoseconds)),
            ])
    }

    static func channel(_ channel: Channel) -> [UInt8] {
        line(
            "channel",
            [
                ("name", .text(channel.name)), ("product", .text(channel.product)),
                ("password", .text(channel.password)), ("enabled", .number(channel.isEnabled ? 1 : 0)),
                ("description", .text(channel.description)),
                ("created", .number(channel.created.nanoseconds)),
                ("resend", .laterNumber(channel.resendWindow == 0 ? nil : channel.resendWindow)),
            ] + previous(channel.previousPassword))
    }

    private static func previous(_ secret: PreviousSecret?) -> [(String, Field)] {
        [
            ("previous", .laterText(secret?.secret)),
            ("previousuntil", .laterNumber(secret?.validUntil.nanoseconds)),
        ]
    }

    static func retention(_ rule: RetentionRule) -> [UInt8] {
        let (kind, name) = rule.scope.columns
        return line(
            "retention",
            [
                ("kind", .number(kind)), ("name", .text(name)), ("seconds", .number(rule.period.seconds)),
                ("basis", .number(Int64(rule.period.basis.rawValue))),
            ])
    }

    static func zone(_ zone: DeviceZone) -> [UInt8] {
        line(
            "zone",
            [("product", .text(zone.product)), ("device", .text(zone.device)), ("zone", .text(zone.zone))])
    }

    static func script(_ script: ScriptVersion) -> [UInt8] {
        line(
            "script",
            [
                ("product", .text(script.product)), ("version", .number(script.version)),
                ("created", .number(script.created.nanoseconds)), ("restores", .optional(script.restores)),
                ("text", .text(script.text)),
            ])
    }

    static func policy(_ version: PolicyVersion) -> [UInt8] {
        line(
            "policy",
            [
                ("product", .text(version.product)), ("version", .number(version.version)),
                ("created", .number(version.created.nanoseconds)),
                ("commit", .number(Int64(bitPattern: version.commit))),
                ("text", .text(version.policy.json.line())),
            ])
    }

    static func policyEnd(_ product: String, _ version: Int64) -> [UInt8] {
        line("policyend", [("product", .text(product)), ("version", .number(version))])
    }

    static func policyMark(_ product: String, _ point: String, _ version: Int64) -> [UInt8] {
        line(
            "policymark",
            [("product", .text(product)), ("point", .text(point)), ("version", .number(version))])
    }

    private enum Field {
        case text(String?)
        case number(Int64)
        case optional(Int64?)
        /// These are left out if they are nil or false.
        case laterText(String?)
        case laterNumber(Int64?)
        case later(Bool)
    }

    private static func line(_ table: String, _ fields: [(String, Field)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192)
        bytes.append(contentsOf: "{\"row\":".utf8)
        JSONString.append(table, to: &bytes)
        for (name, field) in fields {
            switch field {
            case .laterText(nil), .laterNumber(nil), .later(false): continue
            default: break
            }
            bytes.append(UInt8(ascii: ","))
            JSONString.append(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            switch field {
            case .text(nil), .optional(nil), .laterText(nil), .laterNumber(nil):
                bytes.append(contentsOf: "null".utf8)
            case .text(let text?), .laterText(let text?): JSONString.append(text, to: &bytes)
            case .number(let value), .optional(let value?), .laterNumber(let value?):
                ValueText.append(value, to: &bytes)
            case .later(let flag): bytes.append(UInt8(ascii: flag ? "1" : "0"))
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
