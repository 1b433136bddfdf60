// RowText.swift — the canonical text of each row: one JSON object on one line.
//
// The digest of a row covers this text, so the text is part of the persistent format. This includes the names and the
// order of the keys, decimal numbers, and null for absent texts.
//
// Invariants:
// - Two rows have the same text only if all their columns are the same.

import VarveModel
import VarveText

/// Builds the canonical text of rows.
enum RowText {
    static func model(_ id: String, name: String?) -> [UInt8] {
        line("model", [("id", .text(id)), ("name", .text(name))])
    }

    static func point(_ point: MeasurementPoint, position: Int64, of model: String) -> [UInt8] {
        line(
            "point",
            [
                ("model", .text(model)), ("position", .number(position)), ("id", .text(point.id)),
                ("type", .number(Int64(point.type.rawValue))), ("quality", .number(point.hasQuality ? 1 : 0)),
                ("unit", .text(point.unit)),
            ])
    }

    static func product(_ product: Product) -> [UInt8] {
        line(
            "product",
            [
                ("key", .text(product.key)), ("model", .text(product.model)), ("name", .text(product.name)),
                ("secret", .text(product.secret)), ("format", .text(product.format.name)),
                ("duplicates", .number(Int64(product.duplicates.rawValue))),
            ])
    }

    static func device(_ device: Device) -> [UInt8] {
        line(
            "device",
            [
                ("product", .text(device.product)), ("key", .text(device.key)),
                ("secret", .text(device.secret)),
                ("asset", .text(device.assetID)), ("name", .text(device.name)),
                ("timezone", .text(device.timeZone)),
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
            ])
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

    private enum Field {
        case text(String?)
        case number(Int64)
        case optional(Int64?)
    }

    private static func line(_ table: String, _ fields: [(String, Field)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192)
        bytes.append(contentsOf: "{\"row\":".utf8)
        JSONString.append(table, to: &bytes)
        for (name, field) in fields {
            bytes.append(UInt8(ascii: ","))
            JSONString.append(name, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            switch field {
            case .text(nil), .optional(nil): bytes.append(contentsOf: "null".utf8)
            case .text(let text?): JSONString.append(text, to: &bytes)
            case .number(let value), .optional(let value?): ValueText.append(value, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
