// SeededGenerator.swift — random numbers that a failing test can repeat: its seed stands in the test.

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension String {
    /// Calls `body` with the text's bytes.
    func withBytes<Result>(_ body: (UnsafePointer<UInt8>, Int) throws -> Result) rethrows -> Result {
        // One byte more, so that even an empty text has an address.
        try (Array(utf8) + [0]).withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { preconditionFailure("the array is not empty") }
            return try body(base, bytes.count - 1)
        }
    }
}
