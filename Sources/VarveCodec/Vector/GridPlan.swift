// GridPlan.swift — values near the points of a regular grid, such as a clock that jitters and skips points.
//
// The difference of two jittered times has the jitter of both; the distance to the grid has that of one. So a
// clock that is off by up to a fifth of a second each time costs about a bit less a value this way than as
// differences.
//
// Invariants:
// - Value i is first + step · (i + the points left out before it) + residual i, modulo 2^64.

struct GridPlan {
    let first: Int64
    let step: Int64
    /// Where points were left out: the index of the value behind them, and their number (below 0 where values
    /// crowd).
    private(set) var gaps: [(index: Int, points: Int64)] = []
    /// How the residuals are packed.
    private(set) var packing: PackingPlan
    private(set) var bits = Int.max

    /// The most gaps that a grid may have.
    private static let maximumGaps = 64

    /// The cheapest grid that takes fewer bits than `budget` by a worthwhile amount, or nil.
    ///
    /// - Parameter scratch: Room for `VectorPlan.scratchCount` values.
    static func best(
        _ values: UnsafePointer<Int64>, count: Int, scratch: UnsafeMutablePointer<Int64>, budget: Int
    ) -> GridPlan? {
        guard count >= 32, budget > 2 * count, let typical = typicalStep(values, count: count) else {
            return nil
        }
        var best: GridPlan?
        for step in steps(values, count: count, typical: typical) {
            guard let plan = GridPlan(values, count: count, step: step, scratch: scratch) else { continue }
            if plan.bits < best?.bits ?? budget { best = plan }
        }
        guard let best, best.bits < budget - min(budget / 64, count / 8) else { return nil }
        return best
    }

    /// The median of a sample of 32 differences, if nearly all of them are near it.
    private static func typicalStep(_ values: UnsafePointer<Int64>, count: Int) -> Int64? {
        let taken = 32
        var differences = (0..<taken).map { index in
            let place = 1 + index * (count - 1) / taken
            return values[place] &- values[place - 1]
        }
        differences.sort()
        let median = differences[taken / 2]
        if median.magnitude < 4 { return nil }
        let near = differences.count(where: { ($0 &- median).magnitude < median.magnitude / 2 })
        return near >= taken - 3 ? median : nil
    }

    /// The steps worth a try: the mean of the differences near the median, exact and rounded to one to four
    /// digits.
    private static func steps(_ values: UnsafePointer<Int64>, count: Int, typical: Int64) -> [Int64] {
        var sum: Int64 = 0
        var taken: Int64 = 0
        for index in 1..<count {
            let difference = values[index] &- values[index - 1]
            if (difference &- typical).magnitude < typical.magnitude / 2 {
                sum &+= difference
                taken &+= 1
            }
        }
        if taken == 0 { return [] }
        let mean = sum / taken
        var steps = [mean]
        let digits = DecimalPrediction.digitCount(mean.magnitude)
        for kept in 1...4 where kept < digits {
            let unit = Int64(DecimalPrediction.integerPowers[digits - kept])
            let (rounded, overflow) = (mean / unit).multipliedReportingOverflow(by: unit)
            if overflow { continue }
            let rest = mean &- rounded
            let nearest = rest.magnitude * 2 < unit.magnitude ? rounded : rounded &+ rest.signum() &* unit
            if !steps.contains(nearest) { steps.append(nearest) }
        }
        return steps
    }

    private init?(
        _ values: UnsafePointer<Int64>, count: Int, step: Int64, scratch: UnsafeMutablePointer<Int64>
    ) {
        if step == 0 { return nil }
        first = values[0]
        self.step = step
        var place = first
        scratch[0] = 0
        for index in 1..<count {
            place &+= step
            let residual = values[index] &- place
            if residual.magnitude > step.magnitude / 2 {
                // Off by more than half a step: points were left out, or the clock has wandered.
                let points = residual / step
                let rest = residual &- points &* step
                let nearest =
                    rest.magnitude > step.magnitude / 2
                    ? points &+ (rest.signum() == step.signum() ? 1 : -1) : points
                if gaps.count == Self.maximumGaps { return nil }
                gaps.append((index, nearest))
                place &+= nearest &* step
            }
            scratch[index] = values[index] &- place
        }
        packing = PackingPlan(scratch, count: count)
        let gapBits = gaps.reduce(0) { $0 + 16 + VectorPlan.headerBits($1.points) }
        bits = 24 + VectorPlan.headerBits(first) + VectorPlan.headerBits(step) + gapBits + packing.bits
    }

    /// Writes the residual of each value to `target`.
    func residuals(_ values: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>) {
        var gap = 0
        var place = first
        for index in 0..<count {
            if gap < gaps.count && gaps[gap].index == index {
                place &+= gaps[gap].points &* step
                gap += 1
            }
            target[index] = values[index] &- place
            place &+= step
        }
    }
}
