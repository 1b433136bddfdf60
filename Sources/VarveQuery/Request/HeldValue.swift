// HeldValue.swift — a value that holds until the next one, and until when the last one of a range does.
//
// One rule serves the average over time and `Fill.previous`:
// - A value holds from its time to the time of the next one that counts, whether that is in the range or not.
// - The last one of all holds to the end of the range, but not beyond the present.
// - With a limit of holding no value holds longer than that.
//
// Invariants:
// - What counts follows the request: missing values, NaN and, where only good ones are asked for, others neither
//   hold nor end what holds.

import VarveModel
import VarveSegment

/// The last value that counts before some time.
struct HeldValue: Hashable, Sendable {
    /// The bits of a number; nothing of use for a text.
    var bits: UInt64
    /// When it was read.
    var time: Int64

    /// The last nanosecond at which it holds if no other value follows.
    func last(holding length: Int64?) -> Int64 {
        guard let length else { return .max }
        let (last, isBeyond) = time.addingReportingOverflow(length - 1)
        return isBeyond ? .max : last
    }

    /// The value as its average over any time.
    func average(_ type: ValueType) -> Double {
        var sum = ExactSum()
        sum.add(self, type, times: 1)
        return sum.sum
    }
}

/// What is known of the time around the range of a request.
struct HoldBounds: Hashable, Sendable {
    /// The last value that counts before the range.
    var before: HeldValue?
    /// The last nanosecond at which a value holds.
    var last: Int64
}

extension ExactSum {
    /// Adds a value that is not NaN as often as it has nanoseconds.
    mutating func add(_ value: HeldValue, _ type: ValueType, times count: UInt64) {
        if type == .double {
            add(Double(bitPattern: value.bits), times: count)
        } else {
            add(integer: Int128(Int64(bitPattern: value.bits)) * Int128(count))
        }
    }
}
