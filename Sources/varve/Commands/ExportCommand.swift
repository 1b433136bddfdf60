// ExportCommand.swift — `varve export`: samples out as CSV or NDJSON.

import ArgumentParser
import VarveFile
import VarveModel
import VarveStorage
import VarveText
import VarveTransfer

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write samples to a CSV or NDJSON file that import reads back.",
        discussion: """
            Rows come by device, point and time. The file appears under its name when it is complete. Memory does \
            not grow with the rows.

            Where import --register would make another type of a point's texts, a column (or member) type comes last, \
            and import reads it. What a file cannot hold at all refuses the export; --allow-loss names what may be \
            lost: nan-payload (every NaN is written alike), empty-sample (neither value nor quality), long-row (more \
            than 1 MiB, which import rejects).

            Examples:
              varve export --format csv --out all.csv
              varve export --device R80711 --from 2015-01-01 --to 2016-01-01 --format ndjson --out -
              varve export --format csv --time-digits 9 --out for-pandas.csv
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var selection: SelectionOptions
    @Option(
        parsing: .unconditional,
        help: "The zone of local times and days in --from and --to, such as Europe/Paris.") var tz: String?
    @Option(help: "csv or ndjson.") var format: ExportFormat
    @Option(help: ArgumentHelp("The file to write; - is standard output.", valueName: "path")) var out: String
    @Option(
        name: .customLong("allow-loss"),
        help: ArgumentHelp(
            "Export although this is lost: nan-payload, empty-sample or long-row. Repeatable.",
            valueName: "loss"))
    var allowedLosses: [ExportLoss] = []
    @OptionGroup var times: TimeFormOptions
    @OptionGroup var state: StateOptions
    @Flag(
        help:
            "Print one line of JSON about what was written, to standard error if the rows go to standard output."
    )
    var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        do { _ = try range() } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        try selection.printNotes(tz: tz)
        let source = try state.state(of: data.openStore(to: .read).snapshot())
        let series = try selected(source)
        let progress = quiet || out == "-" ? nil : ExportProgressLine(out)
        let exporter = Exporter(
            source: source, files: POSIXFileSystem(), progress: progress, allowing: Set(allowedLosses))
        let result: ExportResult
        do {
            let times = try times.form()
            if out == "-" {
                result = try exporter.export(
                    series, in: range(), format: format, times: times, to: POSIXFile.standardOutput())
            } else {
                result = try exporter.export(series, in: range(), format: format, times: times, to: out)
            }
        } catch ExportError.timeCut(let time, let form, let key) {
            progress?.end()
            throw QueryFailure(
                description: TimeFormOptions.cut(time, form, device: key.device, point: key.point))
        }
        progress?.end()
        report(result)
        var errors = StandardErrors()
        if result.hasEarlyEpochs { print("varve: \(ExportNotes.earlyEpochs)", to: &errors) }
        guard let rounded = result.largeIntegers else { return }
        print("varve: \(ExportNotes.rounded(rounded))", to: &errors)
    }

    private func range() throws -> TimeRange { try selection.range(tz: tz) }

    private func selected(_ source: some SampleSource) throws -> [SeriesInfo] {
        if selection.isWhole { return try source.series() }
        return try selection.series(of: source).map(\.info)
    }

    private func report(_ result: ExportResult) {
        var notes = StandardErrors()
        for (loss, count) in result.lost.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            print("varve: \(loss.rawValue): \(ImportSummary.grouped(count)) samples", to: &notes)
        }
        let json = JSONText.object([
            ("rows", .integer(Int64(result.rows))), ("series", .integer(Int64(result.series))),
            ("bytes", .integer(Int64(result.bytes))),
        ])
        if out == "-" {
            guard self.json else { return }
            var errors = StandardErrors()
            return print(json.line(), to: &errors)
        }
        if self.json { return print(json.line()) }
        let rows = ImportSummary.grouped(result.rows)
        print(
            "wrote \(rows) rows of \(result.series) series, \(ImportSummary.grouped(UInt64(result.bytes))) bytes, to \(out)"
        )
    }
}

/// Shows an export's progress.
private final class ExportProgressLine: ExportProgress {
    private let line: ProgressLine

    init(_ title: String) {
        line = ProgressLine(title)
    }

    func advanced(series: Int, of total: Int, rows: UInt64) {
        line.show(fraction: Double(series) / Double(max(total, 1)), count: rows, unit: "rows")
    }

    func end() { line.end() }
}
