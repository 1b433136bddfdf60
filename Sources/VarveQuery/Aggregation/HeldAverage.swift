// HeldAverage.swift — the average over time: a value holds until the next one.
//
// In a bucket, or the part of it that was asked for, each moment has the value that holds then, as HeldValue.swift has
// it: from the start of the part that is the last value before it, whichever bucket that is in, be it before the range.
// Moments at which no value holds have no weight; a bucket without any other has no average.
// In the one bucket of all of time whose range has no end the average ends with the last sample that counts, or is
// its value where that is the only one.
//
// So it is the same whether a bucket is read alone or with others. Buckets without samples get theirs in GapFiller.swift.
//
// Invariants:
// - The sum of value · nanoseconds is exact and is rounded once, so both orders give the same to the last bit.

internal import VarveModel
import VarveSegment

/// The time-weighted average of the buckets of one series, one after the other.
struct HeldAverage: Sendable {
    private let plan: AggregationPlan
    private let isBackward: Bool
    /// Whether the last value holds for no time because nothing says until when.
    private let isOpen: Bool
    /// How long a value holds at most.
    private let hold: Int64?
    private var sum = ExactSum()
    /// The nanoseconds at which a value holds; only the bucket of all of time could have 2^64, and that is open.
    private var weight: UInt64 = 0
    /// The part of the bucket, both ends included; empty where nothing may hold in it.
    private var part: (first: Int64, last: Int64) = (0, -1)
    /// Forwards: the latest value met, in this bucket or before.
    private var held: HeldValue?
    /// Backwards: the time of the earliest value met in the bucket.
    private var next: Int64?

    /// - Parameters:
    ///   - isOpen: Whether the bucket ends with its last sample.
    ///   - hold: How long a value holds at most.
    ///   - before: The last value before the range.
    init(_ plan: AggregationPlan, isBackward: Bool, isOpen: Bool, hold: Int64?, before: HeldValue?) {
        self.plan = plan
        self.isBackward = isBackward
        self.isOpen = isOpen
        self.hold = hold
        held = isBackward ? nil : before
    }

    /// Begins a bucket.
    mutating func begin(first: Int64, last: Int64) {
        sum.reset()
        weight = 0
        part = (first, last)
        next = nil
    }

    /// Adds samples of the bucket, which in one call are earliest first.
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

    /// Adds a value from its time, or the start of the part if it is earlier, to `last` or the end of its hold.
    private mutating func add(_ value: HeldValue, through last: Int64) {
        let first = max(value.time, part.first)
        let last = min(last, part.last, value.last(holding: hold))
        guard first <= last else { return }
        let span = UInt64(bitPattern: last &- first) &+ 1
        weight &+= span
        sum.add(value, plan.type, times: span)
    }
}
