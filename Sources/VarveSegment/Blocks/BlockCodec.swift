// BlockCodec.swift — samples of a run ⇄ the body of a block and its time column.
//
// The body: the varint lengths of values and states, then values, states and commits, each a column as
// ColumnFormat.md describes. The times are a separate column.
//
// Invariants:
// - `decode` checks lengths against the bytes, states against `SampleState`, and the order of times and commits.

package import VarveCodec
package import VarveModel

package enum BlockCodec {
    package static func encodeTimes(_ run: SampleRun, _ range: Range<Int>, effort: Effort) -> [UInt8] {
        var writer = ByteWriter(capacity: 64)
        run.times.withUnsafeBufferPointer {
            IntegerColumn.encode(.init(rebasing: $0[range]), into: &writer, effort: effort)
        }
        return writer.bytes
    }

    package static func encodeBlock(
        _ run: SampleRun, _ range: Range<Int>, type: ValueType, effort: Effort
    ) -> [UInt8] {
        var hint = ColumnHint()
        return encodeBlock(run, range, type: type, effort: effort, hint: &hint)
    }

    /// Encodes values, states and commits of samples `range`.
    ///
    /// - Parameter hint: What the previous block of the same series showed; updated for the next one.
    static func encodeBlock(
        _ run: SampleRun, _ range: Range<Int>, type: ValueType, effort: Effort, hint: inout ColumnHint
    ) -> [UInt8] {
        var values = ByteWriter(capacity: range.count * 2 + 64)
        switch run.values {
        case .bits(let bits):
            bits.withUnsafeBufferPointer { bits in
                let slice = UnsafeBufferPointer(rebasing: bits[range])
                if type == .double {
                    DoubleColumn.encode(slice, into: &values, effort: effort, hint: &hint)
                } else {
                    slice.withMemoryRebound(to: Int64.self) {
                        IntegerColumn.encode($0, into: &values, effort: effort)
                    }
                }
            }
        case .text(let text): encodeText(text, range, into: &values, effort: effort)
        }
        var states = ByteWriter(capacity: 32)
        encode(run.states, range, into: &states, effort: effort)
        var block = ByteWriter(capacity: values.count + states.count + 32)
        block.appendVarint(UInt64(values.count))
        block.appendVarint(UInt64(states.count))
        values.bytes.withUnsafeBytes { block.append(bytes: $0) }
        states.bytes.withUnsafeBytes { block.append(bytes: $0) }
        encode(run.commits, range, into: &block, effort: effort)
        return block.bytes
    }

    /// Decodes some columns of a block; the other columns of the run are empty.
    ///
    /// - Parameters:
    ///   - block: The bytes of values, states and commits.
    ///   - times: The bytes of the time column; may be empty where `columns` leaves out the times.
    ///   - count: The number of samples of the block.
    ///   - rows: The samples that are wanted; nil for all. Only the vectors with these samples are decoded.
    /// - Throws: `CodecError` where the bytes are not such a block.
    package static func decode(
        block: UnsafeRawBufferPointer, times: UnsafeRawBufferPointer, count: Int, rows: Range<Int>? = nil,
        type: ValueType, columns: BlockColumns = .all
    ) throws(CodecError) -> SampleRun {
        let run = try decodeColumns(
            block: block, times: times, count: count, rows: rows, type: type, columns: columns)
        try check(run)
        return run
    }

    /// Decodes a block that may have the samples of several series.
    ///
    /// The samples of one series must pass `check` before they are used.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    static func decodeColumns(
        block: UnsafeRawBufferPointer, times: UnsafeRawBufferPointer, count: Int, rows: Range<Int>? = nil,
        type: ValueType, columns: BlockColumns = .all
    ) throws(CodecError) -> SampleRun {
        let rows = rows ?? 0..<count
        guard count > 0, count <= FormatLimits.blockSamples, rows.lowerBound >= 0, rows.upperBound <= count
        else {
            throw CodecError(offset: 0, reason: "a block of \(count) samples")
        }
        var reader = ByteReader(block)
        let valueCount = try reader.varint(limit: FormatLimits.blockBytes, "bytes of values")
        let stateCount = try reader.varint(limit: FormatLimits.blockBytes, "bytes of states")
        let valueBytes = try reader.bytes(count: valueCount)
        let stateBytes = try reader.bytes(count: stateCount)
        let commitBytes = try reader.bytes(count: reader.remaining)
        let part = Part(count, rows)
        let run = SampleRun(
            count: part.slice.count,
            times: columns.contains(.times) ? try integers(times, part) : [],
            values: columns.contains(.values)
                ? try values(valueBytes, part, type) : ValueColumn(type: type),
            states: columns.contains(.states) ? try words(stateBytes, part) : [],
            commits: columns.contains(.commits) ? try words(commitBytes, part) : [])
        if part.slice == rows { return run }
        let start = rows.lowerBound - part.slice.lowerBound
        return run.part(start..<start + rows.count)
    }

    /// Decodes all times of a block of one series, and the other columns of the vectors with samples in a range of
    /// times.
    ///
    /// - Returns: The samples of these vectors with their times; empty if no sample is in the range.
    /// - Throws: `CodecError` where the bytes do not parse, or a sample is impossible or out of order.
    static func decode(
        block: UnsafeRawBufferPointer, times: UnsafeRawBufferPointer, count: Int,
        between wanted: ClosedRange<Int64>, type: ValueType, columns: BlockColumns
    ) throws(CodecError) -> SampleRun {
        guard count > 0, count <= FormatLimits.blockSamples else {
            throw CodecError(offset: 0, reason: "a block of \(count) samples")
        }
        let all = SampleRun(
            count: count, times: try integers(times, Part(count, 0..<count)), values: .bits([]), states: [],
            commits: [])
        try check(all)
        let found = all.range(wanted.lowerBound, wanted.upperBound)
        let rows = found.isEmpty ? 0..<0 : Part(count, found).slice
        let run = try decode(
            block: block, times: times, count: count, rows: rows, type: type,
            columns: columns.subtracting(.times))
        return SampleRun(
            count: rows.count, times: rows.count == count ? all.times : Array(all.times[rows]),
            values: run.values, states: run.states, commits: run.commits)
    }

    /// The whole vectors of a block that are decoded.
    private struct Part {
        let count: Int
        let vectors: Range<Int>
        /// The positions of their values.
        let slice: Range<Int>

        init(_ count: Int, _ rows: Range<Int>) {
            self.count = count
            vectors = rows.lowerBound / BlockLimits.vector..<BlockLimits.vectors(of: rows.upperBound)
            slice = BlockLimits.values(of: vectors, count: count)
        }
    }

    private static func values(
        _ bytes: UnsafeRawBufferPointer, _ part: Part, _ type: ValueType
    ) throws(CodecError) -> ValueColumn {
        if type.isText {
            let text = try TextColumnCodec.decode(
                bytes, count: part.count, byteLimit: FormatLimits.blockTextBytes)
            var column = TextColumn()
            column.bytes = text.bytes
            column.ends = text.ends
            return .text(part.slice.count == part.count ? column : column.part(part.slice))
        }
        guard type == .double else { return .bits(try words(bytes, part)) }
        return .bits(
            try column(part.slice.count) { (target: UnsafeMutablePointer<UInt64>) throws(CodecError) in
                try DoubleColumn.decode(bytes, count: part.count, vectors: part.vectors, into: target)
            })
    }

    /// Checks the states and the order of the samples of one series, which decoding of columns does not check.
    ///
    /// - Throws: `CodecError` if a state is impossible, or if times or commits are out of order.
    static func check(_ run: SampleRun) throws(CodecError) {
        // Mostly all states are the same; then one check suffices.
        let head = run.states.first ?? 0
        let differences = run.states.withUnsafeBufferPointer { states in
            var differences: UInt64 = 0
            for index in 0..<states.count { differences |= states[index] ^ head }
            return differences
        }
        guard SampleState(bits: head) != nil,
            differences == 0 || run.states.allSatisfy({ SampleState(bits: $0) != nil })
        else { throw CodecError(offset: 0, reason: "an impossible sample state") }
        let isOrdered = run.times.withUnsafeBufferPointer { times in
            run.commits.withUnsafeBufferPointer { areOrdered(times, $0) }
        }
        guard isOrdered else { throw CodecError(offset: 0, reason: "samples out of order") }
    }

    /// Whether samples ascend by (time, commit); if commits are not decoded, equal times may follow each other.
    private static func areOrdered(
        _ times: UnsafeBufferPointer<Int64>, _ commits: UnsafeBufferPointer<UInt64>
    ) -> Bool {
        guard times.count > 1 else { return true }
        // The loop has no branch, and SSE2 has what it needs: subtraction and bits, but no comparison of 64-bit integers.
        // Times of one sign differ by less than 2^63, so that the sign of a difference is right. Nearly always the
        // result is the answer.
        let first = times[0]
        var wrong: Int64 = 0
        for index in 1..<times.count {
            wrong |= (times[index] &- times[index &- 1] &- 1) | (times[index] ^ first)
        }
        if wrong >= 0 { return true }
        for index in 1..<times.count where times[index - 1] >= times[index] {
            guard times[index - 1] == times[index],
                commits.isEmpty || commits[index - 1] < commits[index]
            else { return false }
        }
        return true
    }

    private static func encode(
        _ words: [UInt64], _ range: Range<Int>, into writer: inout ByteWriter, effort: Effort
    ) {
        words.withUnsafeBufferPointer { words in
            UnsafeBufferPointer(rebasing: words[range]).withMemoryRebound(to: Int64.self) {
                IntegerColumn.encode($0, into: &writer, effort: effort)
            }
        }
    }

    private static func encodeText(
        _ text: TextColumn, _ range: Range<Int>, into writer: inout ByteWriter, effort: Effort
    ) {
        let start = range.lowerBound == 0 ? 0 : text.ends[range.lowerBound - 1]
        let ends = text.ends[range].map { $0 - start }
        text.bytes.withUnsafeBufferPointer { bytes in
            ends.withUnsafeBufferPointer { ends in
                let slice = UnsafeBufferPointer(rebasing: bytes[start..<start + (ends.last ?? 0)])
                TextColumnCodec.encode(bytes: slice, ends: ends, into: &writer, effort: effort)
            }
        }
    }

    private static func integers(_ bytes: UnsafeRawBufferPointer, _ part: Part) throws(CodecError) -> [Int64]
    {
        try column(part.slice.count) { (target: UnsafeMutablePointer<Int64>) throws(CodecError) in
            try IntegerColumn.decode(bytes, count: part.count, vectors: part.vectors, into: target)
        }
    }

    private static func words(_ bytes: UnsafeRawBufferPointer, _ part: Part) throws(CodecError) -> [UInt64] {
        try column(part.slice.count) { (target: UnsafeMutablePointer<UInt64>) throws(CodecError) in
            try target.withMemoryRebound(to: Int64.self, capacity: part.slice.count) {
                (words) throws(CodecError) in
                try IntegerColumn.decode(bytes, count: part.count, vectors: part.vectors, into: words)
            }
        }
    }

    private static func column<Word>(
        _ count: Int, _ fill: (UnsafeMutablePointer<Word>) throws(CodecError) -> Void
    ) throws(CodecError) -> [Word] {
        var failure: CodecError?
        let column = [Word](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress, count > 0 else { return }
            do throws(CodecError) {
                try fill(base)
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return column
    }
}
