// QueryRequest.swift — a query, checked and ready to run.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// What a query asks for.
struct QueryRequest {
    /// Aggregation over buckets of `--every`, or with `--agg` alone over the whole range.
    struct Aggregation {
        var buckets: Buckets
        var aggregates: [Aggregate]
        var fill: Fill
        /// How many nanoseconds a value holds at most; nil for no limit.
        var hold: Int64?
    }

    /// How results are shown.
    enum Presentation {
        case rows(RowFormat)
        case plot(terminalWidth: Int, isColoured: Bool)
    }

    /// The devices named; at least one.
    var devices: [String]
    /// The points named; empty means all that are neither events nor attributes.
    var points: [String] = []
    /// Whether `points` are the series of events, whose occurrences are shown.
    var showsOccurrences = false
    /// The range of `--from` and `--to`.
    var range = TimeRange.all
    /// The moment beyond which the last value does not hold, which is now; nil for no such limit.
    var present: Timestamp?
    /// How samples are aggregated; nil to show the samples themselves.
    var aggregation: Aggregation?
    /// The zone of local times and days; nil for UTC.
    var zone: (any ZoneRules)?
    /// The order of time within a series.
    var order = TimeOrder.ascending
    /// The most rows in all; nil for no limit.
    var limit: Int?
    /// Whether only samples with quality 0 or none count.
    var goodOnly = false
    /// How times are written in CSV, NDJSON and JSON.
    var times = TimeForm.shortest
    /// Rows or a plot.
    var presentation = Presentation.rows(.table)

    /// The columns of the rows.
    var columns: RowColumns {
        if showsOccurrences { return .occurrences }
        return aggregation.map { .aggregates($0.aggregates) } ?? .samples
    }
}
