// TransformSearch.swift — finds the transform for a column of doubles: a few values give the candidates, and
// a sample decides which of them is cheapest.
//
// Invariants:
// - The choice changes only the size: every transform restores every value.

struct TransformSearch {
    /// The number of values that give the candidates (eight times as many at thorough effort), then the
    /// sample on which the candidates are costed: runs, and values in a run.
    private static let probeCount = 64
    private static let sampleRuns = 3
    private static let sampleRun = 96

    private var exact = ExponentCounts()
    private var float = ExponentCounts()
    private var near = ExponentCounts()
    private var widened = 0
    private var probes: [Int64] = []
    /// The numbers of decimal digits of values with an exact exponent.
    private var digits = ExponentCounts()
    /// The number of values with an exact exponent whose mantissa is so short that they are surely decimals.
    private var short = 0
    private static let shortLimit: UInt64 = 1 << 46
    /// The largest magnitude of a value.
    private var largest = 0.0

    /// The cheapest transform, by a sample.
    static func best(_ values: UnsafeBufferPointer<Int64>, effort: Effort) -> DoubleTransform {
        let search = TransformSearch(values, probes: effort == .standard ? probeCount : 8 * probeCount)
        var candidates = search.candidates()
        if search.isBinary, let point = FixedPoint(values) { candidates.append(.fixed(point)) }
        if candidates.count == 1 { return candidates[0] }
        let sample = effort == .standard ? Self.sample(of: values) : Array(values)
        return sample.withUnsafeBufferPointer { sample in
            var best = DoubleTransform.bits
            var bestCost = Int.max
            for candidate in candidates {
                let cost = DoublePlan.bits(of: candidate.apply(sample), effort: .standard)
                if cost < bestCost { (best, bestCost) = (candidate, cost) }
            }
            return best
        }
    }

    private static func sample(of values: UnsafeBufferPointer<Int64>) -> [Int64] {
        if values.count <= sampleRuns * sampleRun { return Array(values) }
        var sample: [Int64] = []
        for run in 0..<sampleRuns {
            let start = (values.count - sampleRun) * run / (sampleRuns - 1)
            sample.append(contentsOf: values[start..<(start + sampleRun)])
        }
        return sample
    }

    private init(_ values: UnsafeBufferPointer<Int64>, probes count: Int) {
        let taken = min(values.count, count)
        for index in 0..<taken {
            let pattern = values[index * values.count / taken]
            let value = Double(bitPattern: UInt64(bitPattern: pattern))
            if !value.isFinite || value == 0 { continue }
            probes.append(pattern)
            probe(value)
        }
    }

    private mutating func probe(_ value: Double) {
        if Double(Float(value)) == value { widened += 1 }
        largest = max(largest, abs(value))
        var needsFloat = true
        var needsNear = true
        for exponent in 0...17 {
            let factor = DecimalPrediction.powers[exponent]
            guard let mantissa = DecimalPrediction.mantissa(of: value * factor) else { return }
            let quotient = Double(mantissa) / factor
            if needsFloat && Float(quotient) == Float(value) {
                needsFloat = false
                float.add(exponent)
            }
            let difference = Int64(bitPattern: quotient.bitPattern &- value.bitPattern)
            if needsNear && difference.magnitude <= 16 {
                needsNear = false
                near.add(exponent)
            }
            if difference == 0 {
                exact.add(exponent)
                if mantissa.magnitude < Self.shortLimit { short += 1 }
                digits.add(DecimalPrediction.digitCount(mantissa.magnitude))
                return
            }
        }
    }

    /// Whether fewer than 40 % of the values are short decimals.
    private var isBinary: Bool { !probes.isEmpty && short * 10 < probes.count * 4 }

    private func candidates() -> [DoubleTransform] {
        var list: [DoubleTransform] = [.bits]
        func add(_ transform: DoubleTransform) {
            if !list.contains(transform) { list.append(transform) }
        }
        if probes.isEmpty { return [.bits, .decimal(exponent: 0)] }
        if exact.total * 10 >= probes.count * 4 {
            for share in [100, 97, 85, 50] { add(.decimal(exponent: exact.exponent(covering: share))) }
            for share in [100, 97] {
                let exponent = exact.exponent(covering: share)
                let digits = digits.exponent(covering: share)
                // Where even the largest values have all decimals, the steps between numbers are equal
                // anyway.
                let limit = Double(DecimalPrediction.integerPowers[digits])
                if SignificantDigits.digitRange.contains(digits)
                    && largest * DecimalPrediction.powers[exponent] >= limit
                {
                    add(.significant(SignificantDigits(exponent: exponent, digits: digits)))
                }
            }
        }
        let explained = exact.total == probes.count
        let exactExponent = exact.exponent(covering: 100)
        if float.total * 10 >= probes.count * 8 {
            for share in [100, 97, 90] {
                let exponent = float.exponent(covering: share)
                if explained && exactExponent <= exponent { continue }
                add(.predicted(bestWay(exponent: exponent)))
            }
        }
        if near.total * 10 >= probes.count * 8 {
            for share in [100, 97] {
                let exponent = near.exponent(covering: share)
                if explained && exactExponent <= exponent { continue }
                add(.predicted(DecimalPrediction(origin: .quotient, exponent: exponent)))
            }
        }
        if widened * 10 >= probes.count * 8 { add(.float) }
        return list
    }

    /// The way of printing whose differences to the probed values are the shortest.
    private func bestWay(exponent: Int) -> DecimalPrediction {
        var best = DecimalPrediction(origin: .float, exponent: exponent)
        var bestCost = cost(of: best)
        for origin in [DecimalPrediction.Origin.printed, .printedStepwise] {
            for digits in [8, 9, 7, 15, 6] {
                if bestCost == 0 { return best }
                let prediction = DecimalPrediction(origin: origin, exponent: exponent, digits: digits)
                let cost = cost(of: prediction)
                if cost < bestCost { (best, bestCost) = (prediction, cost) }
            }
        }
        return best
    }

    private func cost(of prediction: DecimalPrediction) -> Int {
        let factor = DecimalPrediction.powers[prediction.exponent]
        var bits = 0
        for pattern in probes {
            let value = Double(bitPattern: UInt64(bitPattern: pattern))
            let mantissa = DecimalPrediction.mantissa(of: value * factor) ?? 0
            let predicted = Int64(bitPattern: prediction.value(of: mantissa).bitPattern)
            bits += BitPacking.width(of: ZigZag.encode(pattern &- predicted))
        }
        return bits
    }
}

/// The number of values that need each decimal exponent.
private struct ExponentCounts {
    private var counts = [Int](repeating: 0, count: 18)
    private(set) var total = 0

    mutating func add(_ exponent: Int) {
        counts[exponent] += 1
        total += 1
    }

    /// The smallest exponent that suffices for `share` percent of the values counted.
    func exponent(covering share: Int) -> Int {
        var covered = 0
        for exponent in counts.indices {
            covered += counts[exponent]
            if covered * 100 >= total * share { return exponent }
        }
        return counts.count - 1
    }
}
