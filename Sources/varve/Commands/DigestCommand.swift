// DigestCommand.swift — `varve digest`: fingerprints of samples, to compare stores and files with each other.

import ArgumentParser
import VarveFile
import VarveModel
import VarveRegistry
import VarveStorage
import VarveTransfer

struct DigestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest",
        abstract: "Show digests of the samples of a store or of files, or compare the two.",
        discussion: """
            A digest is a fingerprint of samples (product, device, point, time, value, quality) that does not depend on \
            their order or on how they are stored: two stores with equal digests hold the same samples.

            Files alone are read as import --register reads them into an empty store. With --compare they are read \
            with the products, types, zones and policies of the store, and for each series, from its first to its last \
            sample in the files, the days are listed on which the store has other samples; exit code 1 if there are \
            any. What such an import would not store (rejected, skipped or expired rows) is in no digest: it is counted \
            on standard error and in --json, and the rest is compared. Give the reading options of the import again.

            Examples:
              varve digest --by day --device R80711 --format csv
              varve digest --by all
              varve digest history.csv.gz
              varve digest --compare history.csv.gz
              varve digest --compare --json --tz Europe/Paris plant.csv
            """)

    @OptionGroup var data: DataOptions
    @Argument(
        help: ArgumentHelp("Files to read in place of the store; - is standard input.", valueName: "file"))
    var inputs: [String] = []
    @Flag(help: "Compare the files with the store.") var compare = false
    @OptionGroup var selection: SelectionOptions
    @OptionGroup var state: StateOptions
    @Option(help: "One row for each series or UTC day of it, or for all: series, day or all.") var by:
        DigestGrouping = .series
    @Option(help: "table, csv or ndjson. (default: table)") var format: DigestFormat?
    @Flag(help: "Print ndjson; for files, end with one line of what was compared and what was not.")
    var json =
        false
    @Option(help: ArgumentHelp("The product of rows of files that name none.", valueName: "key"))
    var product: String?
    @OptionGroup(title: "Reading options") var reading: ReadOptions
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        if compare, inputs.isEmpty {
            throw ValidationError("--compare: name the file to compare with the store")
        }
        if json, let format, format != .ndjson {
            throw ValidationError("--json is --format ndjson; leave --format \(format.rawValue) out")
        }
        do { _ = try range() } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        try selection.printNotes(tz: reading.tz)
        let output = OutputBuffer(StandardOutputSink())
        guard !inputs.isEmpty else {
            return try list(state.state(of: data.openStore(to: .read).snapshot()), to: output)
        }
        let named = try NamedFiles(inputs)
        let files = try ImportedFiles(
            named.paths, importOptions(named.givenOptions), terms(), showsProgress: !quiet)
        let notes = DigestNotes(files)
        var errors = StandardErrors()
        for line in notes.lines { print("varve: \(line)", to: &errors) }
        guard compare else {
            try list(files.snapshot, to: output)
            if json { try output.append(notes.line(nil, isEqual: false) + "\n") }
            return try output.flush()
        }
        var comparison = DigestComparison(try state.state(of: data.openStore(to: .read).snapshot()))
        let all = try selected(files.snapshot)
        let progress = quiet ? nil : ProgressLine("compare")
        for (done, series) in all.enumerated() {
            progress?.show(
                fraction: Double(done) / Double(all.count), count: comparison.samples, unit: "samples")
            try comparison.compare(series, of: files.snapshot, in: range())
        }
        progress?.end()
        try report(comparison, notes, to: output)
    }

    private var form: DigestFormat { json ? .ndjson : format ?? .table }

    /// What decides the meaning of the files' rows: with `--compare` the store and its registry, else the files alone.
    private func terms() throws -> ImportedFiles.Terms {
        guard compare else { return ImportedFiles.Terms() }
        let series = try data.openStore(to: .read).snapshot().series()
        let registry = try registryIfReadable()
        return ImportedFiles.Terms(
            directory: StoredPoints(series, registry), retention: registry?.currentRetentions)
    }

    /// The registry of the store.
    ///
    /// Nil if it is missing, or if SQLite cannot open it, as on a read-only disk. Names and types are then those of
    /// the store's series.
    private func registryIfReadable() throws -> Registry? {
        do {
            return try data.openRegistry(to: .read)
        } catch let error as RegistryError where error.code == .notFound || error.code == .unavailable {
            var errors = StandardErrors()
            print(
                "varve: \(error); compared without it: no zones of devices, policy last, no retention rules",
                to: &errors)
            return nil
        }
    }

    private func importOptions(_ givenOptions: [GivenOption]) throws -> ImportOptions {
        var options = ImportOptions()
        try reading.apply(to: &options)
        try FileTerms.apply(givenOptions + reading.givenOptions(product: product), to: &options)
        return options
    }

    private func range() throws -> TimeRange { try selection.range(tz: reading.tz) }

    private func selected(_ source: StoreSnapshot) throws -> [SelectedSeries] {
        try selection.series(of: source)
    }

    private func list(_ source: StoreSnapshot, to output: OutputBuffer) throws {
        let series = try selected(source)
        var rows = try DigestRows(by, form, to: output)
        // CSV and NDJSON rows are written as they come and would run into the progress line of a terminal.
        let wouldMixWithRows = form != .table && POSIXFile.standardOutput().isTerminal
        let progress = quiet || wouldMixWithRows ? nil : ProgressLine("digest")
        for (done, one) in series.enumerated() {
            guard output.isOpen else { return }
            try rows.add(one, in: range(), from: source) { samples in
                progress?.show(
                    fraction: Double(done) / Double(series.count), count: samples, unit: "samples")
            }
        }
        progress?.end()
        try rows.end()
    }

    private func report(
        _ comparison: DigestComparison, _ notes: DigestNotes, to output: OutputBuffer
    ) throws {
        // If nothing could be compared and rows were rejected, the files are not called equal.
        let isNothing = comparison.series == 0 && notes.hasRejected
        let isEqual = comparison.differences.isEmpty && !isNothing
        try output.append(comparison.text(form))
        if form == .table {
            let what =
                "\(ImportSummary.grouped(comparison.samples)) samples of \(comparison.series) series compared"
            let count = comparison.differences.count
            try output.append(
                isEqual
                    ? "equal: \(what)\n"
                    : isNothing ? "nothing was compared\n" : "different: \(count) days; \(what)\n")
        }
        if json { try output.append(notes.line(comparison, isEqual: isEqual) + "\n") }
        try output.flush()
        if !isEqual { throw ExitCode.failure }
    }
}

extension DigestGrouping: ExpressibleByArgument {}

extension DigestFormat: ExpressibleByArgument {}
