// VectorIndex.swift — the statistics of the vectors of one block ⇄ bytes. Byte table: SegmentFormat.md.
//
// Only blocks of two or more vectors have one. It is read on demand: a query needs it where a block is only partly in a
// bucket.
//
// Invariants:
// - The vectors follow each other and together are the block: their first and last time are those of its entry.

import VarveCodec

enum VectorIndex {
    /// The flag that not all vectors have the commits of the block.
    private static let manyCommits: UInt8 = 1

    /// The number of vectors of a block.
    static func count(samples: Int) -> Int {
        (samples + BlockLimits.vector - 1) / BlockLimits.vector
    }

    /// The number of samples of vector `index` of a block of `count` samples.
    static func samples(_ index: Int, of count: Int) -> Int {
        min(BlockLimits.vector, count - index * BlockLimits.vector)
    }

    /// Writes the index of an entry's block.
    static func write(
        _ vectors: [VectorEntry], of entry: BlockEntry, to writer: inout ByteWriter, effort: Effort
    ) {
        let hasManyCommits = entry.lowestCommit != entry.highestCommit
        writer.append(hasManyCommits ? manyCommits : 0)
        let mean = meanStep(entry)
        let steps = vectors.map { $0.count < 2 ? mean : ($0.lastTime &- $0.firstTime) / Int64($0.count - 1) }
        // Where samples are regular but for some gaps, the shortest mean step of a vector is the step.
        let step = steps.dropLast().min() ?? mean
        writer.appendSigned(step &- mean)
        var times: [Int64] = []
        for index in 1..<vectors.count {
            let before = vectors[index - 1]
            times.append(before.lastTime &- before.firstTime &- step &* Int64(before.count - 1))
            times.append(vectors[index].firstTime &- before.lastTime &- step)
        }
        write(times, to: &writer, effort)
        if hasManyCommits {
            write(
                vectors.map { Int64(bitPattern: $0.lowestCommit &- entry.lowestCommit) }, to: &writer, effort)
            write(
                vectors.map { Int64(bitPattern: $0.highestCommit &- $0.lowestCommit) }, to: &writer, effort)
        }
        var codec = StatisticsCodec()
        for vector in vectors { codec.write(vector.statistics, count: vector.count, to: &writer) }
    }

    /// Reads the index of an entry's block.
    ///
    /// - Throws: `CodecError` where the bytes are not an index of this block.
    static func read(
        _ bytes: UnsafeRawBufferPointer, of entry: BlockEntry
    ) throws(CodecError) -> [VectorEntry] {
        var reader = ByteReader(bytes)
        let count = Self.count(samples: entry.count)
        guard count > 1 else { throw reader.failure("a vector index of one vector") }
        let flags = try reader.byte()
        guard flags & ~manyCommits == 0 else { throw reader.failure("unknown flags of a vector index") }
        let step = meanStep(entry) &+ (try reader.signed())
        let times = try column(&reader, 2 * (count - 1))
        var lowest: [Int64]?
        var spans: [Int64]?
        if flags & manyCommits != 0 {
            lowest = try column(&reader, count)
            spans = try column(&reader, count)
        }
        var codec = StatisticsCodec()
        var vectors: [VectorEntry] = []
        vectors.reserveCapacity(count)
        var first = entry.firstTime
        for index in 0..<count {
            let samples = samples(index, of: entry.count)
            var last = entry.lastTime
            if index < count - 1 { last = first &+ step &* Int64(samples - 1) &+ times[2 * index] }
            let low = entry.lowestCommit &+ UInt64(bitPattern: lowest?[index] ?? 0)
            let high = spans.map { low &+ UInt64(bitPattern: $0[index]) } ?? entry.highestCommit
            guard last >= first, first >= vectors.last?.lastTime ?? entry.firstTime, low <= high,
                low >= entry.lowestCommit, high <= entry.highestCommit
            else { throw reader.failure("an impossible vector") }
            vectors.append(
                VectorEntry(
                    count: samples, firstTime: first, lastTime: last, lowestCommit: low, highestCommit: high,
                    statistics: try codec.read(&reader, count: samples)))
            if index < count - 1 { first = last &+ step &+ times[2 * index + 1] }
        }
        try reader.finish()
        return vectors
    }

    private static func meanStep(_ entry: BlockEntry) -> Int64 {
        let span = UInt64(bitPattern: entry.lastTime &- entry.firstTime)
        return Int64(bitPattern: span / UInt64(max(entry.count - 1, 1)))
    }

    private static func write(_ column: [Int64], to writer: inout ByteWriter, _ effort: Effort) {
        writer.appendSized { nested in
            column.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &nested, effort: effort) }
        }
    }

    private static func column(_ reader: inout ByteReader, _ count: Int) throws(CodecError) -> [Int64] {
        let size = try reader.varint(limit: reader.remaining, "bytes of a column")
        return try IntegerColumn.array(try reader.bytes(count: size), count: count)
    }
}
