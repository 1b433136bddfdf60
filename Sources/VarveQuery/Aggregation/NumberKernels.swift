// NumberKernels.swift — fast passes over many numbers: extremes, and sums without rounding.
//
// A sum of doubles without rounding: adding and subtracting a large constant splits each value into a multiple of a
// coarse unit and a rest. Coarse parts add up exactly in a double, because each has few bits. So do the rests if they
// are multiples of a fine unit, which is checked. Two doubles are then the whole sum.
//
// Invariants:
// - Values are not NaN. Every operation is one IEEE operation, so the result does not depend on the lanes.

enum NumberKernels {
    /// The most values that one exact sum takes.
    static let sumCount = 1024

    private typealias Lanes = SIMD8<Double>

    /// The smallest and the largest value; −0 is below +0.
    static func extremes(_ values: UnsafeBufferPointer<Double>) -> (low: Double, high: Double) {
        var low = Lanes(repeating: .infinity)
        var high = Lanes(repeating: -.infinity)
        let full = values.count & ~7
        let raw = UnsafeRawPointer(values.baseAddress)
        if let raw {
            var index = 0
            while index < full {
                let lanes = raw.loadUnaligned(fromByteOffset: index &* 8, as: Lanes.self)
                low.replace(with: lanes, where: lanes .< low)
                high.replace(with: lanes, where: lanes .> high)
                index &+= 8
            }
        }
        var least = Double.infinity
        var most = -Double.infinity
        for lane in 0..<8 {
            if low[lane] < least { least = low[lane] }
            if high[lane] > most { most = high[lane] }
        }
        for index in full..<values.count {
            let value = values[index]
            if value < least { least = value }
            if value > most { most = value }
        }
        // Zeros of both signs compare equal.
        if least == 0 {
            least = values.contains { $0.bitPattern == (-0.0).bitPattern } ? -0.0 : 0
        }
        if most == 0 {
            most = values.contains { $0.bitPattern == 0 } ? 0 : -0.0
        }
        return (least, most)
    }

    /// The largest magnitude; 0 for no values.
    static func largestMagnitude(_ values: UnsafeBufferPointer<Double>) -> Double {
        var most = SIMD8<UInt64>(repeating: 0)
        let full = values.count & ~7
        let raw = UnsafeRawPointer(values.baseAddress)
        if let raw {
            let mask = SIMD8<UInt64>(repeating: UInt64(Int64.max))
            var index = 0
            var high = Lanes(repeating: 0)
            while index < full {
                let lanes = raw.loadUnaligned(fromByteOffset: index &* 8, as: SIMD8<UInt64>.self) & mask
                let sizes = unsafeBitCast(lanes, to: Lanes.self)
                high.replace(with: sizes, where: sizes .> high)
                index &+= 8
            }
            most = unsafeBitCast(high, to: SIMD8<UInt64>.self)
        }
        var largest = 0.0
        for lane in 0..<8 { largest = Swift.max(largest, Double(bitPattern: most[lane])) }
        for index in full..<values.count { largest = Swift.max(largest, values[index].magnitude) }
        return largest
    }

    /// The exact sum as two doubles; nil if two do not suffice.
    ///
    /// - Parameters:
    ///   - values: At most `sumCount` finite values.
    ///   - largest: The largest magnitude among them, or a greater number.
    static func sum(_ values: UnsafeBufferPointer<Double>, largest: Double) -> (Double, Double)? {
        guard values.count <= sumCount, largest.isFinite else { return nil }
        guard largest > 0 else { return (0, 0) }
        let exponent = Int(largest.exponent)
        // With 2^10 values below 2^(e+1) the coarse unit must be 2^(e−42), the fine one 2^(e−86).
        guard exponent < 1000, exponent > -900 else { return nil }
        let coarse = oneAndAHalf(exponent &+ 10)
        let fine = oneAndAHalf(exponent &- 34)
        let full = values.count & ~7
        var total = 0.0
        var restTotal = 0.0
        var isLost = false
        if full > 0 {
            let lanes = laneSums(UnsafeBufferPointer(rebasing: values[..<full]), coarse, fine)
            (total, restTotal, isLost) = lanes
        }
        for index in full..<values.count {
            let part = (values[index] + coarse) - coarse
            let rest = values[index] - part
            isLost = isLost || (rest + fine) - fine != rest
            total += part
            restTotal += rest
        }
        return isLost ? nil : (total, restTotal)
    }

    /// The sums of the coarse parts and of the rests, and whether a rest has too many bits.
    ///
    /// - Parameter values: A multiple of eight values.
    private static func laneSums(
        _ values: UnsafeBufferPointer<Double>, _ coarse: Double, _ fine: Double
    ) -> (sum: Double, rest: Double, isLost: Bool) {
        var sums = Lanes(repeating: 0)
        var rests = Lanes(repeating: 0)
        var lost = SIMD8<UInt64>(repeating: 0)
        let coarseLanes = Lanes(repeating: coarse)
        let fineLanes = Lanes(repeating: fine)
        let raw = UnsafeRawBufferPointer(values)
        var index = 0
        while index < values.count {
            let lanes = raw.loadUnaligned(fromByteOffset: index &* 8, as: Lanes.self)
            let part = (lanes + coarseLanes) - coarseLanes
            let rest = lanes - part
            let kept = (rest + fineLanes) - fineLanes
            lost |= unsafeBitCast(rest - kept, to: SIMD8<UInt64>.self)
            sums += part
            rests += rest
            index &+= 8
        }
        return (sums.sum(), rests.sum(), lost != SIMD8(repeating: 0))
    }

    /// 1.5 · 2^exponent, for exponents of normal doubles.
    private static func oneAndAHalf(_ exponent: Int) -> Double {
        Double(bitPattern: UInt64(truncatingIfNeeded: exponent &+ 1023) &<< 52 | 1 << 51)
    }

    /// The smallest and the largest of integers given by their bit patterns in two's complement.
    static func integerExtremes(_ values: UnsafeBufferPointer<UInt64>) -> (low: Int64, high: Int64) {
        var low = Int64.max
        var high = Int64.min
        for bits in values {
            let value = Int64(bitPattern: bits)
            low = value < low ? value : low
            high = value > high ? value : high
        }
        return (low, high)
    }
}
