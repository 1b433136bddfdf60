// QueryOptions.swift — the options of `varve query` and the request they make.

import ArgumentParser
import Glibc
import VarveModel
import VarvePlatform
import VarveQuery
import VarveStorage
import VarveText

/// The options of `varve query`, apart from `--data`.
struct QueryOptions: ParsableArguments {
    /// The command's name and help.
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Show samples, aggregates or a plot of devices.",
        discussion: """
            Rows come by device, point and time. Times are UTC; with --tz the table and the plot show local \
            times, and days, weeks and --from/--to without an offset follow the local clock.

            Aggregates run over values of any quality (--good-only: quality 0 or none) and leave NaN out. stddev \
            divides by n - 1; twa is the average over time: a value holds until the next one that counts, the last \
            one to --to but not beyond the present, or without --to to the end of its bucket; none longer than \
            --hold. Buckets without samples in which a value holds have a row of their own.

            --fill gives every bucket of --from/--to a row; count is 0 in it. previous repeats the last bucket with \
            samples, also one before --from, as long as its last value holds; linear needs samples on both sides, \
            which may lie outside of --from/--to.

            Examples:
              varve query --device R80711 --point Ws_avg --from 2014-04-03 --to 2014-04-04
              varve query --device R80711 --point P_avg --every 1h --agg avg,min,max --format csv
              varve query --device R80711 --point P_avg --format csv --time-digits 3
              varve query --device R80711 --agg count,avg
              varve query --device R80711 --point Ws_avg --every 1d --agg twa,median,stddev
              varve query --device R80711 --point Ws_avg --every 10m --fill previous --hold 1h
              varve query --device R80711 --device R80721 --point Ws_avg --every 1d --tz Europe/Paris
              varve query --device R80711 --point P_avg --order desc --limit 1 --format json
              varve query --device R80711 --point Ws_avg --from 2014-03-26 --to 2014-04-02 --plot
              varve query --device R80711 --event overheat --format ndjson
            """)

    @Option(name: .customLong("device"), help: "A device, or product/device. Repeatable.")
    var devices: [String] = []
    @Option(name: .customLong("point"), help: "A measurement point; without it all. Repeatable.")
    var points: [String] = []
    @Option(
        name: .customLong("event"),
        help: "An event: a row for each occurrence, with its content, instead of samples. Repeatable.")
    var events: [String] = []
    @Option(
        parsing: .unconditional,
        help: "First time: RFC 3339, YYYY-MM-DD[ HH:MM[:SS]] (UTC or --tz) or an integer epoch.")
    var from: String?
    @Option(parsing: .unconditional, help: "First time after the range; forms as for --from.")
    var to: String?
    @Option(help: "Aggregate over buckets of this length: 500ms, 10s, 5m, 1h, 1d, 1w.")
    var every: String?
    @Option(
        help: """
            Comma list of avg, min, max, sum, count, first, last, stddev, median, twa. (default: avg) Without \
            --every: over the whole range.
            """)
    var agg: String?
    @Option(parsing: .unconditional, help: "Time zone, such as Europe/Paris, for local times and days.")
    var tz: String?
    @Option(help: "asc or desc: time order within each series.")
    var order = "asc"
    @Option(help: "At most this many rows in all.")
    var limit: Int?
    @Option(help: "Empty buckets: none, null, previous or linear. (default: none)")
    var fill: String?
    @Option(
        help:
            "A value holds at most so long, for twa and --fill previous: 90s, 15m, 2h, 1d. (default: no end)")
    var hold: String?
    @Flag(help: "Only samples with quality 0 or none.")
    var goodOnly = false
    @Option(help: "table, csv, ndjson or json. (default: table)")
    var format: String?
    @OptionGroup var times: TimeFormOptions
    @Flag(help: "Draw a plot in the terminal instead of rows.")
    var plot = false

    func validate() throws {
        // A wrong option is a wrong command line (exit code 2), not a failed query (exit code 1).
        do { _ = try request() } catch { throw ValidationError("\(error)") }
    }

    /// Runs the query and writes its answer to standard output, with notes on standard error.
    func run(on source: any AggregateSource) throws {
        let sink = StandardOutputSink()
        let isColoured = sink.isTerminal && getenv("NO_COLOR") == nil
        var request = try request(terminalWidth: sink.terminalWidth, isColoured: isColoured)
        request.present = Timestamp(nanoseconds: SystemClock.nanoseconds())
        let note: (String) -> Void = { line in
            var errors = StandardErrors()
            print("varve: \(line)", to: &errors)
        }
        for line in TimeBound.notes(from: from, to: to, zone: request.zone) { note(line) }
        var run = QueryRun(request, source: source, output: OutputBuffer(sink), note: note)
        do {
            try run.run()
        } catch let failure as AggregationFailure {
            throw failure.queryFailure(request.aggregation?.fill ?? .none)
        }
    }

    /// The request that the options make.
    ///
    /// - Parameters:
    ///   - terminalWidth: Characters in a line of the terminal, for a plot.
    ///   - isColoured: Whether a plot has colours.
    /// - Throws: The first error in the options, each a line for the user that begins with the option.
    func request(terminalWidth: Int = 80, isColoured: Bool = false) throws -> QueryRequest {
        guard !devices.isEmpty else { throw failure("--device is missing; name at least one device") }
        var request = QueryRequest(devices: devices, points: points)
        request.zone = try tz.map(zone)
        request.range = try TimeBound.range(from: from, to: to, zone: request.zone)
        request.aggregation = try aggregation(request.zone)
        if !events.isEmpty { try take(events, into: &request) }
        guard order == "asc" || order == "desc" else {
            throw failure("--order: \"\(printable(order))\" is unknown; use asc or desc")
        }
        request.order = order == "asc" ? .ascending : .descending
        if let limit, limit < 1 { throw failure("--limit: \(limit) is not a number of rows; at least 1") }
        request.limit = limit
        request.goodOnly = goodOnly
        request.times = try times.form()
        if times.isGiven, plot || (format ?? "table") == "table" {
            throw failure("--time-digits and --time-format are for --format csv, ndjson and json")
        }
        request.presentation = plot ? try plotPresentation(terminalWidth, isColoured) : .rows(try rowFormat())
        return request
    }

    private func take(_ events: [String], into request: inout QueryRequest) throws {
        guard points.isEmpty, request.aggregation == nil, !goodOnly, !plot else {
            throw failure(
                "--event shows occurrences: leave out --point, --every, --agg, --good-only and --plot")
        }
        request.points = events.map { ReservedPoint.event($0).name }
        request.showsOccurrences = true
    }

    private func zone(_ name: String) throws -> any NamedZone {
        do { return try SystemZones.zone(named: name) } catch { throw failure("--tz: \(error)") }
    }

    private func aggregation(_ zone: (any ZoneRules)?) throws -> QueryRequest.Aggregation? {
        guard let every else {
            if fill != nil { throw failure("--fill needs --every; for example --every 1h") }
            let aggregates = try agg.map(aggregates)
            let hold = try holdLength(aggregates ?? [], .none)
            guard let aggregates else { return nil }
            if plot { throw failure("--plot with --agg needs --every; for example --every 1h") }
            return QueryRequest.Aggregation(
                buckets: .whole, aggregates: aggregates, fill: .none, hold: hold)
        }
        let aggregates = try aggregates(agg ?? "avg")
        let fill = try AggregationOption.fill.reading { () throws(AggregationFailure) in
            try Fill.parse(self.fill ?? "none")
        }
        let buckets = try AggregationOption.every.reading { () throws(AggregationFailure) in
            try Buckets(width: .parse(every), zone: zone)
        }
        return QueryRequest.Aggregation(
            buckets: buckets, aggregates: aggregates, fill: fill, hold: try holdLength(aggregates, fill))
    }

    private func aggregates(_ list: String) throws -> [Aggregate] {
        try AggregationOption.agg.reading { () throws(AggregationFailure) in try Aggregate.parse(list: list) }
    }

    private func holdLength(_ aggregates: [Aggregate], _ fill: Fill) throws -> Int64? {
        guard let hold else { return nil }
        let length = try AggregationOption.hold.reading { () throws(AggregationFailure) in
            try HoldDuration.parse(hold)
        }
        guard aggregates.contains(.twa) || fill == .previous else {
            throw failure("--hold is for --agg twa and for --fill previous, and neither is given")
        }
        return length
    }

    private func rowFormat() throws -> RowFormat {
        guard let known = RowFormat(rawValue: format ?? "table") else {
            let names = RowFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw failure("--format: \"\(printable(format ?? ""))\" is unknown; use one of \(names)")
        }
        return known
    }

    private func plotPresentation(_ width: Int, _ isColoured: Bool) throws -> QueryRequest.Presentation {
        guard format == nil, limit == nil, order == "asc", fill == nil else {
            throw failure("--plot draws the whole range; leave out --format, --limit, --order and --fill")
        }
        guard agg?.contains(",") != true else {
            throw failure("--plot draws one aggregate; give one in --agg")
        }
        return .plot(terminalWidth: width, isColoured: isColoured)
    }

    private func failure(_ description: String) -> QueryFailure { QueryFailure(description: description) }
}
