// SeededGenerator.swift — the one source of randomness in tests: the same seed gives the same numbers on every machine.
//
// Invariants:
// - The sequence of a seed never changes, because crash histories and generated data are recorded by their seed only.

/// A generator (SplitMix64) that a failing test can repeat: the test prints its seed.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Begins the sequence of a seed.
    package init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
