// RicePlan.swift — the cheapest Rice code for a vector: good for many small distances to a base and ever
// fewer large ones.
//
// A distance z is written as its low bits, all of one width, and its quotient z / 2^lowBits in unary. For
// noise around a middle (z is then the zigzag form), and for waiting times and counts above a lowest value,
// this comes within a tenth of a bit of the entropy. A frame would have to be as wide as all values but its
// exceptions.
//
// Invariants:
// - `bits` is the exact size of the code, without the varints of the base and of the leading values.

struct RicePlan {
    /// The first quotient that is not written in unary: such a value is an exception.
    static let quotientLimit: UInt64 = 24
    static let maximumLowBits = 56

    /// How many times the values are differenced: 0, 1 or 2.
    let order: Int
    let base: Int64
    /// Whether distances go both ways from the base, in zigzag form.
    let isFolded: Bool
    private(set) var lowBits = 0
    private(set) var quotientSum = 0
    private(set) var exceptions = 0
    private(set) var exceptionWidth = 0
    private(set) var bits = Int.max

    /// The bits of the form, the width of the low bits, the size of the quotients, and the number and width
    /// of exceptions.
    private static let headerBits = 48

    /// The code that suits a sorted sample of values differenced `order` times, and the bits that it would
    /// take.
    static func guess(
        _ sorted: UnsafePointer<Int64>, count: Int, order: Int
    ) -> (plan: RicePlan, bits: Int)? {
        var best: (plan: RicePlan, bits: Int)?
        for isFolded in [true, false] {
            var plan = RicePlan(order: order, base: sorted[isFolded ? count / 2 : 0], isFolded: isFolded)
            guard let guess = plan.guess(sorted, count: count), guess.bits < best?.bits ?? .max else {
                continue
            }
            plan.lowBits = guess.lowBits
            best = (plan, guess.bits)
        }
        return best
    }

    private init(order: Int, base: Int64, isFolded: Bool) {
        self.order = order
        self.base = base
        self.isFolded = isFolded
    }

    /// The distance of a value from the base.
    @inline(__always)
    func distance(_ value: Int64) -> UInt64 {
        let difference = value &- base
        return isFolded ? ZigZag.encode(difference) : UInt64(bitPattern: difference)
    }

    /// The width of low bits that suits a sorted sample, and the bits that the sample would take.
    private func guess(_ sorted: UnsafePointer<Int64>, count: Int) -> (lowBits: Int, bits: Int)? {
        let trim = count / 32
        let range = (isFolded ? trim : 0)..<(count - trim)
        var sum: UInt64 = 0
        for index in range {
            let (total, overflow) = sum.addingReportingOverflow(distance(sorted[index]))
            if overflow { return nil }
            sum = total
        }
        // A geometric distribution needs log2(mean · ln 2) low bits.
        let mean = sum / UInt64(range.count)
        let scaled = mean < 1 << 52 ? mean &* 11 / 16 : mean / 16 &* 11
        let lowBits = max(0, BitPacking.width(of: scaled) - 1)
        if lowBits > Self.maximumLowBits { return nil }
        // On average, the division loses half a unit of each distance.
        let quotients = Int(sum >> UInt64(lowBits)) - (lowBits > 0 ? range.count / 2 : 0)
        return (lowBits, count * (lowBits + 1) + max(0, quotients))
    }

    /// Finds the best width of the low bits near the first guess, by the exact cost.
    ///
    /// - Parameter scratch: Room for 1024 values.
    mutating func refineLowBits(
        _ values: UnsafePointer<Int64>, count: Int, scratch: UnsafeMutablePointer<Int64>
    ) {
        let source: UnsafePointer<Int64>
        if order == 0 {
            source = values
        } else {
            VectorPlan.differences(values, count: count, into: scratch)
            if order == 2 { VectorPlan.differences(scratch + 1, count: count - 1, into: scratch + 1) }
            scratch.update(repeating: base, count: order)
            source = UnsafePointer(scratch)
        }
        let guess = lowBits
        measure(source, count: count, lowBits: guess)
        let start = bits
        if quotientSum > count && guess < Self.maximumLowBits {
            measure(source, count: count, lowBits: guess + 1)
        }
        if bits == start && guess > 0 && quotientSum < count / 2 {
            measure(source, count: count, lowBits: guess - 1)
        }
    }

    private mutating func measure(_ values: UnsafePointer<Int64>, count: Int, lowBits candidate: Int) {
        let shift = UInt64(candidate)
        var sum: UInt64 = 0
        var outside = 0
        var union: UInt64 = 0
        for index in 0..<count {
            let quotient = distance(values[index]) &>> shift
            if quotient < Self.quotientLimit {
                sum &+= quotient
            } else {
                outside &+= 1
                union |= ZigZag.encode(values[index] &- base)
            }
        }
        let width = BitPacking.width(of: union)
        let cost = Self.headerBits + count * (candidate + 1) + Int(sum) + outside * (8 + width)
        if cost < bits {
            (lowBits, quotientSum, exceptions, exceptionWidth) = (candidate, Int(sum), outside, width)
            bits = cost
        }
    }
}
