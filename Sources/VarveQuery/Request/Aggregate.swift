// Aggregate.swift — the aggregates, their values, and the rows that hold them.

/// A figure computed over the samples of a bucket.
public enum Aggregate: String, CaseIterable, Hashable, Sendable {
    /// The exact sum divided by the count, correctly rounded.
    case avg
    /// The smallest number; −0 is below +0.
    case min
    /// The largest number.
    case max
    /// The exact sum: rounded once for doubles, every digit for integers.
    case sum
    /// The number of samples that count.
    case count
    /// The value of the earliest sample that counts.
    case first
    /// The value of the latest sample that counts.
    case last
    /// The standard deviation of a sample (divided by n − 1), correctly rounded; no value if only one sample counts.
    case stddev
    /// The middle value, or the mean of the two in the middle.
    case median
    /// The average over time, in which a value holds until the next one; see `HeldAverage`.
    case twa

    /// Whether texts have this aggregate.
    public var isForText: Bool { self == .count || self == .first || self == .last }

    /// All names, separated by commas, for error messages.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Reads a comma list such as `avg,min,max`.
    ///
    /// - Returns: The aggregates in the order of the list.
    /// - Throws: `AggregationFailure.unknownAggregate`; `AggregationFailure.repeatedAggregate`.
    public static func parse(list: String) throws(AggregationFailure) -> [Aggregate] {
        var result: [Aggregate] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let name = String(part).trimmingSpaces()
            guard let aggregate = Aggregate(rawValue: name) else { throw .unknownAggregate(name) }
            guard !result.contains(aggregate) else { throw .repeatedAggregate(name) }
            result.append(aggregate)
        }
        return result
    }
}

/// The value of an aggregate for a bucket.
public enum AggregateValue: Hashable, Sendable {
    /// No value: the aggregate does not exist for the type, or the bucket was filled without one.
    case none
    /// A double.
    case double(Double)
    /// An integer; a sum of int64 values can need more than 64 bits.
    case integer(Int128)
    /// A boolean, from `first` and `last`.
    case bool(Bool)
    /// A text, from `first` and `last`.
    case text(String)
    /// JSON text, from `first` and `last`.
    case json(String)

    /// The value as a double, booleans as 0 and 1; nil for texts and for no value.
    public var number: Double? {
        switch self {
        case .double(let value): value
        case .integer(let value): Double(value)
        case .bool(let value): value ? 1 : 0
        case .none, .text, .json: nil
        }
    }
}

/// One row of an aggregated series.
public struct AggregateRow: Hashable, Sendable {
    /// The start of the bucket, in nanoseconds since 1970 UTC.
    public var start: Int64
    /// One value for each aggregate of the request, in its order.
    public var values: [AggregateValue]
    /// Set, inside the engine only, if the median needs the bucket to be read again.
    var openMedian: OpenMedian?
    /// The last value that counts, inside the engine only, if the request needs its time.
    var held: HeldValue?

    /// A bucket whose median is still missing.
    struct OpenMedian: Hashable, Sendable {
        /// The first and last nanosecond of the bucket.
        var first: Int64
        var last: Int64
        /// The number of samples that count.
        var count: Int
    }

    /// Creates a row.
    public init(start: Int64, values: [AggregateValue]) {
        self.start = start
        self.values = values
    }
}

extension String {
    /// The text without spaces at its ends.
    func trimmingSpaces() -> String {
        var rest = self[...]
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        return String(rest)
    }
}
