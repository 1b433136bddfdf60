// RegistryRows.swift — models, products and devices as `list` and `show` print and `import` reads them.
//
// Invariants:
// - The members of the JSON are those that `import` reads, so `import` of the output of `list --json` restores all.

import VarveModel
import VarveRegistry
import VarveText

extension Model: RegistryRow {
    static var columns: [TextTable.Column] {
        [.init(title: "MODEL"), .init(title: "POINTS", isNumber: true), .init(title: "NAME")]
    }

    var cells: [String?] { [id, "\(points.count)", name] }

    var fields: [(name: String, value: String?)] {
        [("model", id), ("name", name), ("pass-through", isPassThrough ? "yes" : "no")]
    }

    var json: JSONText {
        let points = points.map { point in
            JSONText.object([
                ("point", .string(point.id)), ("type", .string(point.type.name)),
                ("quality", .bool(point.hasQuality)), ("unit", .optional(point.unit)),
                ("rule", .optional(point.rule.map(RuleText.text))),
            ])
        }
        return .object([
            ("model", .string(id)), ("name", .optional(name)), ("passThrough", .bool(isPassThrough)),
            ("points", .array(points)), ("events", parts(.event)), ("attributes", parts(.attribute)),
        ])
    }

    private func parts(_ kind: ModelFeature.Kind) -> JSONText {
        .array(
            features.filter { $0.kind == kind }.map { feature in
                .object([
                    (kind.name, .string(feature.id)), ("rule", .optional(feature.rule.map(RuleText.text))),
                ])
            })
    }
}

extension Product: RegistryRow {
    static var columns: [TextTable.Column] {
        ["PRODUCT", "MODEL", "FORMAT", "DUPLICATES", "NAME"].map { TextTable.Column(title: $0) }
    }

    var cells: [String?] { [key, model, format.name, duplicates.name, name] }

    var fields: [(name: String, value: String?)] {
        [
            ("product", key), ("model", model), ("name", name), ("secret", secret.isEmpty ? nil : secret),
            ("format", format.name),
            ("duplicates", duplicates.name), ("numeric texts", takesNumericTexts ? "on" : "off"),
        ]
            + (previousSecret.map {
                [("secret before", $0.secret), ("  valid until", $0.validUntil.description)]
            }
                ?? [])
    }

    var json: JSONText {
        .object([
            ("product", .string(key)), ("model", .string(model)), ("name", .optional(name)),
            ("secret", .optional(secret.isEmpty ? nil : secret)), ("format", .string(format.name)),
            ("duplicates", .string(duplicates.name)), ("numericTexts", .bool(takesNumericTexts)),
            ("previousSecret", .optional(previousSecret?.secret)),
            ("previousUntil", .optional(previousSecret?.validUntil.description)),
        ])
    }
}

extension Device {
    /// All devices as CSV, with the columns that `device import` reads.
    static func csv(_ devices: [Device]) -> String {
        var bytes = Array((ImportKind.devices.columnNames.joined(separator: ",") + "\n").utf8)
        for device in devices {
            let fields = [
                device.key, device.product, device.secret, device.assetID, device.name, device.timeZone,
                device.activated?.description,
            ]
            for (index, field) in fields.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                if let field, !field.isEmpty { CSVText.append(field, to: &bytes) }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Device: RegistryRow {
    static var columns: [TextTable.Column] {
        ["DEVICE", "PRODUCT", "ASSET", "TIMEZONE", "NAME"].map { TextTable.Column(title: $0) }
    }

    var cells: [String?] { [key, product, assetID, timeZone, name] }

    var fields: [(name: String, value: String?)] {
        [
            ("device", key), ("product", product), ("name", name), ("secret", secret.isEmpty ? nil : secret),
            ("asset", assetID),
            ("timezone", timeZone), ("activated", activated?.description),
        ]
    }

    var json: JSONText {
        .object([
            ("device", .string(key)), ("product", .string(product)), ("name", .optional(name)),
            ("secret", .optional(secret.isEmpty ? nil : secret)), ("asset", .optional(assetID)),
            ("timezone", .optional(timeZone)), ("activated", .optional(activated?.description)),
        ])
    }
}
