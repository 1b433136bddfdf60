// AggregationOption.swift — what is wrong with the aggregates of a query, in the words of its options.

import VarveQuery

/// An option of `varve query` that says what is aggregated and how.
enum AggregationOption: String {
    case every = "--every"
    case agg = "--agg"
    case fill = "--fill"
    case hold = "--hold"

    /// Reads the value of the option.
    ///
    /// - Throws: `QueryFailure`, which names the option.
    func reading<Value>(_ body: () throws(AggregationFailure) -> Value) throws -> Value {
        do throws(AggregationFailure) {
            return try body()
        } catch {
            throw QueryFailure(description: "\(rawValue): \(text(of: error))")
        }
    }

    private func text(of failure: AggregationFailure) -> String {
        switch (self, failure) {
        case (.every, .tooLong): "\(failure); at most 400d"
        case (.every, .notWholeDays):
            "with --tz a duration longer than a day must be whole days, such as 2d or 1w"
        case (.hold, .notDuration(let text)):
            "\"\(text)\" is not a duration; write for example 90s, 15m, 2h or 1d"
        case (.hold, .tooLong): "\(failure); without --hold a value holds to the next one"
        default: failure.description
        }
    }
}

extension AggregationFailure {
    /// What went wrong while the rows were made.
    func queryFailure(_ fill: Fill) -> QueryFailure {
        switch self {
        case .tooManyEmptyBuckets:
            QueryFailure(
                description: "--fill \(fill.rawValue): \(self); use a longer --every or a shorter range")
        case .tooManyHeldBuckets:
            QueryFailure(
                description: "--agg twa: \(self); use a longer --every, a shorter range or --hold")
        default: QueryFailure(description: description)
        }
    }
}
