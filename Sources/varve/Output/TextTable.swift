// TextTable.swift — lists as plain text: a header line, then rows, columns aligned with two spaces between.
//
// Invariants:
// - A line has no space at its end, and an absent value prints as `-`, so every row has every column.
// - No value stretches the table: one that is too long is cut and ends in `…`, but for the last column.
// - What is not seen is written as an escape, so no value can steer a terminal.

import VarveModel
import VarveText

/// An aligned plain table.
struct TextTable {
    /// A column: its title, and on which side its values stand.
    struct Column {
        var title: String
        var isNumber = false
    }

    /// Characters of a value that are shown; the whole is in JSON and CSV.
    static let longestValue = 64

    private let columns: [Column]
    private var rows: [[String]] = []
    private var widths: [Int]
    private var hasHeader = false

    init(_ columns: [Column]) {
        self.columns = columns
        widths = columns.map(\.title.count)
    }

    init(titles: [String]) {
        self.init(titles.map { Column(title: $0) })
    }

    /// Adds a row; missing values at its end are absent.
    mutating func append(_ values: [String?]) {
        rows.append(
            columns.indices.map { index in
                guard index < values.count, let value = values[index] else { return "-" }
                return index == columns.count - 1 ? value.visible : Self.fitting(value)
            })
    }

    /// A value as a table shows it: visible, and cut if it is too long.
    static func fitting(_ value: String) -> String {
        // More of it than that is never shown, however long it is.
        let text = String(value.unicodeScalars.prefix(longestValue + 1)).visible
        guard text.count > longestValue else { return text }
        return text.prefix(longestValue - 1) + "…"
    }

    /// The lines, header first, each with its line end.
    func text() -> String {
        var copy = self
        return copy.takeLines()
    }

    /// The lines of the rows added since the last call, the first time under the header.
    ///
    /// A column never becomes narrower, so rows that come later stand under the earlier ones where they fit.
    mutating func takeLines() -> String {
        for row in rows {
            for (index, value) in row.enumerated() { widths[index] = max(widths[index], value.count) }
        }
        let header = hasHeader ? [] : [columns.map(\.title)]
        let text = (header + rows).map(line).joined()
        hasHeader = true
        rows = []
        return text
    }

    private func line(_ row: [String]) -> String {
        var line = ""
        // Spaces are written only before the next value, so none are left at the end.
        var gap = 0
        for (index, value) in row.enumerated() {
            let padding = widths[index] - value.count
            let before = columns[index].isNumber ? padding : 0
            line += String(repeating: " ", count: gap + before) + value
            gap = padding - before + 2
        }
        return line + "\n"
    }
}
