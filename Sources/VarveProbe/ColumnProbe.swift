// ColumnProbe.swift — a public view of the column codecs, for the package in Benchmarks/.
//
// Another package sees only what is public. The codecs are internal to this package and stay so. Only
// measurements may depend on this module: it is not an API. The product VarveProbe exists for
// Benchmarks/ alone.
//
// Invariants:
// - It adds no work to an encoding or a decoding, apart from handing over the buffers.

import VarveCodec
public import VarveModel

/// Encodes and decodes single columns, in the form that the blocks of a segment have.
public enum ColumnProbe {
    /// The most values that a column holds.
    public static let capacity = BlockLimits.samples

    /// How much time the encoder spends to make its result smaller.
    public enum Effort: Sendable {
        /// The effort of imports and flushes.
        case standard
        /// The effort of compaction.
        case thorough
    }

    /// Encodes the bit patterns of doubles.
    public static func encode(doubles: UnsafeBufferPointer<UInt64>, effort: Effort = .standard) -> [UInt8] {
        var writer = ByteWriter(capacity: doubles.count * 2 + 64)
        DoubleColumn.encode(doubles, into: &writer, effort: effort.internalEffort)
        return writer.bytes
    }

    /// The choices that the encoder carries from one column of a series to the next.
    public struct Hint {
        fileprivate var hint = ColumnHint()

        /// Makes an empty hint, for the first column of a series.
        public init() {}
    }

    /// Encodes the bit patterns of doubles as a segment does, reusing and updating the choices of earlier
    /// columns.
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
    ///
    /// Throws `CodecError` if the column is damaged.
    public static func decodeDoubles(
        _ column: [UInt8], count: Int, into target: UnsafeMutablePointer<UInt64>
    ) throws {
        try column.withUnsafeBytes { try DoubleColumn.decode($0, count: count, into: target) }
    }

    /// Decodes integers into `target`, which has room for `count`.
    ///
    /// Throws `CodecError` if the column is damaged.
    public static func decodeIntegers(
        _ column: [UInt8], count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws {
        try column.withUnsafeBytes { try IntegerColumn.decode($0, count: count, into: target) }
    }

    /// Decodes texts of at most `byteLimit` bytes in all.
    ///
    /// Throws `CodecError` if the column is damaged or larger.
    public static func decodeTexts(_ column: [UInt8], count: Int, byteLimit: Int) throws -> TextColumn {
        var texts = TextColumn()
        (texts.bytes, texts.ends) = try column.withUnsafeBytes {
            try TextColumnCodec.decode($0, count: count, byteLimit: byteLimit)
        }
        return texts
    }

    /// The encodings of a column, such as `decimal > delta + LZ4`.
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
