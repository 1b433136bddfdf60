// BlockPiece.swift — the part of a block in a piece of time; it decodes only what is needed.
//
// Invariants:
// - No time comes twice in the block.
// - No other source has samples between `first` and `last`.

import VarveCodec
package import VarveModel
package import VarveSegment

/// A block, or the part of it between two times, both included.
package struct BlockPiece {
    /// Blocks of at most so many samples are decoded as a whole, as finding the vectors would cost as much.
    private static let fewSamples = 2 * BlockLimits.vector

    let reader: SegmentReader
    package let entry: BlockEntry
    let type: ValueType
    package let first: Int64
    package let last: Int64

    /// Whether it is the whole block.
    package var isWhole: Bool { first <= entry.firstTime && entry.lastTime <= last }

    /// Reads columns of the samples; the range says where in the run they are.
    ///
    /// Times are read of a part even if they are not asked for.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func read(_ columns: BlockColumns) throws -> (SampleRun, Range<Int>) {
        if isWhole {
            let run = try reader.read(entry, type: type, columns: columns)
            return (run, 0..<run.count)
        }
        let run =
            entry.count <= Self.fewSamples
            ? try reader.read(entry, type: type, columns: columns.union(.times))
            : try reader.read(entry, type: type, between: first...last, columns: columns)
        return (run, run.range(first, last))
    }

    /// What is known of the vectors of the block; empty where it has only one or they are not worth their bytes.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func vectors() throws -> [VectorEntry] { try reader.vectors(of: entry) }

    /// Reads columns of some vectors of the block; the range says where in the run the samples of the piece are.
    ///
    /// - Parameter columns: With the times.
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func read(vectors: Range<Int>, _ columns: BlockColumns) throws -> (SampleRun, Range<Int>) {
        let run = try reader.read(entry, type: type, vectors: vectors, columns: columns)
        return (run, run.range(first, last))
    }

    /// Hands on the samples, first those of the vector where a read in `order` begins: it may want no more.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`; what `body` throws.
    package func readFromEnd(
        _ order: TimeOrder, _ body: (SampleRun, Range<Int>) throws -> Bool
    ) throws -> Bool {
        let isAscending = order == .ascending
        let hasEnd = isAscending ? first <= entry.firstTime : entry.lastTime <= last
        guard hasEnd, entry.count > Self.fewSamples else {
            let (run, range) = try read(.samples)
            return try range.isEmpty || body(run, range)
        }
        let vectors = BlockLimits.vectors(of: entry.count)
        let vector = isAscending ? 0..<1 : vectors - 1..<vectors
        let run = try reader.read(entry, type: type, vectors: vector, columns: .samples)
        let range = run.range(first, last)
        guard try range.isEmpty || body(run, range), let start = run.times.first, let end = run.times.last
        else { return false }
        let (restFirst, restLast) = isAscending ? (end, last) : (first, start)
        guard restFirst < restLast else { return true }
        let rest = BlockPiece(
            reader: reader, entry: entry, type: type, first: isAscending ? restFirst + 1 : restFirst,
            last: isAscending ? restLast : restLast - 1)
        guard isAscending ? entry.lastTime <= last : first <= entry.firstTime else {
            let (others, otherRange) = try rest.read(.samples)
            return try otherRange.isEmpty || body(others, otherRange)
        }
        // All other vectors are wanted: none is decoded twice.
        let others = try reader.read(
            entry, type: type, vectors: isAscending ? 1..<vectors : 0..<vectors - 1, columns: .samples)
        let otherRange = others.range(rest.first, rest.last)
        return try otherRange.isEmpty || body(others, otherRange)
    }
}
