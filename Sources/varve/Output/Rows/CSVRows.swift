// CSVRows.swift — query results as CSV (RFC 4180, lines end with LF), in the dialect of `CSVText`.

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
    private var rows: SampleRowWriter?
    /// The names with which each row of aggregates of the current series begins.
    private var beginning: [UInt8] = []

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
        guard var rows else { return }
        try output.append(samples, count: count, by: &rows)
        self.rows = rows
    }

    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws {
        select(series)
        var line = beginning
        times.append(Timestamp(nanoseconds: row.start), to: &line)
        for value in row.values {
            line.append(0x2C)
            switch value {
            case .none: break
            case .double(let number): ValueText.append(number, to: &line)
            case .integer(let number): line.append(contentsOf: number.description.utf8)
            case .bool(let flag): line.append(contentsOf: (flag ? "true" : "false").utf8)
            case .text(let text), .json(let text): CSVText.append(text, to: &line)
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
        beginning = []
        Self.appendNames([wanted.device, wanted.point], to: &beginning)
        rows = SampleRowWriter(
            device: wanted.device, point: wanted.point, type: wanted.type,
            shape: SampleRowShape(.csv, times: times))
    }

    /// Appends names, quoted where CSV needs it, with a comma after each.
    static func appendNames(_ names: [String], to bytes: inout [UInt8]) {
        for name in names {
            CSVText.append(name, to: &bytes)
            bytes.append(0x2C)
        }
    }
}
