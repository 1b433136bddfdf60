// DecimalDivision.swift — mantissas to doubles, in place: the hot loop of reading decimals.
//
// An integer below 2^51 in magnitude becomes a double by adding it to the bits of 1.5 · 2^52 and subtracting
// that number again, which the processor does for several values at once; larger ones are converted singly.
//
// Invariants:
// - Each result is the double nearest to m, divided by the divisor, correctly rounded.

enum DecimalDivision {
    private typealias Integers = SIMD8<UInt64>
    private typealias Doubles = SIMD8<Double>
    private static let lanes = 8
    private static let shift = 6_755_399_441_055_744.0  // 1.5 * 2^52

    /// Replaces `count` integers by the bit patterns of their quotients.
    static func apply(to target: UnsafeMutablePointer<Int64>, count: Int, divisor: Double) {
        let room = UnsafeMutableRawPointer(target)
        let whole = isSmall(target, count: count) ? count / lanes : 0
        let base = Integers(repeating: shift.bitPattern)
        let subtrahend = Doubles(repeating: shift)
        let divisors = Doubles(repeating: divisor)
        for group in 0..<whole {
            let place = room + group &* 64
            let shifted = unsafeBitCast(place.loadUnaligned(as: Integers.self) &+ base, to: Doubles.self)
            place.storeBytes(of: (shifted - subtrahend) / divisors, as: Doubles.self)
        }
        for index in (whole * lanes)..<count {
            target[index] = Int64(bitPattern: (Double(target[index]) / divisor).bitPattern)
        }
    }

    /// Whether all are in -2^51..<2^51.
    private static func isSmall(_ values: UnsafePointer<Int64>, count: Int) -> Bool {
        var outside: UInt64 = 0
        for index in 0..<count {
            outside |= UInt64(bitPattern: values[index] &+ (1 << 51))
        }
        return outside < 1 << 52
    }
}
