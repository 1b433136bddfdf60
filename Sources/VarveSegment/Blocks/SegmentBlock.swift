// SegmentBlock.swift — the bytes of a block in a segment: a short layout, perhaps the times, then what BlockCodec makes.
//
//   layout   varint: 2 · (bytes of the time column in the block) + (1 if several series share the block)
//   samples  varint, only if shared: the samples of all of them
//   times    the time column, if it is in the block
//   block    values, states, commits
//
// Invariants:
// - The samples of one series ascend by (time, commit); those of different series in a shared block need not.

package import VarveCodec

package enum SegmentBlock {
    /// Time columns of at most this many bytes are not worth a place of their own, to share them.
    static let inlineTimes = 32

    /// The bytes of a block of its own.
    ///
    /// - Parameter times: The time column, if it goes into the block.
    static func encode(times: [UInt8], block: [UInt8], shared samples: Int? = nil) -> [UInt8] {
        var writer = ByteWriter(capacity: times.count + block.count + 16)
        writer.appendVarint(UInt64(times.count) << 1 | (samples == nil ? 0 : 1))
        if let samples { writer.appendVarint(UInt64(samples)) }
        times.withUnsafeBytes { writer.append(bytes: $0) }
        block.withUnsafeBytes { writer.append(bytes: $0) }
        return writer.bytes
    }

    /// The parts of a block.
    package struct Parts {
        /// Samples of the columns, all series counted.
        package var samples: Int
        /// Nil where the times are elsewhere.
        var times: UnsafeRawBufferPointer?
        var block: UnsafeRawBufferPointer
    }

    /// Takes the bytes of a block apart that holds `count` samples of a series from `row` on.
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

/// A block as it stands in a segment, with all that its index says.
package struct StoredBlock {
    package var entry: BlockEntry
    var bytes: [UInt8]
    /// The time column, if it is not in the block.
    var times: [UInt8]?
    var vectors: [VectorEntry]
}
