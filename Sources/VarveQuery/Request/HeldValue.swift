// HeldValue.swift — a value that holds until the next one, and until when the last one of a range does.
//
// One rule serves the average over time and `--fill previous`:
// - A value holds from its time to the time of the next one that counts, whether that is in the range or not.
// - The last one of all holds to the end of the range, but not beyond the present.
// - With a limit of holding no value holds longer than that.
//
// Invariants:
// - What counts follows the request: missing values, NaN and, where only good ones are asked for, others neither
//   hold nor end what holds.

import VarveModel

/// The last value that counts before some time.
package struct HeldValue: Hashable, Sendable {
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
package struct HoldBounds: Hashable, Sendable {
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

extension AggregateSource {
    /// What holds into the range of a request and until when values hold in it.
    func bounds(of series: SeriesInfo, _ request: AggregateRequest) throws -> HoldBounds {
        let last = request.range.lastNanosecond ?? .min
        let before = try countedValue(
            of: series, request, in: TimeRange(from: .earliest, to: request.range.from), .descending)
        guard let present = request.present, present.nanoseconds <= last else {
            return HoldBounds(before: before, last: last)
        }
        // A value before one that lies in the future holds to that one; only the last of all ends with the present.
        let latest = try countedValue(of: series, request, in: TimeRange(from: present), .descending)
        let end = max(present.nanoseconds, latest?.time ?? .min, .min + 1)
        return HoldBounds(before: before, last: min(last, end - 1))
    }

    /// The first value of a range that counts, in the given order.
    func countedValue(
        of series: SeriesInfo, _ request: AggregateRequest, in range: TimeRange, _ order: TimeOrder
    ) throws -> HeldValue? {
        guard !range.isEmpty else { return nil }
        let plan = AggregationPlan(type: series.type, request)
        var found: HeldValue?
        try read(series.key, in: range, order: order) { columns in
            for index in columns.states.indices {
                if case .bits(let bits) = columns.values {
                    guard plan.counts(bits[index], columns.states[index]) else { continue }
                    found = HeldValue(bits: bits[index], time: columns.times[index])
                } else {
                    guard plan.countsText(columns.states[index]) else { continue }
                    found = HeldValue(bits: 0, time: columns.times[index])
                }
                return false
            }
            return true
        }
        return found
    }
}
