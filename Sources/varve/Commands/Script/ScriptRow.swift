// ScriptRow.swift — a version of a script as `script history` and `script show --json` print it.

import VarveModel
import VarveRegistry
import VarveText

/// A version of a script.
struct ScriptRow: RegistryRow {
    var script: ScriptVersion

    static var columns: [TextTable.Column] {
        [
            .init(title: "VERSION", isNumber: true), .init(title: "SET"),
            .init(title: "BYTES", isNumber: true),
            .init(title: "AGAIN", isNumber: true),
        ]
    }

    var cells: [String?] {
        [
            "\(script.version)", script.created.description, "\(script.text.utf8.count)",
            script.restores.map { "\($0)" },
        ]
    }

    var fields: [(name: String, value: String?)] {
        [("product", script.product), ("version", "\(script.version)")]
    }

    var json: JSONText { .object(members) }

    /// As JSON with the text of the script.
    var jsonWithText: JSONText { .object(members + [("text", .string(script.text))]) }

    private var members: [(name: String, value: JSONText)] {
        [
            ("product", .string(script.product)), ("version", .integer(script.version)),
            ("created", .string(script.created.description)),
            ("bytes", .integer(Int64(script.text.utf8.count))),
            ("restores", script.restores.map { .integer($0) } ?? .null),
        ]
    }
}
