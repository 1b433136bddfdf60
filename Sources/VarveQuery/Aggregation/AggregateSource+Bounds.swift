// AggregateSource+Bounds.swift — what lies around the range of a request: the value that holds into it, and until when
// the last one holds.

internal import VarveModel

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
