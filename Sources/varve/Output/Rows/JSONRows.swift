// JSONRows.swift — query results as JSON objects: one a line (NDJSON), or an array of them.
//
// Invariants:
// - Every row is one line.
// - Numbers that JSON cannot write are the strings "NaN", "inf" and "-inf".
// - `json` values are written as they are stored, which is in canonical form.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Writes NDJSON or a JSON array.
struct JSONRows: RowWriter {
    /// The names of the columns: device, what is shown, time, and the values of a row.
    private let names: [String]
    private let output: OutputBuffer
    private let isArray: Bool
    private let times: TimeForm
    /// The quote around a time; empty if times are integers.
    private let timeQuote: [UInt8]
    private var isFirst = true
    private var series: PrintedSeries?
    private var rows: SampleRowWriter?
    /// The members with which each row of aggregates of the current series begins.
    private var beginning: [UInt8] = []

    init(_ columns: RowColumns, to output: OutputBuffer, isArray: Bool, times: TimeForm = .shortest) {
        self.times = times
        timeQuote = times == .epochNanoseconds ? [] : [0x22]
        names = columns.names
        self.output = output
        self.isArray = isArray
    }

    mutating func begin() throws {
        if isArray { try output.append("[") }
    }

    mutating func write(_ samples: SampleColumns, count: Int, of series: PrintedSeries) throws {
        guard count > 0, samples.count > 0 else { return }
        select(series)
        guard var rows else { return }
        try output.append(samples, count: count, by: &rows)
        self.rows = rows
        isFirst = false
    }

    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws {
        select(series)
        // In an array the line break comes before a row, so that no comma follows the last one.
        var line: [UInt8] = isArray ? (isFirst ? [0x0A] : [0x2C, 0x0A]) : []
        isFirst = false
        line += beginning
        times.append(Timestamp(nanoseconds: row.start), to: &line)
        line += timeQuote
        for (name, value) in zip(names.dropFirst(3), row.values) {
            line.append(contentsOf: ",\"\(name)\":".utf8)
            JSONRows.append(value, to: &line)
        }
        line.append(0x7D)
        if !isArray { line.append(0x0A) }
        try output.append(line)
    }

    mutating func end() throws {
        if isArray { try output.append(isFirst ? "]\n" : "\n]\n") }
        try output.flush()
    }

    private mutating func select(_ wanted: PrintedSeries) {
        guard wanted != series else { return }
        series = wanted
        let shape = SampleRowShape(isArray ? .jsonElements : .ndjson, times: times)
        rows = SampleRowWriter(
            device: wanted.device, point: wanted.point, type: wanted.type, shape: shape, isFirst: isFirst)
        beginning = Array("{\"device\":".utf8)
        JSONString.append(wanted.device, to: &beginning)
        beginning.append(contentsOf: ",\"\(names[1])\":".utf8)
        JSONString.append(wanted.point, to: &beginning)
        beginning.append(contentsOf: ",\"time\":".utf8)
        beginning += timeQuote
    }

    private static func append(_ value: AggregateValue, to bytes: inout [UInt8]) {
        switch value {
        case .none: bytes.append(contentsOf: "null".utf8)
        case .double(let number):
            if !number.isFinite { bytes.append(0x22) }
            ValueText.append(number, to: &bytes)
            if !number.isFinite { bytes.append(0x22) }
        case .integer(let number): bytes.append(contentsOf: number.description.utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .text(let text): JSONString.append(text, to: &bytes)
        case .json(let text): bytes.append(contentsOf: text.utf8)
        }
    }
}
