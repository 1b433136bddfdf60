// RetentionLimit.swift — the moment from which on retention keeps samples.

public import VarveModel

/// The samples that retention keeps.
public enum RetentionLimit: Hashable, Sendable {
    /// Samples of this time and later.
    case from(Timestamp)
    /// Samples that were committed after this time.
    case arrivedAfter(Timestamp)
}

extension RetentionPeriod {
    /// The limit at a time in nanoseconds since 1970 UTC, in whole minutes; nil if it is before all storable times.
    func limit(at now: Int64) -> RetentionLimit? {
        let (length, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (time, overflow) = now.subtractingReportingOverflow(length)
        guard !tooLong, !overflow else { return nil }
        let minute = Timestamp(nanoseconds: time - time % 60_000_000_000)
        return basis == .event ? .from(minute) : .arrivedAfter(minute)
    }
}
