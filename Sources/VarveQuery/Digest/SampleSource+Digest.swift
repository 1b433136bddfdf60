// SampleSource+Digest.swift — the digests of a series, day by day.

public import VarveModel

/// The digest of the samples of one UTC day of a series.
public struct DayDigest: Hashable, Sendable {
    /// The first moment of the day; the earliest storable time if the day begins before that.
    public let day: Timestamp
    /// The digest of its samples.
    public internal(set) var digest = SampleDigest()
    /// The time of its first sample.
    public let first: Timestamp
    /// The time of its last sample.
    public internal(set) var last: Timestamp

    /// The last nanosecond of the day.
    let end: Int64

    private static let length: Int64 = 86_400_000_000_000

    /// The day of a time, which is the time of its first sample.
    init(from time: Int64) {
        let into = ((time % Self.length) + Self.length) % Self.length
        // The first day begins before the earliest storable time, and the last day ends after the latest one.
        let (start, isBefore) = time.subtractingReportingOverflow(into)
        let (end, isAfter) = time.addingReportingOverflow(Self.length - 1 - into)
        day = Timestamp(nanoseconds: isBefore ? .min : start)
        self.end = isAfter ? .max : end
        first = Timestamp(nanoseconds: time)
        last = first
    }

    /// Adds samples of the day, in time order.
    mutating func add(_ columns: SampleColumns, _ range: Range<Int>, type: ValueType) {
        digest.add(columns, range, type: type)
        last = Timestamp(nanoseconds: columns.times[range.upperBound - 1])
    }
}

extension SampleSource {
    /// Passes on the digest of each day with visible samples of a series, in time order.
    ///
    /// Cost: reads, decodes and hashes the range, at some 30 million samples a second. Memory: that of the read.
    ///
    /// - Parameters:
    ///   - series: The series; one without samples has no days.
    ///   - range: The half-open range of times.
    ///   - body: Called with each day.
    /// - Throws: What the source throws when it reads; what `body` throws.
    public func digests(
        of series: SeriesInfo, in range: TimeRange, _ body: (DayDigest) throws -> Void
    ) throws {
        var current: DayDigest?
        try read(series.key, in: range, order: .ascending) { columns in
            let times = columns.times
            var start = 0
            while start < times.count {
                if let day = current, times[start] > day.end {
                    try body(day)
                    current = nil
                }
                var day = current ?? DayDigest(from: times[start])
                var end = start + 1
                while end < times.count, times[end] <= day.end { end += 1 }
                day.add(columns, start..<end, type: series.type)
                current = day
                start = end
            }
            return true
        }
        if let current { try body(current) }
    }
}
