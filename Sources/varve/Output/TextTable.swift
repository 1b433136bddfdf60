// TextTable.swift — lists as plain text: a header line, then rows, in aligned columns two spaces apart.
//
// Invariants:
// - A line has no space at its end.
// - An absent value prints as `-`, so every row has every column.
// - A value of more than 64 characters is cut and ends in `…`, except in the last column.
// - Invisible characters are written as escapes, so no value can steer a terminal.

import VarveModel
import VarveText

/// An aligned plain table.
struct TextTable {
    /// A column: its title, and whether its values are aligned on the right, as numbers are.
    struct Column {
        var title: String
        var isNumber = false
    }

    /// The most characters of a value that are shown.
    ///
    /// JSON and CSV have the whole value.
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

    /// Adds a row.
    ///
    /// Values left out at its end are absent.
    mutating func append(_ values: [String?]) {
        rows.append(
            columns.indices.map { index in
                guard index < values.count, let value = values[index] else { return "-" }
                return index == columns.count - 1 ? value.visible : Self.fitting(value)
            })
    }

    /// A value as a table shows it: visible, and cut if it is too long.
    static func fitting(_ value: String) -> String {
        // More is never shown, so the rest of a long value is not looked at.
        let text = String(value.unicodeScalars.prefix(longestValue + 1)).visible
        guard text.count > longestValue else { return text }
        return text.prefix(longestValue - 1) + "…"
    }

    /// The lines, header first, each with its line end.
    func text() -> String {
        var copy = self
        return copy.takeLines()
    }

    /// The lines of the rows added since the last call; the first call begins with the header.
    ///
    /// A column never becomes narrower, so later rows line up with earlier ones unless a value is wider.
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
