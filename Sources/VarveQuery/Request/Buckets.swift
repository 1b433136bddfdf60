// Buckets.swift — cuts time into buckets.
//
// Without a zone every bucket has the full width, and one begins at 1970-01-01T00:00:00Z, so weeks begin on Thursdays.
// With a zone, buckets follow the local clock:
// - Days begin at local midnight. A day with a clock change has 23 or 25 hours. Several days (`2d`) are counted from
//   1970-01-01. Whole weeks begin on Mondays.
// - A width that divides a day and the clock change (1 h and its parts, nearly everywhere) keeps its length. The local
//   day has more or fewer such buckets.
// - With a width that divides a day but not the clock change (`6h`), buckets begin where the local clock shows a
//   multiple of the width. On the day of a clock change one bucket is longer or shorter.
// - A width below a day that does not divide it (`7h`) counts from each local midnight. The last bucket of the day is
//   cut.
// - A width of more than a day that is not whole days (`36h`) cannot follow the local clock and is refused.
//
// Without a width one bucket takes in all of time.
//
// Invariants:
// - Every storable time is in exactly one bucket: buckets neither overlap nor leave gaps.

import VarveModel
public import VarveText

/// Cuts time into buckets.
public struct Buckets: Sendable {
    /// One bucket; both `start` and `last` are in it.
    public struct Bucket: Hashable, Sendable {
        /// The first nanosecond; the earliest storable one if the bucket begins before that.
        public var start: Int64
        /// The last nanosecond; the latest storable one if the bucket ends after that.
        public var last: Int64
    }

    /// The nominal length of a bucket.
    public let width: BucketWidth
    /// Whether one bucket takes in all of time.
    public let isWhole: Bool
    private let days: LocalDays?
    private var currentDay: (number: Int128, start: Int128, end: Int128) = (0, 0, 0)

    /// One bucket that takes in all of time.
    public static let whole = Buckets()

    private init() {
        width = BucketWidth(nanoseconds: .max)
        isWhole = true
        days = nil
    }

    /// Creates the buckets of a width, by the local clock if there is a zone.
    ///
    /// - Throws: `AggregationFailure.notWholeDays` if the width cannot follow the local clock.
    public init(width: BucketWidth, zone: (any ZoneRules)? = nil) throws(AggregationFailure) {
        if zone != nil, width.nanoseconds > BucketWidth.day, width.nanoseconds % BucketWidth.day != 0 {
            throw .notWholeDays
        }
        self.width = width
        isWhole = false
        days = zone.map(LocalDays.init)
    }

    /// The bucket that a time is in.
    ///
    /// Cost: small for times near each other, as the local day is remembered.
    public mutating func bucket(containing time: Int64) -> Bucket {
        if isWhole { return Bucket(start: .min, last: .max) }
        guard let days else { return fixed(time) }
        let moment = Int128(time)
        let length = Int128(width.nanoseconds)
        if moment < currentDay.start || moment >= currentDay.end {
            let number = days.day(containing: moment)
            currentDay = (number, days.start(ofDay: number), days.start(ofDay: number + 1))
        }
        if length >= LocalDays.dayLength { return wholeDays(days, length / LocalDays.dayLength) }
        let change = currentDay.end - currentDay.start - LocalDays.dayLength
        if change % length != 0, LocalDays.dayLength % length == 0 {
            return byLocalClock(days, moment, length)
        }
        let start = currentDay.start + (moment - currentDay.start) / length * length
        return Buckets.bucket(start, min(start + length, currentDay.end))
    }

    private func fixed(_ time: Int64) -> Bucket {
        let length = width.nanoseconds
        let rest = time % length
        // The distance from the bucket's start: the remainder of a time before 1970 is negative.
        let distance = rest < 0 ? rest + length : rest
        let (start, isBelow) = time.subtractingReportingOverflow(distance)
        let (last, isAbove) = time.addingReportingOverflow(length - 1 - distance)
        return Bucket(start: isBelow ? .min : start, last: isAbove ? .max : last)
    }

    private func wholeDays(_ days: LocalDays, _ count: Int128) -> Bucket {
        // 1969-12-29, day −3, is a Monday.
        let origin: Int128 = count % 7 == 0 ? -3 : 0
        let first = (currentDay.number - origin).dividedDown(by: count) * count + origin
        return Buckets.bucket(days.start(ofDay: first), days.start(ofDay: first + count))
    }

    private func byLocalClock(_ days: LocalDays, _ moment: Int128, _ length: Int128) -> Bucket {
        let midnight = currentDay.number * LocalDays.dayLength
        var start = currentDay.start
        var index: Int128 = 1
        // A clock change moves an edge by at most the change, so the search begins a little before the time.
        let elapsed = moment - currentDay.start
        let slack = LocalDays.dayLength / 8 + length
        if elapsed > slack {
            index = max(1, (elapsed - slack) / length)
            start = days.firstMoment(atLocal: midnight + (index - 1) * length)
        }
        while true {
            let isLast = midnight + index * length >= midnight + LocalDays.dayLength
            let end = isLast ? currentDay.end : days.firstMoment(atLocal: midnight + index * length)
            if moment < end || isLast { return Buckets.bucket(start, end) }
            start = end
            index += 1
        }
    }

    private static func bucket(_ start: Int128, _ end: Int128) -> Bucket {
        Bucket(start: Int64(clamping: start), last: Int64(clamping: end - 1))
    }
}
