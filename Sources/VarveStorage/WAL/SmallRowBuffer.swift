// SmallRowBuffer.swift — a buffer for the rows of one series in a small commit, reused for every series.
//
// Most of a WAL is such rows. With separate arrays for each series, an opening after a crash spent its time in the
// allocator.
//
// Invariants:
// - One reader owns it. The memtable uses it only during a call, under its lock, and keeps no reference.
// - `read` accepts the bytes of `SmallRowEncoder`, and any other encoding of as few numbers. It checks everything.

import VarveCodec
import VarveModel
import VarveSegment

/// Up to 16 rows of numbers of one series, decoded.
final class SmallRowBuffer: @unchecked Sendable {
    /// Times, bits, states and commits, then the number of rows: in one allocation, as each access to a variable of a
    /// class would be checked.
    private let words: UnsafeMutablePointer<UInt64>
    private static let room = FewValues.limit

    init() {
        words = .allocate(capacity: 4 * Self.room + 1)
        words.initialize(repeating: 0, count: 4 * Self.room + 1)
    }

    deinit { words.deallocate() }

    /// The number of rows.
    private(set) var count: Int {
        get { Int(words[4 * Self.room]) }
        set { words[4 * Self.room] = UInt64(newValue) }
    }

    func time(_ index: Int) -> Int64 { Int64(bitPattern: words[index]) }
    func bits(_ index: Int) -> UInt64 { words[Self.room + index] }
    func state(_ index: Int) -> UInt64 { words[2 * Self.room + index] }

    /// Adds time, bits, state and a commit for each row.
    func append(to rows: inout [UInt64], commit: UInt64) {
        for index in 0..<count {
            rows.append(words[index])
            rows.append(bits(index))
            rows.append(state(index))
            rows.append(commit)
        }
    }

    /// Copies the rows.
    func columns(_ type: ValueType) -> SampleColumns {
        var columns = SampleColumns(type: type)
        columns.times = (0..<count).map(time)
        columns.values = .bits((0..<count).map(bits))
        columns.states = (0..<count).map(state)
        return columns
    }

    /// Reads the rows of a series if they are at most 16 numbers in one piece.
    ///
    /// - Returns: False, with nothing read, for other rows.
    /// - Throws: `CodecError` where the bytes do not parse.
    func read(_ reader: inout ByteReader, _ type: ValueType) throws(CodecError) -> Bool {
        guard !type.isText else { return false }
        var rest = reader
        guard try rest.varint() == 1 else { return false }
        let samples = try rest.varint(limit: FormatLimits.blockSamples, "samples")
        guard (1...Self.room).contains(samples) else { return false }
        let timeCount = try rest.varint(limit: FormatLimits.blockBytes, "bytes of times")
        let blockCount = try rest.varint(limit: FormatLimits.blockBytes, "bytes of a block")
        let times = try rest.bytes(count: timeCount)
        var block = ByteReader(try rest.bytes(count: blockCount))
        let valueCount = try block.varint(limit: FormatLimits.blockBytes, "bytes of values")
        let stateCount = try block.varint(limit: FormatLimits.blockBytes, "bytes of states")
        let values = try block.bytes(count: valueCount)
        let states = try block.bytes(count: stateCount)
        let commits = try block.bytes(count: block.remaining)
        try integers(times, samples, 0)
        if type == .double {
            try DoubleColumn.decode(values, count: samples, into: words + Self.room)
        } else {
            try integers(values, samples, 1)
        }
        try integers(states, samples, 2)
        try integers(commits, samples, 3)
        count = samples
        try check()
        reader = rest
        return true
    }

    private func integers(
        _ bytes: UnsafeRawBufferPointer, _ samples: Int, _ column: Int
    ) throws(CodecError) {
        let target = UnsafeMutableRawPointer(words + column * Self.room).assumingMemoryBound(to: Int64.self)
        try IntegerColumn.decode(bytes, count: samples, into: target)
    }

    private func check() throws(CodecError) {
        for index in 0..<count {
            guard SampleState(bits: state(index)) != nil else {
                throw CodecError(offset: 0, reason: "an impossible sample state")
            }
            guard index == 0 || time(index - 1) < time(index) else {
                throw CodecError(offset: 0, reason: "samples out of order")
            }
        }
    }
}
