// TableRows.swift — query results as a table for people.
//
// Invariants:
// - The first rows are held back, and the widths of the columns are chosen from them.
// - Later rows are written at once. A field wider than its column pushes the rest of its row to the right.
// - A name of a device or point that is too long for a table is cut.
// - Control characters in texts are shown as escapes, so no stored text can steer the terminal.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Writes an aligned table.
struct TableRows: RowWriter {
    private struct Cell {
        var text: String
        var isNumber = false
    }

    private static let rowsForWidths = 200

    private let header: [String]
    private let output: OutputBuffer
    private let clock: LocalTimeText
    private var held: [[Cell]] = []
    private var widths: [Int] = []
    private var count = 0

    init(_ columns: RowColumns, to output: OutputBuffer, zone: (any ZoneRules)?) {
        header = columns.names
        self.output = output
        clock = LocalTimeText(zone: zone)
    }

    mutating func begin() throws {}

    mutating func write(_ samples: SampleColumns, count: Int, of series: PrintedSeries) throws {
        for index in 0..<min(count, samples.count) {
            let sample = samples.sample(index, type: series.type)
            let quality = sample.quality.map { Cell(text: String($0), isNumber: true) }
            try add(
                names(series)
                    + [
                        Cell(text: clock.full(sample.time.nanoseconds)), cell(sample.value),
                        quality ?? Cell(text: ""),
                    ])
        }
    }

    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws {
        try add(names(series) + [Cell(text: clock.full(row.start))] + row.values.map(cell))
    }

    mutating func end() throws {
        if widths.isEmpty { try release() }
        try output.append(count == 1 ? "1 row\n" : "\(count) rows\n")
        try output.flush()
    }

    private func names(_ series: PrintedSeries) -> [Cell] {
        [series.device, series.point].map { Cell(text: TextTable.fitting($0)) }
    }

    private func cell(_ value: Value?) -> Cell {
        switch value {
        case nil: Cell(text: "")
        case .double(let number): Cell(text: ValueText.string(number), isNumber: true)
        case .int64(let number): Cell(text: String(number), isNumber: true)
        case .bool(let flag): Cell(text: flag ? "true" : "false")
        case .string(let text), .json(let text): Cell(text: printable(text))
        }
    }

    private func cell(_ value: AggregateValue) -> Cell {
        switch value {
        case .none: Cell(text: "")
        case .double(let number): Cell(text: ValueText.string(number), isNumber: true)
        case .integer(let number): Cell(text: number.description, isNumber: true)
        case .bool(let flag): Cell(text: flag ? "true" : "false")
        case .text(let text), .json(let text): Cell(text: printable(text))
        }
    }

    private mutating func add(_ row: [Cell]) throws {
        count += 1
        guard widths.isEmpty else { return try write(row) }
        held.append(row)
        if held.count >= TableRows.rowsForWidths { try release() }
    }

    /// Chooses the widths and writes the header and the rows held back.
    private mutating func release() throws {
        widths = header.indices.map { column in
            held.reduce(header[column].count) { max($0, $1[column].text.unicodeScalars.count) }
        }
        // A header is aligned like the column's first value.
        try write(
            header.indices.map { column in
                let first = held.first { !$0[column].text.isEmpty }
                return Cell(text: header[column], isNumber: first?[column].isNumber ?? false)
            })
        for row in held { try write(row) }
        held = []
    }

    private func write(_ row: [Cell]) throws {
        var line = ""
        for (column, cell) in row.enumerated() {
            let padding = String(
                repeating: " ", count: max(0, widths[column] - cell.text.unicodeScalars.count))
            if column > 0 { line += "  " }
            line += cell.isNumber ? padding + cell.text : cell.text + padding
        }
        while line.last == " " { line.removeLast() }
        try output.append(line + "\n")
    }
}

/// The text with control characters and other invisible ones written as escapes.
func printable(_ text: String) -> String { text.visible }
