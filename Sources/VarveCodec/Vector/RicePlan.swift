// RicePlan.swift — the cheapest Rice code for a vector: many small distances to a base, ever fewer large ones.
//
// A distance z is kept as its low bits, all of one width, and its quotient z / 2^lowBits in unary. For noise around
// a middle (z is then the zigzag form) and for waiting times and counts above a lowest value this comes within a
// tenth of a bit of the entropy, where a frame must be as wide as all but its exceptions.
//
// Invariants:
// - `bits` is the exact size of what is kept, but for the varints of the base and of the values kept in front.

struct RicePlan {
    /// From here on a quotient is not written in unary: the value is an exception.
    static let quotientLimit: UInt64 = 24
    static let maximumLowBits = 56

    /// How often the values are differenced: 0, 1 or 2 times.
    let order: Int
    let base: Int64
    /// Whether distances go both ways from the base.
    let isFolded: Bool
    private(set) var lowBits = 0
    private(set) var quotientSum = 0
    private(set) var exceptions = 0
    private(set) var exceptionWidth = 0
    private(set) var bits = Int.max

    /// The values looked at before all of them are, at standard effort.
    private static let sampleCount = 48
    /// Form, width of the low bits, size of the quotients and number and width of exceptions.
    private static let headerBits = 48

    /// The cheapest code of fewer bits than `budget`, or nil.
    ///
    /// - Parameter scratch: Room for `VectorPlan.scratchCount` values.
    static func best(
        _ values: UnsafePointer<Int64>, count: Int, scratch: UnsafeMutablePointer<Int64>, budget: Int,
        effort: Effort
    ) -> RicePlan? {
        if count < 32 || headerBits + count > budget { return nil }
        var best: RicePlan?
        var bestGuess = budget
        for order in 0...2 {
            let taken = sample(values, count: count, order: order, effort: effort, into: scratch)
            for candidate in candidates(scratch, count: taken, order: order) {
                guard let guess = candidate.guess(scratch, count: taken) else { continue }
                let bits = guess.bits * count / taken + 32 * order
                // A sample misses rare outliers, which only add to the cost.
                if bits >= (effort == .standard ? bestGuess : budget + budget / 8) { continue }
                bestGuess = bits
                var plan = candidate
                plan.lowBits = guess.lowBits
                if effort == .thorough {
                    plan.settle(values, count: count, scratch: scratch + BlockLimits.vector)
                    if plan.bits >= best?.bits ?? budget { continue }
                }
                best = plan
            }
        }
        if effort == .standard { best?.settle(values, count: count, scratch: scratch) }
        // It takes longer to decode, so it must save something.
        if let best, best.bits < budget - min(budget / 64, count / 8) { return best }
        return nil
    }

    private init(order: Int, base: Int64, isFolded: Bool) {
        self.order = order
        self.base = base
        self.isFolded = isFolded
    }

    /// Takes a sorted sample of the differences; returns its size.
    private static func sample(
        _ values: UnsafePointer<Int64>, count: Int, order: Int, effort: Effort,
        into target: UnsafeMutablePointer<Int64>
    ) -> Int {
        let places = count - order
        let taken = effort == .standard ? min(places, sampleCount) : places
        for index in 0..<taken {
            let place = order + index * places / taken
            switch order {
            case 0: target[index] = values[place]
            case 1: target[index] = values[place] &- values[place - 1]
            default: target[index] = values[place] &- 2 &* values[place - 1] &+ values[place - 2]
            }
        }
        let plan = PackingPlan(target, count: taken)
        PackingPlan.sort(target, count: taken, lowest: plan.base, width: plan.width)
        return taken
    }

    private static func candidates(_ sorted: UnsafePointer<Int64>, count: Int, order: Int) -> [RicePlan] {
        [
            RicePlan(order: order, base: sorted[count / 2], isFolded: true),
            RicePlan(order: order, base: sorted[0], isFolded: false),
        ]
    }

    /// The distance of a value.
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
        // A geometric distribution wants log2(mean · ln 2) low bits.
        let mean = sum / UInt64(range.count)
        let scaled = mean < 1 << 52 ? mean &* 11 / 16 : mean / 16 &* 11
        let lowBits = max(0, BitPacking.width(of: scaled) - 1)
        if lowBits > Self.maximumLowBits { return nil }
        // Half a unit of each distance is lost in the division, on average.
        let quotients = Int(sum >> UInt64(lowBits)) - (lowBits > 0 ? range.count / 2 : 0)
        return (lowBits, count * (lowBits + 1) + max(0, quotients))
    }

    /// Finds the width of low bits near a first guess, by the exact cost.
    private mutating func settle(
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
