// AggregateSource+Bounds.swift — finds the value that holds into the range of a request, and the end of the last value
// in it.

internal import VarveModel

extension AggregateSource {
    /// The value that holds into the range of a request, and the last moment at which values hold in it.
    ///
    /// - Throws: What the source throws when it reads.
    func bounds(of series: SeriesInfo, _ request: AggregateRequest) throws -> HoldBounds {
        let last = request.range.lastNanosecond ?? .min
        let before = try countedValue(
            of: series, request, in: TimeRange(from: .earliest, to: request.range.from), .descending)
        guard let present = request.present, present.nanoseconds <= last else {
            return HoldBounds(before: before, last: last)
        }
        // A value that is followed by one in the future holds to that one; only the last value of all ends with the
        // present.
        let latest = try countedValue(of: series, request, in: TimeRange(from: present), .descending)
        let end = max(present.nanoseconds, latest?.time ?? .min, .min + 1)
        return HoldBounds(before: before, last: min(last, end - 1))
    }

    /// The first value that counts in a range, in the given order.
    ///
    /// - Throws: What the source throws when it reads.
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
