// QueryWorkload.swift — reads in process (ranges first and warm, aggregates, opening), and what a query adds
// to the start of the process.
//
// "First" is the first read after the store was opened. The pages of its files are then in the kernel's
// cache.

import VarveFile
import VarveModel
import VarveProbe
import VarveQuery
import VarveStorage

/// Measures reads of one store.
struct QueryWorkload {
    let tool: String
    let store: String
    let runs: Int
    let hasGoals: Bool

    private static let day: Int64 = 86_400_000_000_000
    private static let warmReads = 200

    func run(into report: inout Report) throws {
        let snapshot = try Store.open(store, options: .reading).snapshot()
        let all = snapshot.series()
        guard
            let one = all.first(where: { $0.key.point == "P_avg" })
                ?? all.first(where: { $0.type == .double })
        else { throw HarnessError("\(store) has no number series") }
        let device = all.filter { $0.key.device == one.key.device && $0.key.product == one.key.product }
        let noon = try middle(of: one, in: snapshot)
        let oneDay = TimeRange(from: noon, to: Timestamp(nanoseconds: noon.nanoseconds + Self.day))
        let sixty = TimeRange(from: noon, to: Timestamp(nanoseconds: noon.nanoseconds + 60 * Self.day))
        let day = try measure([one], oneDay)
        let wide = try measure([one], sixty)
        let points = try measure(device, oneDay)
        let latest = try measure { try self.latest(one, $0) }
        report.add(
            "Reads in process",
            [
                .init("open the store", "ms", try opening()),
                .init("one series, one day, \(day.rows) rows, first", "ms", day.first, goal(.below(5))),
                .init("the same, warm", "ms", day.warm, goal(.below(0.2))),
                .init("one series, 60 days, \(wide.rows) rows, first", "ms", wide.first),
                .init("the same, warm", "ms", wide.warm, goal(.below(0.2))),
                .init(
                    "one device, \(device.count) points, one day, \(points.rows) rows, first", "ms",
                    points.first),
                .init("the same, warm", "ms", points.warm, goal(.below(5))),
                .init("latest value of a series, first", "ms", latest.first),
                .init("the same, warm", "ms", latest.warm),
                .init("every sample of every series", "M samples/s", try reading(all), goal(.atLeast(100))),
                .init(
                    "hourly avg, min, max of everything", "M samples/s",
                    try aggregating(all, .averageAndExtremes, "1h")),
                .init(
                    "count and avg of each series, from statistics", "M samples/s",
                    try aggregating(all, .average, nil), goal(.atLeast(3740))),
                .init(
                    "the same, decoding forced", "M samples/s",
                    try aggregating(all, .average, nil, isDecoding: true), goal(.atLeast(500))),
                .init(
                    "`varve query` of the day above `varve --version`", "ms", try starting(one, oneDay),
                    goal(.atMost(10))),
            ])
    }

    private func goal(_ goal: Goal) -> Goal? { hasGoals ? goal : nil }

    /// The start of the day in the middle of a series.
    private func middle(of series: SeriesInfo, in snapshot: StoreSnapshot) throws -> Timestamp {
        var first: Int64?
        var last: Int64 = 0
        try snapshot.read(series.key, in: .all, order: .ascending) { columns in
            first = first ?? columns.times.first
            last = columns.times.last ?? last
            return true
        }
        let middle = ((first ?? 0) + last) / 2
        return Timestamp(nanoseconds: middle / Self.day * Self.day)
    }

    private func opening() throws -> Figure {
        var figure = Figure()
        for _ in 0..<runs {
            figure.add(try Stopwatch.time { try Store.open(store, options: .reading) }.seconds * 1000)
        }
        return figure
    }

    private func measure(
        _ series: [SeriesInfo], _ range: TimeRange
    ) throws -> (first: Figure, warm: Figure, rows: Int) {
        try measure { try read(series, range, $0) }
    }

    /// The times of the first and of the warm reads of `read`, which returns its number of rows.
    private func measure(
        _ read: (StoreSnapshot) throws -> Int
    ) throws -> (first: Figure, warm: Figure, rows: Int) {
        var first = Figure()
        var warm = Figure()
        var rows = 0
        for _ in 0..<runs {
            let snapshot = try Store.open(store, options: .reading).snapshot()
            first.add(try Stopwatch.time { rows = try read(snapshot) }.seconds * 1000)
            var reads = Figure()
            for _ in 0..<Self.warmReads {
                reads.add(try Stopwatch.time { rows = try read(snapshot) }.seconds * 1000)
            }
            warm.add(reads.median)
        }
        return (first, warm, rows)
    }

    private func latest(_ series: SeriesInfo, _ snapshot: StoreSnapshot) throws -> Int {
        try snapshot.read(series.key, in: .all, order: .descending) { _ in false }
        return 1
    }

    private func read(_ series: [SeriesInfo], _ range: TimeRange, _ snapshot: StoreSnapshot) throws -> Int {
        var rows = 0
        for one in series {
            try snapshot.read(one.key, in: range, order: .ascending) { columns in
                rows += columns.count
                return true
            }
        }
        return rows
    }

    private func reading(_ series: [SeriesInfo]) throws -> Figure {
        let snapshot = try Store.open(store, options: .reading).snapshot()
        var figure = Figure()
        for _ in 0..<runs {
            let full = try Stopwatch.time { try read(series, .all, snapshot) }
            figure.add(Double(full.result) / full.seconds / 1e6)
        }
        return figure
    }

    private func aggregating(
        _ series: [SeriesInfo], _ figures: AggregateProbe.Figures, _ width: String?, isDecoding: Bool = false
    ) throws -> Figure {
        let snapshot = try Store.open(store, options: .reading).snapshot()
        let numeric = series.filter { !$0.type.isText }
        let samples = Double(try read(numeric, .all, snapshot))
        var figure = Figure()
        for _ in 0..<runs {
            let seconds = try Stopwatch.processorTime {
                for one in numeric {
                    _ = try AggregateProbe.buckets(
                        figures, of: one, width: width, isDecoding: isDecoding, in: snapshot)
                }
            }.seconds
            figure.add(samples / seconds / 1e6)
        }
        return figure
    }

    private func starting(_ series: SeriesInfo, _ range: TimeRange) throws -> Figure {
        var difference = Figure()
        for _ in 0..<max(runs, 15) {
            let version = try ChildProcess.run([tool, "--version"])
            let query = try ChildProcess.run([
                tool, "query", "--data", store, "--device", series.key.device, "--point", series.key.point,
                "--from", String(range.from.nanoseconds), "--to", String(range.to?.nanoseconds ?? 0),
                "--format", "csv",
            ])
            difference.add((query.seconds - version.seconds) * 1000)
        }
        return difference
    }
}
