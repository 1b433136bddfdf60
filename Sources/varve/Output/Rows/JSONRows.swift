// JSONRows.swift — query results as JSON objects: one a line (NDJSON), or an array of them.
//
// Invariants:
// - Every row is one line. Numbers that JSON cannot write are the strings "NaN", "inf" and "-inf".
// - `json` values stand in the row as they are; they were made canonical when they were stored.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Writes NDJSON or a JSON array.
struct JSONRows: RowWriter {
    private let columns: RowColumns
    private let output: OutputBuffer
    private let isArray: Bool
    private let times: TimeForm
    /// Around a time; an integer has none.
    private let timeQuote: [UInt8]
    private var isFirst = true
    private var series: PrintedSeries?
    private var rows: SampleRows?
    private var prefix: [UInt8] = []

    init(_ columns: RowColumns, to output: OutputBuffer, isArray: Bool, times: TimeForm = .shortest) {
        self.times = times
        timeQuote = times == .epochNanoseconds ? [] : [0x22]
        self.columns = columns
        self.output = output
        self.isArray = isArray
    }

    mutating func begin() throws {
        if isArray { try output.append("[") }
    }

    mutating func write(_ samples: SampleColumns, count: Int, of series: PrintedSeries) throws {
        guard count > 0, samples.count > 0 else { return }
        select(series)
        try rows?.write(samples, count: count, type: series.type)
        isFirst = false
    }

    mutating func write(_ row: AggregateRow, of series: PrintedSeries) throws {
        select(series)
        guard case .aggregates(let aggregates) = columns else { return }
        var line = isFirst ? (isArray ? [0x0A] : []) : separator
        isFirst = false
        line += prefix
        times.append(Timestamp(nanoseconds: row.start), to: &line)
        line += timeQuote
        for (aggregate, value) in zip(aggregates, row.values) {
            line.append(contentsOf: ",\"\(aggregate.rawValue)\":".utf8)
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

    private var separator: [UInt8] { isArray ? [0x2C, 0x0A] : [] }

    private mutating func select(_ wanted: PrintedSeries) {
        guard wanted != series else { return }
        series = wanted
        prefix = Array("{\"device\":".utf8)
        JSONQuoting.append(wanted.device, to: &prefix)
        prefix.append(contentsOf: ",\"point\":".utf8)
        JSONQuoting.append(wanted.point, to: &prefix)
        prefix.append(contentsOf: ",\"time\":".utf8)
        prefix += timeQuote
        let isRaw = wanted.type == .json
        // In an array the line break stands before a row, so that no comma follows the last one.
        let template = SampleRowTemplate(
            separator: isArray ? [0x2C] : [], beforeTime: (isArray ? [0x0A] : []) + prefix,
            afterTime: timeQuote + Array(",\"value\":".utf8), afterValue: Array(",\"quality\":".utf8),
            afterQuality: isArray ? [0x7D] : [0x7D, 0x0A], missing: Array("null".utf8),
            noQuality: Array("null".utf8), wordQuote: [0x22], times: times,
            appendText: { texts, index, bytes in
                if isRaw {
                    bytes.append(contentsOf: texts.bytes[texts.range(index)])
                } else {
                    JSONQuoting.append(texts[index], to: &bytes)
                }
            })
        rows = SampleRows(template, to: output, isFirst: isFirst)
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
        case .text(let text): JSONQuoting.append(text, to: &bytes)
        case .json(let text): bytes.append(contentsOf: text.utf8)
        }
    }
}
