// SegmentBlock.swift — the bytes of a block in a segment: a short layout, the times if they are few, then BlockCodec's
// bytes.
//
//   layout   varint: 2 · (bytes of the time column in the block) + (1 if several series share the block)
//   samples  varint, only if shared: the samples of all of them
//   times    the time column, if it is in the block
//   block    values, states, commits
//
// Invariants:
// - The samples of one series ascend by (time, commit); samples of different series in a shared block need not.

package import VarveCodec

package enum SegmentBlock {
    /// A time column of at most so many bytes is stored in the block; a longer one is a piece that blocks share.
    static let inlineTimes = 32

    /// The bytes of a block.
    ///
    /// - Parameters:
    ///   - times: The time column if it is stored in the block, else empty.
    ///   - block: The bytes of values, states and commits.
    ///   - samples: The number of samples if several series share the block.
    static func encode(times: [UInt8], block: [UInt8], shared samples: Int? = nil) -> [UInt8] {
        var writer = ByteWriter(capacity: times.count + block.count + 16)
        writer.appendVarint(UInt64(times.count) << 1 | (samples == nil ? 0 : 1))
        if let samples { writer.appendVarint(UInt64(samples)) }
        times.withUnsafeBytes { writer.append(bytes: $0) }
        block.withUnsafeBytes { writer.append(bytes: $0) }
        return writer.bytes
    }

    /// The parts of a block's bytes.
    package struct Parts {
        /// The number of samples of all series in the block.
        package var samples: Int
        /// Nil where the times are elsewhere.
        var times: UnsafeRawBufferPointer?
        var block: UnsafeRawBufferPointer
    }

    /// Splits the bytes of a block that has `count` samples of a series from `row` on.
    ///
    /// - Throws: `CodecError` where the bytes are not such a block.
    package static func parts(
        _ bytes: UnsafeRawBufferPointer, count: Int, row: Int
    ) throws(CodecError) -> Parts {
        var reader = ByteReader(bytes)
        let layout = try reader.varint(limit: 2 * FormatLimits.blockBytes + 1, "the layout of a block")
        var samples = count
        if layout & 1 != 0 {
            samples = try reader.varint(limit: FormatLimits.blockSamples, "samples of a block")
        }
        guard row >= 0, count > 0, row + count <= samples else {
            throw reader.failure("a block of \(samples) samples")
        }
        let times = try reader.bytes(count: layout >> 1)
        return Parts(
            samples: samples, times: layout >> 1 == 0 ? nil : times,
            block: try reader.bytes(count: reader.remaining))
    }
}

/// The stored bytes of a block, with all that the index says about it.
package struct StoredBlock {
    package var entry: BlockEntry
    var bytes: [UInt8]
    /// The time column, if it is not in the block.
    var times: [UInt8]?
    var vectors: [VectorEntry]
}
