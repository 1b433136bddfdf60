// BatchReader.swift — builds a batch from frames, made by BatchWriter or by anybody.
//
// Invariants:
// - It never holds more rows, series or bytes than announced, and `ControlLimits` bounds the announcement.
// - A complete batch keeps the rules of `SampleColumns`: columns have one length, states are possible, a
//   missing sample has an empty value, texts are UTF-8, a bool is 0 or 1.

import VarveCodec
import VarveModel
import VarveText

/// Joins the pieces of a batch.
struct BatchReader {
    private let header: BatchHeader
    private var finished: [SeriesRows] = []
    private var rowsLeft: Int
    private var textLeft: Int
    private var nameBytes = 0
    /// The series whose rows are arriving, without its columns.
    private var current: SeriesRows?
    private var expected = 0
    private var times: [Int64] = []
    private var states: [UInt64] = []
    private var bits: [UInt64] = []
    private var text = TextColumn()

    init(_ header: BatchHeader) {
        self.header = header
        rowsLeft = header.rows
        textLeft = header.textBytes
    }

    /// Whether everything that was announced has arrived.
    var isComplete: Bool {
        current == nil && finished.count == header.series && rowsLeft == 0 && textLeft == 0
    }

    /// Returns the complete batch, and leaves the reader empty.
    mutating func finish() -> SampleBatch {
        let series = finished
        finished = []
        return SampleBatch(
            series: series, part: header.part, reapply: header.reapply, policyMark: header.policyMark)
    }

    /// Adds one frame of rows.
    ///
    /// - Throws: `CodecError` if the frame breaks a rule or exceeds the announcement.
    mutating func add(_ reader: inout ByteReader) throws {
        guard !reader.isAtEnd else { throw reader.failure("a frame without rows") }
        while !reader.isAtEnd { try addPiece(&reader) }
    }

    private mutating func addPiece(_ reader: inout ByteReader) throws {
        let flags = try reader.byte()
        guard flags < 4 else { throw reader.failure("unknown flags") }
        if flags & BatchWriter.newSeriesFlag != 0 {
            guard current == nil else { throw reader.failure("a series begins inside another") }
            try begin(&reader)
        }
        guard let series = current else { throw reader.failure("rows of no series") }
        let count = try reader.varint(
            limit: min(expected - times.count, ControlLimits.pieceRows), "the rows of a piece")
        guard count > 0 || expected == 0 else { throw reader.failure("a piece without rows") }
        Self.append(try reader.bytes(count: count * 8), to: &times)
        try addStates(flags, count, &reader)
        if series.type.isText {
            try addTexts(count, &reader)
        } else {
            Self.append(try reader.bytes(count: count * 8), to: &bits)
        }
        try check(series.type, last: count, reader)
        rowsLeft -= count
        if times.count == expected { finish(series) }
    }

    private mutating func begin(_ reader: inout ByteReader) throws {
        guard finished.count < header.series else { throw reader.failure("more series than announced") }
        let start = reader.offset
        let key = try SeriesKey(from: &reader)
        nameBytes += reader.offset - start
        guard nameBytes <= ControlLimits.batchNameBytes else {
            throw reader.failure("names of more than \(ControlLimits.batchNameBytes) bytes")
        }
        guard let type = ValueType(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown type")
        }
        guard let policy = DuplicatePolicy(rawValue: try reader.byte()) else {
            throw reader.failure("an unknown policy")
        }
        expected = try reader.varint(limit: rowsLeft, "the rows of a series")
        current = SeriesRows(key: key, type: type, policy: policy, columns: SampleColumns(type: type))
        times.reserveCapacity(expected)
        states.reserveCapacity(expected)
        if type.isText { text.ends.reserveCapacity(expected) } else { bits.reserveCapacity(expected) }
    }

    private mutating func addStates(_ flags: UInt8, _ count: Int, _ reader: inout ByteReader) throws {
        guard flags & BatchWriter.statesFlag != 0 else {
            states.append(contentsOf: repeatElement(0, count: count))
            return
        }
        Self.append(try reader.bytes(count: count * 8), to: &states)
        for state in states.suffix(count) where state != 0 && SampleState(bits: state) == nil {
            throw reader.failure("an impossible sample state")
        }
    }

    private mutating func addTexts(_ count: Int, _ reader: inout ByteReader) throws {
        var last = 0
        let base = text.bytes.count
        for _ in 0..<count {
            let end = Int(try reader.integer(as: UInt32.self))
            guard end >= last, end - last <= ControlLimits.textBytes else {
                throw reader.failure("texts of impossible lengths")
            }
            text.ends.append(base + end)
            last = end
        }
        guard last <= textLeft else { throw reader.failure("more text than announced") }
        textLeft -= last
        let bytes = try reader.bytes(count: last)
        guard UTF8Text.isValid(bytes.bindMemory(to: UInt8.self)) else {
            throw reader.failure("a text is not valid UTF-8")
        }
        text.bytes.append(contentsOf: bytes)
        // All bytes together are valid, so each text is valid if it does not begin inside a character.
        for end in text.ends.suffix(count) where end < text.bytes.count && text.bytes[end] & 0xC0 == 0x80 {
            throw reader.failure("a text is not valid UTF-8")
        }
    }

    private func check(_ type: ValueType, last count: Int, _ reader: borrowing ByteReader) throws {
        if type == .bool, bits.suffix(count).contains(where: { $0 > 1 }) {
            throw reader.failure("a bool that is neither 0 nor 1")
        }
        for index in states.count - count..<states.count {
            guard states[index] != 0, SampleState(bits: states[index])?.isMissing == true else { continue }
            guard type.isText ? text.range(index).isEmpty : bits[index] == 0 else {
                throw reader.failure("a missing sample with a value")
            }
        }
    }

    private mutating func finish(_ series: SeriesRows) {
        var series = series
        series.columns.times = times
        series.columns.states = states
        series.columns.values = series.type.isText ? .text(text) : .bits(bits)
        finished.append(series)
        current = nil
        (times, states, bits, text) = ([], [], [], TextColumn())
    }

    private static func append<T: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, to column: inout [T]
    ) {
        let count = bytes.count / MemoryLayout<T>.size
        column.append(
            contentsOf: [T](unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                initialized = count
            })
    }
}
