// Aggregate.swift — the names of the aggregates and what one yields.

/// A figure computed over the samples of a bucket.
public enum Aggregate: String, CaseIterable, Hashable, Sendable {
    /// The exact sum divided by the count, correctly rounded.
    case avg
    /// The smallest number; −0 is smaller than 0.
    case min
    /// The largest number.
    case max
    /// The exact sum: rounded once for doubles, every digit for integers.
    case sum
    /// How many samples counted.
    case count
    /// The value of the earliest sample that counts.
    case first
    /// The value of the latest sample that counts.
    case last
    /// The standard deviation of a sample (divided by n − 1), correctly rounded; none for one value.
    case stddev
    /// The middle value, or the mean of the two in the middle.
    case median
    /// The average over time: a value holds until the next one; see `HeldAverage`.
    case twa

    /// Whether texts have this aggregate.
    public var isForText: Bool { self == .count || self == .first || self == .last }

    /// All names, as error messages list them.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Reads a comma list such as `avg,min,max`.
    ///
    /// - Throws: `unknownAggregate`, `repeatedAggregate`.
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

/// What an aggregate yields for a bucket.
public enum AggregateValue: Hashable, Sendable {
    /// Nothing: the aggregate does not exist for the type, or the bucket was filled with null.
    case none
    /// A double.
    case double(Double)
    /// An integer; a sum of int64 readings needs more than 64 bits.
    case integer(Int128)
    /// A truth value, from `first` and `last`.
    case bool(Bool)
    /// A text, from `first` and `last`.
    case text(String)
    /// JSON text, from `first` and `last`.
    case json(String)

    /// The value as a double, or nil if it is not a number.
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
    /// One value for each aggregate asked for, in the order asked.
    public var values: [AggregateValue]
    /// A median that needs the bucket to be read again; only inside the engine.
    var openMedian: OpenMedian?
    /// The last value that counts, where the request has use for its time; only inside the engine.
    var held: HeldValue?

    /// Where the median is still missing.
    struct OpenMedian: Hashable, Sendable {
        /// The first and last nanosecond of the bucket.
        var first: Int64
        var last: Int64
        /// The samples that count.
        var count: Int
    }

    /// Makes a row.
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
