// RegistryRow.swift — how `list` and `show` print an entry of the registry, for people and as JSON.

import VarveText

/// A model, product, device or channel as the commands print it.
protocol RegistryRow {
    /// The columns of `list`.
    static var columns: [TextTable.Column] { get }
    /// The values in those columns; an absent one prints as `-`.
    var cells: [String?] { get }
    /// The lines of `show`: a name and its value; an absent one prints as `-`.
    var fields: [(name: String, value: String?)] { get }
    /// The entry as `--json` prints it.
    var json: JSONText { get }
}

extension RegistryRow {
    /// Prints one entry: its fields, or one line of JSON.
    func show(asJSON: Bool) {
        guard !asJSON else { return print(json.line()) }
        let width = (fields.map(\.name.count).max() ?? 0) + 2
        for field in fields {
            let value = field.value.map(printable) ?? "-"
            print(field.name + String(repeating: " ", count: width - field.name.count) + value)
        }
    }

    /// Prints many entries: a table, or JSON.
    static func list(_ rows: [Self], asJSON: Bool) {
        guard !asJSON else { return print(JSONText.lines(rows.lazy.map(\.json))) }
        var table = TextTable(columns)
        for row in rows { table.append(row.cells) }
        print(table.text(), terminator: "")
    }
}
