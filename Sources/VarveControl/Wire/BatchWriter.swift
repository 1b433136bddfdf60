// BatchWriter.swift — writes the rows of a batch as frames of bounded size.
//
// Invariants:
// - The columns fit together, because `BatchHeader.init` has checked them.
// - A frame holds whole pieces. A piece has at most `pieceRows` rows. It has more than `pieceBytes` of text
//   only if it is one text.

import VarveCodec
import VarveModel

/// Cuts a batch into frames.
struct BatchWriter {
    static let newSeriesFlag: UInt8 = 1
    static let statesFlag: UInt8 = 2

    /// Passes the frames of a batch to `send`, one after another.
    static func write(_ batch: borrowing SampleBatch, _ send: (borrowing Frame) throws -> Void) throws {
        var writer = BatchWriter(batch.series)
        while !writer.isDone {
            try send(
                Frame(kind: ControlRequest.Kind.rows.rawValue, capacity: ControlLimits.pieceBytes * 2) {
                    while !writer.isDone, $0.count < ControlLimits.pieceBytes { writer.writePiece(&$0) }
                })
        }
    }

    private let series: [SeriesRows]
    private var index = 0
    private var row = 0

    private init(_ series: [SeriesRows]) {
        self.series = series
    }

    private var isDone: Bool { index == series.count }

    private mutating func writePiece(_ writer: inout ByteWriter) {
        let one = series[index]
        let columns = one.columns
        let rows = row..<end(columns)
        let hasStates = columns.states[rows].contains { $0 != 0 }
        writer.append((row == 0 ? Self.newSeriesFlag : 0) | (hasStates ? Self.statesFlag : 0))
        if row == 0 {
            one.key.write(to: &writer)
            writer.append(one.type.rawValue)
            writer.append(one.policy.rawValue)
            writer.appendVarint(UInt64(columns.count))
        }
        writer.appendVarint(UInt64(rows.count))
        columns.times[rows].withUnsafeBytes { writer.append(bytes: $0) }
        if hasStates { columns.states[rows].withUnsafeBytes { writer.append(bytes: $0) } }
        switch columns.values {
        case .bits(let bits): bits[rows].withUnsafeBytes { writer.append(bytes: $0) }
        case .text(let text): Self.write(text, rows, to: &writer)
        }
        row = rows.upperBound
        if row == columns.count {
            index += 1
            row = 0
        }
    }

    private static func write(_ text: TextColumn, _ rows: Range<Int>, to writer: inout ByteWriter) {
        let start = rows.lowerBound == 0 ? 0 : text.ends[rows.lowerBound - 1]
        let end = rows.isEmpty ? start : text.ends[rows.upperBound - 1]
        for row in rows { writer.append(UInt32(truncatingIfNeeded: text.ends[row] - start)) }
        text.bytes[start..<end].withUnsafeBytes { writer.append(bytes: $0) }
    }

    /// The end of the piece that begins at `row`.
    private func end(_ columns: SampleColumns) -> Int {
        let limit = min(columns.count, row + ControlLimits.pieceRows)
        guard case .text(let text) = columns.values else { return limit }
        let start = row == 0 ? 0 : text.ends[row - 1]
        var end = row
        while end < limit, end == row || text.ends[end] - start <= ControlLimits.pieceBytes { end += 1 }
        return end
    }
}
