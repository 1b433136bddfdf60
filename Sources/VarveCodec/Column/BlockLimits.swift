// BlockLimits.swift — the sizes that encoder, decoder and segment format agree on.

/// Limits of blocks and columns; part of the persistent format.
package enum BlockLimits {
    /// The most samples a block, and so a column, holds.
    package static let samples = 8192
    /// The samples of a vector, the unit in which integer encodings are chosen.
    package static let vector = 1024

    /// The most bytes a column body of `count` values may take before LZ4, texts aside.
    ///
    /// Any body of an encoder fits: the widest takes 8 bytes a value and headers, twice that with differences.
    static func bodyBytes(count: Int) -> Int { 1024 + 24 * count }
}

/// How much time an encoder spends on a smaller result; the result is read the same way.
package enum Effort: Sendable {
    /// For imports and flushes.
    case standard
    /// For compaction: looks at every value where `standard` looks at a sample, and packs LZ4 harder.
    case thorough
}
