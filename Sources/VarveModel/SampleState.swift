// SampleState.swift — quality and presence of a sample in one word.
//
// Bits 0–31 hold the quality as a two's-complement Int32. Bit 32 is set if there is a quality, bit 33 if the value is
// missing. One column for both costs nothing when they are constant, as they almost always are. It stays short when
// missing readings have a quality of their own.
//
// Invariants:
// - Bits 34–63 are zero.
// - Bits 0–31 are zero if bit 32 is zero.

/// The quality of a sample and whether it has a value.
public struct SampleState: Hashable, Sendable {
    /// The persisted word: bits 0–31 quality, bit 32 has a quality, bit 33 value missing.
    public let bits: UInt64

    private static let qualityPresent: UInt64 = 1 << 32
    private static let valueMissing: UInt64 = 1 << 33

    /// Makes a state.
    ///
    /// - Parameters:
    ///   - quality: The quality code, or nil for a sample without one.
    ///   - isMissing: Whether the reading has no value.
    public init(quality: Int32? = nil, isMissing: Bool = false) {
        var bits: UInt64 = 0
        if let quality { bits = UInt64(UInt32(bitPattern: quality)) | Self.qualityPresent }
        if isMissing { bits |= Self.valueMissing }
        self.bits = bits
    }

    /// Makes a state from a persisted word; nil if no state has these bits.
    public init?(bits: UInt64) {
        guard bits < 1 << 34 else { return nil }
        guard bits & Self.qualityPresent != 0 || bits & 0xFFFF_FFFF == 0 else { return nil }
        self.bits = bits
    }

    /// A sample with a value and without a quality.
    public static let plain = SampleState()

    /// The quality code, if the sample has one.
    public var quality: Int32? {
        bits & Self.qualityPresent == 0 ? nil : Int32(bitPattern: UInt32(truncatingIfNeeded: bits))
    }

    /// Whether the reading has no value.
    public var isMissing: Bool { bits & Self.valueMissing != 0 }

    /// Whether the quality is 0 or absent: the meaning of `--good-only`.
    public var isGood: Bool { bits & 0xFFFF_FFFF == 0 }
}
