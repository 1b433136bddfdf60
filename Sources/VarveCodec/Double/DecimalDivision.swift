// DecimalDivision.swift — turns mantissas into doubles: the hot loop of reading decimals.
//
// An integer below 2^51 in magnitude becomes a double by adding it to the bits of 1.5 · 2^52 and subtracting
// that number again. The processor does this for several values at once. Larger integers are converted one by
// one.
//
// Invariants:
// - Each result is the correctly rounded quotient of the double nearest to m and 10^e.

struct DecimalDivision {
    private typealias Integers = SIMD4<UInt64>
    private typealias Doubles = SIMD4<Double>
    /// The number of values that are computed together.
    static let lanes = 4
    private static let shift = 6_755_399_441_055_744.0  // 1.5 * 2^52

    private let exponent: Int
    private let divisor: Double

    init(exponent: Int) {
        self.exponent = exponent
        divisor = DecimalPrediction.powers[exponent]
    }

    /// Writes the bit patterns of the quotients of `count` integers to other memory.
    func apply(_ source: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>) {
        var whole = 0
        if let quotient = ExactQuotient(exponent: exponent) {
            whole = count / Self.lanes * Self.lanes
            let (from, to) = (UnsafeRawPointer(source), UnsafeMutableRawPointer(target))
            var outside = Integers()
            for start in 0..<(count / Self.lanes) {
                let integers = (from + start &* 32).loadUnaligned(as: Integers.self)
                outside |= integers &+ Integers(repeating: 1 << 51)
                let values = Self.doubles(integers)
                (to + start &* 32).storeBytes(of: exponent == 0 ? values : quotient(values), as: Doubles.self)
            }
            if any(outside .>= Integers(repeating: 1 << 52)) { whole = 0 }
        }
        for index in whole..<count {
            target[index] = Int64(bitPattern: (Double(source[index]) / divisor).bitPattern)
        }
    }

    /// Replaces `count` integers by the bit patterns of their quotients.
    func apply(to target: UnsafeMutablePointer<Int64>, count: Int) {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: BlockLimits.vector) { scratch in
            guard let scratch = scratch.baseAddress else { return }
            for start in stride(from: 0, to: count, by: BlockLimits.vector) {
                let size = min(BlockLimits.vector, count - start)
                scratch.update(from: target + start, count: size)
                apply(scratch, count: size, into: target + start)
            }
        }
    }

    /// The doubles of four integers in −2^51..<2^51.
    @inline(__always)
    static func doubles(at place: UnsafeRawPointer) -> SIMD4<Double> {
        doubles(place.loadUnaligned(as: Integers.self))
    }

    /// The doubles of four integers in −2^51..<2^51.
    @inline(__always)
    static func doubles(_ integers: SIMD4<UInt64>) -> SIMD4<Double> {
        unsafeBitCast(integers &+ Integers(repeating: shift.bitPattern), to: Doubles.self)
            - Doubles(repeating: shift)
    }

    /// Whether all values are in −2^51..<2^51.
    static func isSmall(_ values: UnsafePointer<Int64>, count: Int) -> Bool {
        var outside: UInt64 = 0
        for index in 0..<count {
            outside |= UInt64(bitPattern: values[index] &+ (1 << 51))
        }
        return outside < 1 << 52
    }
}
