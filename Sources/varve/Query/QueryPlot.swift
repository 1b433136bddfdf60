// QueryPlot.swift — a query drawn in the terminal.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText

/// Reads the series of a query and draws them.
struct QueryPlot {
    private let request: QueryRequest
    private let source: any AggregateSource
    private let terminalWidth: Int
    private let isColoured: Bool

    init(_ request: QueryRequest, source: any AggregateSource, terminalWidth: Int, isColoured: Bool) {
        self.request = request
        self.source = source
        self.terminalWidth = terminalWidth
        self.isColoured = isColoured
    }

    /// The plot of series of numbers, as text.
    ///
    /// - Throws: `QueryFailure` for more series than a plot can show, and the errors of reading.
    func draw(_ series: [SelectedSeries]) throws -> String {
        guard series.count <= TerminalPlot.maximumSeries else {
            throw QueryFailure(
                description:
                    "--plot: \(series.count) series, but at most \(TerminalPlot.maximumSeries) can be "
                    + "drawn together; choose with --point")
        }
        guard let times = try times(series) else { return "nothing to draw: no samples in this range\n" }
        var plot = TerminalPlot(
            times: times, terminalWidth: terminalWidth, clock: LocalTimeText(zone: request.zone),
            isColoured: isColoured)
        for one in series {
            plot.startSeries(name(one))
            if let aggregation = request.aggregation {
                var filler = GapFiller(aggregation.fill, request.aggregates(aggregation))
                try filler.rows(of: one.info, in: source) { row in
                    plot.add(row.start, row.values.first?.number)
                    return true
                }
            } else {
                try add(one, to: &plot)
            }
        }
        return plot.text()
    }

    private func name(_ series: SelectedSeries) -> String {
        printable(series.printed.device) + "/" + printable(series.printed.point)
    }

    private func add(_ series: SelectedSeries, to plot: inout TerminalPlot) throws {
        let type = series.info.type
        try source.read(series.info.key, in: request.range, order: .ascending) { columns in
            guard case .bits(let bits) = columns.values else { return true }
            for index in 0..<columns.count {
                let state = SampleState(bits: columns.states[index])
                if request.goodOnly, state?.isGood != true { continue }
                let isMissing = state?.isMissing ?? true
                let number =
                    type == .double
                    ? Double(bitPattern: bits[index]) : Double(Int64(bitPattern: bits[index]))
                plot.add(columns.times[index], isMissing ? nil : number)
            }
            return true
        }
    }

    /// The first and the last time of the plot: the ends of the range, or of the samples where the range is open.
    private func times(_ series: [SelectedSeries]) throws -> ClosedRange<Int64>? {
        var first = Int64.max
        var last = Int64.min
        for one in series {
            for order in [TimeOrder.ascending, .descending] {
                try source.read(one.info.key, in: request.range, order: order) { columns in
                    guard let time = columns.times.first else { return true }
                    first = min(first, time)
                    last = max(last, time)
                    return false
                }
            }
        }
        let isOpenAtStart = request.range.from == .earliest
        // A value from before the range may hold into a range without samples.
        let mayHold = request.aggregation?.aggregates.contains(.twa) ?? false
        guard first <= last || (mayHold && !isOpenAtStart && request.range.to != nil) else { return nil }
        let start = isOpenAtStart ? first : request.range.from.nanoseconds
        let end = request.range.to == nil ? last : request.range.lastNanosecond ?? last
        guard let aggregation = request.aggregation else { return start...max(start, end) }
        // A bucket is drawn at its start, which may lie before the first sample.
        var buckets = aggregation.buckets
        return min(start, buckets.bucket(containing: start).start)...max(start, end)
    }
}
