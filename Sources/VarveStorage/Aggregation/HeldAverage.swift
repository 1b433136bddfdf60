// HeldAverage.swift — the average over time: a value holds until the next one.
//
// In a bucket, or the part of it that was asked for:
// - a value holds from its time to the time of the next sample that counts, the last one to the end of the part;
// - from the start of the part to its first sample the last value before it holds, whichever bucket it is in, be it
//   before the range asked for; where there is none the average begins with the first sample.
// In the one bucket of all of time whose range has no end the average ends with the last sample that counts, or is
// its value where that is the only one.
//
// So it is the same whether a bucket is read alone or with others. A bucket without samples has no row, here too.
//
// Invariants:
// - The sum of value · nanoseconds is exact and is rounded once, so both orders give the same to the last bit.

internal import VarveModel

/// The time-weighted average of the buckets of one series, one after the other.
struct HeldAverage: Sendable {
    private let plan: AggregationPlan
    private let isBackward: Bool
    /// Whether the last value holds for no time because nothing says until when.
    private let isOpen: Bool
    private var sum = ExactSum()
    /// The last value of the bucket and its time.
    private var final: (value: UInt64, time: Int64) = (0, 0)
    /// The part of the bucket, both ends included.
    private var part: (first: Int64, last: Int64) = (0, 0)
    /// Of the samples met in the bucket: the time of the earliest, and where the next value to be added ends.
    private var earliest: Int64?
    /// Forwards: the latest value met, in this bucket or before.
    private var held: UInt64?
    private var heldFrom: Int64 = 0

    /// - Parameters:
    ///   - isOpen: Whether the bucket ends with its last sample.
    ///   - before: Forwards: the last value before the range.
    init(_ plan: AggregationPlan, isBackward: Bool, isOpen: Bool, before: UInt64?) {
        self.plan = plan
        self.isBackward = isBackward
        self.isOpen = isOpen
        held = isBackward ? nil : before
    }

    /// Begins a bucket.
    mutating func begin(first: Int64, last: Int64) {
        sum.reset()
        part = (first, last)
        earliest = nil
        heldFrom = first
    }

    /// Adds samples of the bucket, which in one call are earliest first.
    mutating func add(_ run: SampleRun, _ range: Range<Int>, allCount: Bool) {
        guard case .bits(let bits) = run.values else { return }
        func counts(_ index: Int) -> Bool { allCount || plan.counts(bits[index], run.states[index]) }
        if isBackward {
            for index in range.reversed() where counts(index) {
                takeEarlier(bits[index], at: run.times[index])
            }
        } else {
            for index in range where counts(index) { takeLater(bits[index], at: run.times[index]) }
        }
    }

    /// Ends the bucket, forwards, which must have samples, and returns its average.
    mutating func finishForward() -> Double {
        if let held {
            final = (held, heldFrom)
            if !isOpen { add(held, from: heldFrom, upTo: part.last, included: true) }
        }
        return average(from: part.first)
    }

    /// Ends the bucket, backwards, which must have samples, with the last value before it.
    mutating func finishBackward(before: UInt64?) -> Double {
        guard let before, let earliest, earliest > part.first else {
            return average(from: earliest ?? part.first)
        }
        add(before, from: part.first, upTo: earliest, included: false)
        return average(from: part.first)
    }

    private mutating func takeLater(_ value: UInt64, at time: Int64) {
        if let held {
            add(held, from: heldFrom, upTo: time, included: false)
        } else {
            // Nothing before: the average begins here.
            part.first = time
        }
        held = value
        heldFrom = time
    }

    private mutating func takeEarlier(_ value: UInt64, at time: Int64) {
        if let earliest {
            add(value, from: time, upTo: earliest, included: false)
        } else {
            final = (value, time)
            if !isOpen { add(value, from: time, upTo: part.last, included: true) }
        }
        earliest = time
    }

    private func average(from first: Int64) -> Double {
        if isOpen {
            var sum = sum
            let span = UInt64(bitPattern: final.time &- first)
            if span == 0 { add(final.value, 1, to: &sum) }
            return sum.mean(count: max(span, 1))
        }
        let span = UInt64(bitPattern: part.last &- first)
        // A bucket of all of time would have 2^64 nanoseconds; buckets are far shorter.
        return sum.mean(count: span == .max ? span : span + 1)
    }

    private mutating func add(_ value: UInt64, from first: Int64, upTo end: Int64, included: Bool) {
        let span = UInt64(bitPattern: end &- first) &+ (included ? 1 : 0)
        if span > 0 { add(value, span, to: &sum) }
    }

    private func add(_ value: UInt64, _ span: UInt64, to sum: inout ExactSum) {
        if plan.type == .double {
            sum.add(Double(bitPattern: value), times: span)
        } else {
            sum.add(integer: Int128(Int64(bitPattern: value)) * Int128(span))
        }
    }
}
