// QueryRun.swift — answers one query from a source of samples.
//
// Invariants:
// - Memory does not grow with the number of rows.
// - Reading stops as soon as the limit is reached or the reader closes the output.

import VarveModel
import VarveQuery
import VarveStorage
import VarveText
import VarveTransfer

/// Runs a query.
struct QueryRun {
    private let request: QueryRequest
    private let source: any AggregateSource
    private let output: OutputBuffer
    /// Called with lines for the user that are not part of the answer.
    private let note: (String) -> Void
    private var remaining: Int
    private var mix = NumberMix()

    init(
        _ request: QueryRequest, source: any AggregateSource, output: OutputBuffer,
        note: @escaping (String) -> Void = { _ in }
    ) {
        self.note = note
        self.request = request
        self.source = source
        self.output = output
        remaining = request.limit ?? .max
    }

    /// Finds the series, reads them and writes the results.
    ///
    /// - Throws: `QueryFailure` if the query cannot be answered; errors of the source and the output.
    mutating func run() throws {
        let found = try SeriesSelection.select(
            from: source, devices: request.devices, points: request.points)
        let series = try NumberPoints(request).select(withoutReserved(found), note)
        switch request.presentation {
        case .rows(let format): try writeRows(series, format)
        case .plot(let width, let isColoured):
            let plot = QueryPlot(request, source: source, terminalWidth: width, isColoured: isColoured)
            try output.append(plot.draw(series))
            try output.flush()
        }
    }

    /// The series without events and attributes, unless the query names its points.
    ///
    /// - Throws: `QueryFailure` if nothing is left.
    private func withoutReserved(_ series: [SelectedSeries]) throws(QueryFailure) -> [SelectedSeries] {
        guard request.points.isEmpty, !series.isEmpty else { return series }
        let points = series.filter { ReservedPoint(name: $0.info.key.point) == nil }
        guard points.isEmpty else { return points }
        throw QueryFailure(
            description: "there are events or attributes only: see --event, and `varve device attributes`")
    }

    private mutating func writeRows(_ series: [SelectedSeries], _ format: RowFormat) throws {
        var writer = format.writer(request.columns, to: output, zone: request.zone, times: request.times)
        try writer.begin()
        var filler = request.aggregation.map {
            GapFiller($0.fill, request.aggregates($0))
        }
        for one in series where remaining > 0 && output.isOpen {
            if request.showsOccurrences {
                try writeOccurrences(one, &writer)
            } else {
                try filler == nil ? writeSamples(one, &writer) : writeBuckets(one, &filler, &writer)
            }
        }
        try writer.end()
        guard format != .table, let rounded = mix.roundedSeries else { return }
        note(ExportNotes.rounded(rounded))
    }

    private mutating func writeSamples(_ series: SelectedSeries, _ writer: inout any RowWriter) throws {
        guard remaining > 0 else { return }
        try source.read(series.info.key, in: request.range, order: request.order) { columns in
            let samples = request.goodOnly ? columns.goodSamples() : columns
            let count = min(samples.count, remaining)
            try check(samples.times.prefix(count), series)
            mix.add(samples, of: series.info)
            try writer.write(samples, count: count, of: series.printed)
            remaining -= count
            return remaining > 0 && output.isOpen
        }
    }

    private mutating func writeOccurrences(
        _ series: SelectedSeries, _ writer: inout any RowWriter
    ) throws {
        guard remaining > 0 else { return }
        var printed = series.printed
        if case .event(let event) = ReservedPoint(name: printed.point) { printed.point = event }
        try source.occurrences(of: series.info.key, in: request.range, order: request.order) {
            time, content in
            try check([time], series)
            try writer.write(AggregateRow(start: time, values: [.json(content)]), of: printed)
            remaining -= 1
            return remaining > 0 && output.isOpen
        }
    }

    private mutating func writeBuckets(
        _ series: SelectedSeries, _ filler: inout GapFiller?, _ writer: inout any RowWriter
    ) throws {
        try filler?.rows(of: series.info, in: source) { row in
            try check([row.start], series)
            try writer.write(row, of: series.printed)
            remaining -= 1
            return remaining > 0 && output.isOpen
        }
    }
}

extension QueryRun {
    /// Checks that the form of times can hold all of these.
    ///
    /// - Throws: `QueryFailure` for the first time that it would cut.
    private func check(_ times: some Sequence<Int64>, _ series: SelectedSeries) throws(QueryFailure) {
        guard let cut = request.times.firstCut(times) else { return }
        throw QueryFailure(
            description: TimeFormOptions.cut(
                cut, request.times, device: series.printed.device, point: series.printed.point))
    }
}

extension QueryRequest {
    /// The aggregates asked of each series.
    func aggregates(_ aggregation: Aggregation) -> AggregateRequest {
        var asked = AggregateRequest(
            aggregation.aggregates, over: aggregation.buckets, in: range, goodOnly: goodOnly, order: order)
        asked.hold = aggregation.hold
        asked.present = present
        return asked
    }
}

extension SampleColumns {
    /// The samples whose quality is 0 or not given.
    func goodSamples() -> SampleColumns {
        let kept = states.indices.filter { SampleState(bits: states[$0])?.isGood ?? false }
        return kept.count < states.count ? selecting(kept) : self
    }
}
