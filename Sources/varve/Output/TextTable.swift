// TextTable.swift — lists as plain text: a header line, then rows, columns aligned with two spaces between.
//
// Invariants:
// - A line has no space at its end, and an absent value prints as `-`, so every row has every column.

/// An aligned plain table.
struct TextTable {
    /// A column: its title, and on which side its values stand.
    struct Column {
        var title: String
        var isNumber = false
    }

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
        rows.append(columns.indices.map { $0 < values.count ? values[$0] ?? "-" : "-" })
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
