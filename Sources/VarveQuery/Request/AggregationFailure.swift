// AggregationFailure.swift — the reasons why aggregates cannot be computed as requested.

/// The reason why aggregates cannot be computed as requested.
///
/// `description` names no option of a command line; a caller adds that.
public enum AggregationFailure: Error, Hashable, Sendable {
    /// A text is not a length of time, for example `5x`.
    case notDuration(String)
    /// A length of time is too long: a bucket has at most 400 days.
    case tooLong(String)
    /// A length of time is 0; the least is a millisecond.
    case tooShort(String)
    /// No aggregate has this name.
    case unknownAggregate(String)
    /// An aggregate is named more than once.
    case repeatedAggregate(String)
    /// No fill has this name.
    case unknownFill(String)
    /// Buckets that follow a local clock are longer than a day and not whole days.
    case notWholeDays
    /// More empty buckets need a row than the limit of a query.
    case tooManyEmptyBuckets(limit: Int)
    /// A value holds over more empty buckets than the limit of a query.
    case tooManyHeldBuckets(limit: Int)
}

extension AggregationFailure: CustomStringConvertible {
    /// One line that says what is wrong.
    public var description: String {
        switch self {
        case .notDuration(let text):
            "\"\(text)\" is not a duration; write for example 500ms, 10s, 5m, 1h, 1d or 1w"
        case .tooLong(let text): "\"\(text)\" is too long"
        case .tooShort(let text): "\"\(text)\" is no time at all; at least 1ms"
        case .unknownAggregate(let name): "\"\(name)\" is not an aggregate; use some of \(Aggregate.names)"
        case .repeatedAggregate(let name):
            "\"\(name)\" is named twice; name each of \(Aggregate.names) at most once"
        case .unknownFill(let name): "\"\(name)\" is unknown; use \(Fill.names)"
        case .notWholeDays: "by local time a duration longer than a day must be whole days, such as 2d or 1w"
        case .tooManyEmptyBuckets(let limit): "more than \(limit) empty buckets to fill"
        case .tooManyHeldBuckets(let limit): "a value holds over more than \(limit) buckets without samples"
        }
    }
}
