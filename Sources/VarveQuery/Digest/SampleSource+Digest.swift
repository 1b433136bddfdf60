// SampleSource+Digest.swift — the digests of a series, day by day.

public import VarveModel

/// The samples of one UTC day of a series.
public struct DayDigest: Hashable, Sendable {
    /// The first moment of the day.
    public let day: Timestamp
    /// Its samples.
    public internal(set) var digest = SampleDigest()
    /// The time of its first sample.
    public let first: Timestamp
    /// The time of its last sample.
    public internal(set) var last: Timestamp

    /// The last nanosecond of the day.
    let end: Int64

    private static let length: Int64 = 86_400_000_000_000

    /// The day of a time, which is that of its first sample.
    init(from time: Int64) {
        let into = ((time % Self.length) + Self.length) % Self.length
        // The first day begins before the first time there is, the last one ends behind the last.
        let (start, isBefore) = time.subtractingReportingOverflow(into)
        let (end, isAfter) = time.addingReportingOverflow(Self.length - 1 - into)
        day = Timestamp(nanoseconds: isBefore ? .min : start)
        self.end = isAfter ? .max : end
        first = Timestamp(nanoseconds: time)
        last = first
    }

    /// Adds samples of the day.
    mutating func add(_ columns: SampleColumns, _ range: Range<Int>, type: ValueType) {
        digest.add(columns, range, type: type)
        last = Timestamp(nanoseconds: columns.times[range.upperBound - 1])
    }
}

extension SampleSource {
    /// Goes through the visible samples of a series and hands on the digest of each day that has any, in time order.
    ///
    /// Cost: reads, decodes and hashes the range: some 30 million samples a second. Memory: that of the read.
    ///
    /// - Parameters:
    ///   - series: The series; one without samples has no days.
    ///   - range: The half-open range of times.
    ///   - body: Gets each day.
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
