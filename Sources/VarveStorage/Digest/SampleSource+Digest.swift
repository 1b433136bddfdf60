// SampleSource+Digest.swift — the digests of a series, day by day.

public import VarveModel

/// The samples of one UTC day of a series.
public struct DayDigest: Hashable, Sendable {
    /// The first moment of the day.
    public var day: Timestamp
    /// Its samples.
    public var digest: SampleDigest

    /// Makes the digest of a day.
    public init(day: Timestamp, digest: SampleDigest) {
        self.day = day
        self.digest = digest
    }
}

extension SampleSource {
    /// Goes through the visible samples of a series and hands on the digest of each day that has any, in time order.
    ///
    /// Cost: reads and decodes the range; 10 million samples take about a second. Memory: that of the read.
    ///
    /// - Parameters:
    ///   - series: The series; one without samples has no days.
    ///   - range: The half-open range of times.
    ///   - body: Gets each day.
    public func digests(
        of series: SeriesInfo, in range: TimeRange, _ body: (DayDigest) throws -> Void
    ) throws {
        let length: Int64 = 86_400_000_000_000
        var day = DayDigest(day: Timestamp(nanoseconds: 0), digest: SampleDigest())
        // The last nanosecond of the day at hand.
        var end = Int64.min
        try read(series.key, in: range, order: .ascending) { columns in
            for (index, time) in columns.times.enumerated() {
                if time > end || day.digest.samples == 0 {
                    if day.digest.samples > 0 { try body(day) }
                    let into = ((time % length) + length) % length
                    // The first day begins before the first time there is.
                    let (start, isBefore) = time.subtractingReportingOverflow(into)
                    day = DayDigest(
                        day: Timestamp(nanoseconds: isBefore ? .min : start), digest: SampleDigest())
                    let (last, isAfter) = time.addingReportingOverflow(length - 1 - into)
                    end = isAfter ? .max : last
                }
                day.digest.add(columns, index, type: series.type)
            }
            return true
        }
        if day.digest.samples > 0 { try body(day) }
    }
}
