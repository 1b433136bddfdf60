// HeldAverage.swift — the average over time, in which a value holds until the next one.
//
// In a bucket, or the requested part of it, each moment has the value that holds then by the rule of HeldValue.swift.
// At the start of the part that is the last value before it, in any earlier bucket or before the range. Moments at
// which no value holds have no weight. A bucket in which no value holds at any moment has no average. If one bucket
// takes in all of time and the range has no end, the average ends with the last sample that counts; if that is the only
// sample, the average is its value.
//
// So the average of a bucket is the same whether the bucket is read alone or with others. GapFiller.swift gives buckets
// without samples their average.
//
// Invariants:
// - The sum of value · nanoseconds is exact and rounded once, so both orders give the same average to the last bit.

internal import VarveModel
import VarveSegment

/// The time-weighted average of the buckets of one series, one after the other.
struct HeldAverage: Sendable {
    private let plan: AggregationPlan
    private let isBackward: Bool
    /// Whether the last value has no weight, as the range has no end.
    private let isOpen: Bool
    /// The most nanoseconds that a value holds; nil for no limit.
    private let hold: Int64?
    private var sum = ExactSum()
    /// The number of nanoseconds at which a value holds; only the bucket of all of time could have 2^64, and that is
    /// open.
    private var weight: UInt64 = 0
    /// The part of the bucket, both ends included; empty if no value can hold in it.
    private var part: (first: Int64, last: Int64) = (0, -1)
    /// Forwards: the latest value so far, in this bucket or before it.
    private var held: HeldValue?
    /// Backwards: the time of the earliest value so far in the bucket.
    private var next: Int64?

    /// Creates the averages of a series.
    ///
    /// - Parameters:
    ///   - isOpen: Whether the bucket ends with its last sample.
    ///   - hold: The most nanoseconds that a value holds; nil for no limit.
    ///   - before: The last value before the range.
    init(_ plan: AggregationPlan, isBackward: Bool, isOpen: Bool, hold: Int64?, before: HeldValue?) {
        self.plan = plan
        self.isBackward = isBackward
        self.isOpen = isOpen
        self.hold = hold
        held = isBackward ? nil : before
    }

    /// Begins a bucket, or the part of it from `first` to `last`, both included.
    mutating func begin(first: Int64, last: Int64) {
        sum.reset()
        weight = 0
        part = (first, last)
        next = nil
    }

    /// Adds samples of the bucket; in one call the earliest is first.
    mutating func add(_ run: SampleRun, _ range: Range<Int>, allCount: Bool) {
        guard case .bits(let bits) = run.values else { return }
        func counts(_ index: Int) -> Bool { allCount || plan.counts(bits[index], run.states[index]) }
        if isBackward {
            for index in range.reversed() where counts(index) {
                takeEarlier(HeldValue(bits: bits[index], time: run.times[index]))
            }
        } else {
            for index in range where counts(index) {
                takeLater(HeldValue(bits: bits[index], time: run.times[index]))
            }
        }
    }

    /// Ends the bucket, forwards, and returns its average, or nil if it has none.
    ///
    /// - Parameter latest: The last value of the bucket, which must have one.
    mutating func finishForward(latest: HeldValue) -> Double? {
        if !isOpen { add(latest, through: part.last) }
        return average(latest)
    }

    /// Ends the bucket, backwards, and returns its average, or nil if it has none.
    ///
    /// - Parameters:
    ///   - latest: The last value of the bucket, which must have one.
    ///   - before: The last value before the bucket.
    mutating func finishBackward(latest: HeldValue, before: HeldValue?) -> Double? {
        if let before, let next, next > part.first { add(before, through: next - 1) }
        return average(latest)
    }

    private mutating func takeLater(_ value: HeldValue) {
        if let held { add(held, through: value.time - 1) }
        held = value
    }

    private mutating func takeEarlier(_ value: HeldValue) {
        if let next {
            add(value, through: next - 1)
        } else if !isOpen {
            add(value, through: part.last)
        }
        next = value.time
    }

    private func average(_ latest: HeldValue) -> Double? {
        if weight > 0 { return sum.mean(count: weight) }
        return isOpen ? latest.average(plan.type) : nil
    }

    /// Adds a value from its time, but not before the start of the part, to `last` or the end of its hold.
    private mutating func add(_ value: HeldValue, through last: Int64) {
        let first = max(value.time, part.first)
        let last = min(last, part.last, value.last(holding: hold))
        guard first <= last else { return }
        let span = UInt64(bitPattern: last &- first) &+ 1
        weight &+= span
        sum.add(value, plan.type, times: span)
    }
}
