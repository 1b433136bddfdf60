// ColumnProbe.swift — a public window on the column codecs, for the package in Benchmarks/.
//
// Another package sees only what is public; the codecs are internal to this one and stay so. Nothing but
// measurements may rest on this module: it is no API and has no product for users.
//
// Invariants:
// - Adds no work of its own to an encoding or a decoding beyond handing over the buffers.

import VarveCodec
public import VarveModel

/// Encodes and decodes single columns, as the blocks of a segment hold them.
public enum ColumnProbe {
    /// The most values a column holds.
    public static let capacity = BlockLimits.samples

    /// How hard the encoder looks for small forms.
    public enum Effort: Sendable {
        /// What imports and flushes do.
        case standard
        /// What compaction does.
        case thorough
    }

    /// Encodes the bit patterns of doubles.
    public static func encode(doubles: UnsafeBufferPointer<UInt64>, effort: Effort = .standard) -> [UInt8] {
        var writer = ByteWriter(capacity: doubles.count * 2 + 64)
        DoubleColumn.encode(doubles, into: &writer, effort: effort.internalEffort)
        return writer.bytes
    }

    /// What the encoder remembers from one column of a series to the next.
    public struct Hint {
        fileprivate var hint = ColumnHint()

        /// Remembers nothing.
        public init() {}
    }

    /// Encodes the bit patterns of doubles as a segment does, with what it remembers of the columns before.
    public static func encode(doubles: UnsafeBufferPointer<UInt64>, hint: inout Hint) -> [UInt8] {
        var writer = ByteWriter(capacity: doubles.count * 2 + 64)
        DoubleColumn.encode(doubles, into: &writer, effort: .standard, hint: &hint.hint)
        return writer.bytes
    }

    /// Encodes integers: times, counters, states.
    public static func encode(integers: UnsafeBufferPointer<Int64>, effort: Effort = .standard) -> [UInt8] {
        var writer = ByteWriter(capacity: integers.count * 2 + 64)
        IntegerColumn.encode(integers, into: &writer, effort: effort.internalEffort)
        return writer.bytes
    }

    /// Encodes texts.
    public static func encode(texts: TextColumn, effort: Effort = .standard) -> [UInt8] {
        var writer = ByteWriter(capacity: texts.bytes.count / 2 + 64)
        texts.bytes.withUnsafeBufferPointer { bytes in
            texts.ends.withUnsafeBufferPointer { ends in
                TextColumnCodec.encode(
                    bytes: bytes, ends: ends, into: &writer, effort: effort.internalEffort)
            }
        }
        return writer.bytes
    }

    /// Decodes doubles into `target`, which has room for `count`.
    public static func decodeDoubles(
        _ column: [UInt8], count: Int, into target: UnsafeMutablePointer<UInt64>
    ) throws {
        try column.withUnsafeBytes { try DoubleColumn.decode($0, count: count, into: target) }
    }

    /// Decodes integers into `target`, which has room for `count`.
    public static func decodeIntegers(
        _ column: [UInt8], count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws {
        try column.withUnsafeBytes { try IntegerColumn.decode($0, count: count, into: target) }
    }

    /// Decodes texts of at most `byteLimit` bytes together.
    public static func decodeTexts(_ column: [UInt8], count: Int, byteLimit: Int) throws -> TextColumn {
        var texts = TextColumn()
        (texts.bytes, texts.ends) = try column.withUnsafeBytes {
            try TextColumnCodec.decode($0, count: count, byteLimit: byteLimit)
        }
        return texts
    }

    /// What a column is encoded with, such as `decimal > delta + LZ4`.
    public static func describe(_ column: [UInt8]) -> String {
        column.withUnsafeBytes { ColumnEncoding.describe($0).description }
    }
}

extension ColumnProbe.Effort {
    fileprivate var internalEffort: Effort {
        switch self {
        case .standard: .standard
        case .thorough: .thorough
        }
    }
}
