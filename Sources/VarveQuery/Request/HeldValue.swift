// HeldValue.swift — a value that holds until the next one, and the end of the last value of a range.
//
// One rule serves the average over time and `Fill.previous`:
// - A value holds from its time to the time of the next value that counts, whether that one is in the range or not.
// - The last value of all holds to the end of the range, but not beyond the present.
// - With a limit of holding (`AggregateRequest.hold`) no value holds longer than that.
//
// Invariants:
// - The request decides what counts. Missing values, NaN and, if only good samples count, other qualities neither hold
//   nor end a value that holds.

import VarveModel
import VarveSegment

/// A value that counts, and its time.
struct HeldValue: Hashable, Sendable {
    /// The bits of a number; without meaning for a text.
    var bits: UInt64
    /// The time of the sample, in nanoseconds since 1970 UTC.
    var time: Int64

    /// The last nanosecond at which it holds if no other value follows.
    ///
    /// - Parameter length: The most nanoseconds that it holds; nil for no limit.
    func last(holding length: Int64?) -> Int64 {
        guard let length else { return .max }
        let (last, isBeyond) = time.addingReportingOverflow(length - 1)
        return isBeyond ? .max : last
    }

    /// The value as a double: its average over any time.
    func average(_ type: ValueType) -> Double {
        var sum = ExactSum()
        sum.add(self, type, times: 1)
        return sum.sum
    }
}

/// What holds around the range of a request.
struct HoldBounds: Hashable, Sendable {
    /// The last value that counts before the range.
    var before: HeldValue?
    /// The last nanosecond at which a value holds.
    var last: Int64
}

extension ExactSum {
    /// Adds a value, which is not NaN, `count` times: once for each nanosecond.
    mutating func add(_ value: HeldValue, _ type: ValueType, times count: UInt64) {
        if type == .double {
            add(Double(bitPattern: value.bits), times: count)
        } else {
            add(integer: Int128(Int64(bitPattern: value.bits)) * Int128(count))
        }
    }
}
