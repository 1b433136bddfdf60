// BlockLimits.swift — the sizes that encoder, decoder and segment format agree on.

/// Limits of blocks and columns.
///
/// They are part of the persistent format.
package enum BlockLimits {
    /// The most samples that a block, and so a column, holds.
    package static let samples = 8192
    /// The number of samples in a vector, the unit for which an integer encoding is chosen.
    package static let vector = 1024

    /// The number of vectors of a column of `count` values.
    package static func vectors(of count: Int) -> Int { (count + vector - 1) / vector }

    /// The positions of the values of some vectors of a column of `count` values.
    ///
    /// Vector numbers beyond the last are ignored.
    package static func values(of vectors: Range<Int>, count: Int) -> Range<Int> {
        let inside = vectors.clamped(to: 0..<Self.vectors(of: count))
        return min(inside.lowerBound * vector, count)..<min(inside.upperBound * vector, count)
    }

    /// The most bytes a column body of `count` values may take before LZ4, texts aside.
    ///
    /// Every body that an encoder writes fits. The widest takes 8 bytes a value plus headers, or twice that
    /// with differences.
    static func bodyBytes(count: Int) -> Int { 1024 + 24 * count }
}

/// How much time an encoder spends to make its result smaller.
///
/// A reader needs no knowledge of it.
package enum Effort: Sendable {
    /// For imports and flushes.
    case standard
    /// For compaction: looks at every value where `standard` looks at a sample, and uses the high compression
    /// of LZ4.
    case thorough
}
