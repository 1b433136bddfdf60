// Aggregator+Block.swift — adds a block to an aggregation, by its statistics where they suffice, else decoded.
//
// A block that lies in the range and in one bucket is not read: its statistics are added. If they do not suffice, only
// its values are decoded. Where an edge cuts the block and buckets are longer than its vectors, the statistics of
// vectors are used in the same way. Any other block is decoded and cut.
//
// Invariants:
// - The rows are the same to the last bit with and without statistics.

import VarveCodec
import VarveSegment
import VarveStorage

extension Aggregator {
    /// Vectors are used where buckets, and the range, are at least so many times as long as a vector.
    private static let vectorsPerBucket: UInt64 = 2

    /// Adds the samples of a part of a block.
    ///
    /// - Returns: False if `emit` wants no more rows.
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`; `ExactSum.ReadFailure` if the sum of
    ///   the statistics does not parse; what `emit` throws.
    mutating func add(
        _ block: BlockPiece, _ request: AggregateRequest, _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard request.statistics != .none else {
            let (run, range) = try block.read(.samples)
            return try add(run, range, allCount: false, emit)
        }
        let entry = block.entry
        let statistics = entry.statistics
        let allCount = statistics.map { plan.takesAll(of: $0, count: entry.count) } ?? false
        var columns: BlockColumns = allCount ? [] : .states
        if !allCount || !plan.isCountOnly { columns.insert(.values) }
        if block.isWhole, isOneBucket(entry.firstTime, entry.lastTime) {
            if request.statistics == .figures, let statistics,
                plan.isServed(by: statistics, count: entry.count)
            {
                return try add(statistics, from: entry.firstTime, emit)
            }
            if plan.needsTimes { columns.insert(.times) }
            let (run, _) = try block.read(columns)
            return try add(run, from: entry.firstTime, allCount: allCount, emit)
        }
        columns.insert(.times)
        if request.statistics == .figures, areVectorsWorthwhile(block) {
            let vectors = try block.vectors()
            if !vectors.isEmpty { return try add(block, vectors, columns, allCount: allCount, emit) }
        }
        let (run, range) = try block.read(columns)
        return try add(run, range, allCount: allCount, emit)
    }

    /// Whether whole vectors may lie in the range and in one bucket.
    private func areVectorsWorthwhile(_ block: BlockPiece) -> Bool {
        let entry = block.entry
        guard entry.hasVectors, plan.canUseStatistics else { return false }
        let span = UInt64(bitPattern: entry.lastTime &- entry.firstTime)
        let vectorSpan = span / UInt64(BlockLimits.vectors(of: entry.count))
        let wanted = UInt64(
            bitPattern: min(block.last, entry.lastTime) &- max(block.first, entry.firstTime))
        return min(UInt64(buckets.width.nanoseconds), wanted) / Self.vectorsPerBucket >= vectorSpan
    }

    /// Adds a part of a block vector by vector; neighbouring vectors that must be decoded are decoded together.
    private mutating func add(
        _ block: BlockPiece, _ vectors: [VectorEntry], _ columns: BlockColumns, allCount: Bool,
        _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        let inside = vectors.indices.filter {
            vectors[$0].firstTime <= block.last && vectors[$0].lastTime >= block.first
        }
        var waiting = 0..<0
        for index in isBackward ? inside.reversed() : inside {
            if isServed(vectors[index], in: block) {
                guard try decode(block, waiting, columns, allCount: allCount, emit) else { return false }
                waiting = 0..<0
                guard try add(vectors[index].statistics, from: vectors[index].firstTime, emit) else {
                    return false
                }
            } else {
                waiting =
                    waiting.isEmpty
                    ? index..<index + 1
                    : min(waiting.lowerBound, index)..<max(waiting.upperBound, index + 1)
            }
        }
        return try decode(block, waiting, columns, allCount: allCount, emit)
    }

    private mutating func isServed(_ vector: VectorEntry, in block: BlockPiece) -> Bool {
        vector.firstTime >= block.first && vector.lastTime <= block.last
            && isOneBucket(vector.firstTime, vector.lastTime)
            && plan.isServed(by: vector.statistics, count: vector.count)
    }

    private mutating func decode(
        _ block: BlockPiece, _ vectors: Range<Int>, _ columns: BlockColumns, allCount: Bool,
        _ emit: (AggregateRow) throws -> Bool
    ) throws -> Bool {
        guard !vectors.isEmpty else { return true }
        let (run, range) = try block.read(vectors: vectors, columns)
        return try add(run, range, allCount: allCount, emit)
    }
}
