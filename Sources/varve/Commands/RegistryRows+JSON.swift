// RegistryRows+JSON.swift — models, products and devices as `--json` prints and `import` reads them.
//
// Invariants:
// - The members are those that `import` knows, so `list --json` into `import` restores everything.

import VarveModel
import VarveRegistry

extension Model {
    var json: JSONText {
        let points = points.map { point in
            JSONText.object([
                ("point", .string(point.id)), ("type", .string(point.type.name)),
                ("quality", .bool(point.hasQuality)), ("unit", .optional(point.unit)),
            ])
        }
        return .object([("model", .string(id)), ("name", .optional(name)), ("points", .array(points))])
    }
}

extension Product {
    var json: JSONText {
        .object([
            ("product", .string(key)), ("model", .string(model)), ("name", .optional(name)),
            ("secret", .string(secret)), ("format", .string(format.name)),
            ("duplicates", .string(duplicates.name)),
        ])
    }
}

extension Device {
    var json: JSONText {
        .object([
            ("device", .string(key)), ("product", .string(product)), ("name", .optional(name)),
            ("secret", .string(secret)), ("asset", .optional(assetID)), ("timezone", .optional(timeZone)),
        ])
    }
}
