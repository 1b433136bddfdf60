// CSVRows.swift — query results as CSV (RFC 4180, lines end with LF).
//
// Invariants:
// - The importer reads the rows back: a missing value is an empty field, and a text that is empty or reads
//   `null` is quoted, because unquoted it would be a missing value.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Writes CSV.
struct CSVRows: RowWriter {
    private let columns: RowColumns
    private let output: OutputBuffer
    private let times: TimeForm
    private var series: PrintedSeries?
    private var rows: SampleRows?
    private var prefix: [UInt8] = []

    init(_ columns: RowColumns, to output: OutputBuffer, times: TimeForm = .shortest) {
        self.times = times
        self.columns = columns
        self.output = output
    }

    mutating func begin() throws {
        try output.append(columns.names.joined(separator: ",") + "\n")
    }

    mutating func write(_ samples: SampleColumns, count: Int, of series: PrintedSeries) throws {
        select(series)
        try rows?.write(samples, count: count, type: series.type)
    }

    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws {
        select(series)
        var line = prefix
        times.append(Timestamp(nanoseconds: row.start), to: &line)
        for value in row.values {
            line.append(0x2C)
            switch value {
            case .none: break
            case .double(let number): ValueText.append(number, to: &line)
            case .integer(let number): line.append(contentsOf: number.description.utf8)
            case .bool(let flag): line.append(contentsOf: (flag ? "true" : "false").utf8)
            case .text(let text), .json(let text): CSVRows.appendText(Array(text.utf8), to: &line)
            }
        }
        line.append(0x0A)
        try output.append(line)
    }

    mutating func end() throws {
        try output.flush()
    }

    private mutating func select(_ wanted: PrintedSeries) {
        guard wanted != series else { return }
        series = wanted
        prefix = []
        CSVRows.appendNames([wanted.device, wanted.point], to: &prefix)
        let template = SampleRowTemplate(
            beforeTime: prefix, afterTime: [0x2C], afterValue: [0x2C], afterQuality: [0x0A], missing: [],
            noQuality: [], wordQuote: [], times: times,
            appendText: { CSVRows.appendText($0.bytes[$0.range($1)], to: &$2) })
        rows = SampleRows(template, to: output, isFirst: true)
    }

    /// Appends names, quoted only if they must be, with a comma after each.
    static func appendNames(_ names: [String], to bytes: inout [UInt8]) {
        for name in names {
            let name = Array(name.utf8)
            append(name, isQuoted: needsQuotes(name), to: &bytes)
            bytes.append(0x2C)
        }
    }

    /// Appends a text value, quoted also where it would read as a missing one.
    static func appendText(_ text: some Collection<UInt8>, to bytes: inout [UInt8]) {
        let isNull = text.count == 4 && text.elementsEqual("null".utf8) { $0 | 0x20 == $1 }
        append(text, isQuoted: text.isEmpty || isNull || needsQuotes(text), to: &bytes)
    }

    private static func needsQuotes(_ text: some Collection<UInt8>) -> Bool {
        // Spaces at the ends are quoted too: readers differ in whether they keep them.
        let hasMark = text.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
        guard let first = text.first else { return false }
        var last = first
        for byte in text { last = byte }
        return hasMark || first == 0x20 || first == 0x09 || last == 0x20 || last == 0x09
    }

    private static func append(_ text: some Collection<UInt8>, isQuoted: Bool, to bytes: inout [UInt8]) {
        guard isQuoted else { return bytes.append(contentsOf: text) }
        bytes.append(0x22)
        for byte in text {
            if byte == 0x22 { bytes.append(0x22) }
            bytes.append(byte)
        }
        bytes.append(0x22)
    }
}
