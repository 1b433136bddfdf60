// ImportCommand.swift — `varve import`: files in, receipts out.
//
// Invariants:
// - Exit 0: no row was rejected; 3: some rows were rejected; 1: failed. With several files the worst result counts.
// - A file that cannot be read does not stop the other files.
// - Standard output gets only the receipt. Progress and notes go to standard error.

import ArgumentParser
import VarveControl
import VarveFile
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveStorage
import VarveTransfer

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import history from CSV or NDJSON files, plain, .gz, .zst or .lz4.",
        discussion: """
            A CSV file has a header with device,point,time,value and optionally quality and product. Importing a \
            file again, or going on after an interruption, never counts a row twice.

            Rejected rows go to FILE.rejected.csv with line and reason. Mend them in its column row and import that file \
            by itself: it knows the header and the options of its source. Among other files it is passed over.

            Examples:
              varve import --register history.csv.gz
              varve import --product wind --tz Europe/Paris *.csv
              varve import --wide --register - < plant.csv
              varve import --dry-run --json history.csv
            """)

    @OptionGroup var data: DataOptions
    @Argument(help: ArgumentHelp("Files to import; - is standard input.", valueName: "file"))
    var inputs: [String] = []
    @Option(help: ArgumentHelp("The product of rows that name none.", valueName: "key")) var product: String?
    @Flag(help: "Create missing models, products, points and devices from the input first.") var register =
        false
    @Flag(help: "Apply the rows even if the same content was imported before.") var reapply = false
    @Flag(help: "Change nothing; say what an import would do.") var dryRun = false
    @Flag(help: "List the imports this store remembers, instead of importing.") var status = false
    @OptionGroup(title: "Reading options") var reading: ReadOptions
    @OptionGroup(title: "Reading options") var form: InputFormatOption
    @Option(
        help: ArgumentHelp(
            "The type of a new point, in place of what its values say: double, int64, bool, string or json. Repeatable.",
            valueName: "point=type"))
    var type: [String] = []
    @Option(
        help: ArgumentHelp(
            "The folder for files of rejected rows. (default: that of each file)", valueName: "folder"))
    var rejects: String?
    @Flag(help: "End with one line of JSON.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        guard status || !inputs.isEmpty else {
            throw ValidationError("name a file to import; - is standard input")
        }
        if !type.isEmpty, !register {
            throw ValidationError("--type is for the points that --register creates")
        }
        _ = try types()
    }

    /// The types given with `--type`, by point.
    private func types() throws -> [Name: ValueType] {
        var types: [Name: ValueType] = [:]
        for text in type {
            guard let mark = text.lastIndex(of: "="), mark > text.startIndex,
                let type = ValueType(name: text[text.index(after: mark)...])
            else {
                throw ValidationError(
                    "--type: \"\(text)\" is not POINT=TYPE with double, int64, bool, string or json as type")
            }
            let point = String(text[..<mark])
            guard types.updateValue(type, forKey: Name(point)) == nil else {
                throw ValidationError("--type: point \(point) is named twice")
            }
        }
        return types
    }

    func run() throws {
        if status { return try ImportStatus.show(of: data.openStore(to: .read), asJSON: json) }
        let started = SystemClock.monotonicNanoseconds()
        let named = try NamedFiles(inputs, rejectsFolder: rejects)
        var options = ImportOptions()
        try reading.apply(to: &options)
        try FileTerms.apply(
            named.givenOptions + reading.givenOptions(product: product, format: form.format), to: &options)
        options.registers = register
        options.reapplies = reapply
        options.isDryRun = dryRun
        options.types = try types()
        let target = try ImportTarget(data, isDryRun: dryRun)
        var total = ImportResult()
        var failure: (any Error)?
        var files = FileReport(named)
        var firstRejecting: String?
        let progress = ImportRunProgress(named.paths, isQuiet: quiet)
        let importer = Importer(
            sink: target.sink, directory: target.directory, files: target.files, spoolFolder: data.path,
            options: options, progress: progress)
        let sources = named.paths.map { source($0, named.rejectedPath(of: $0)) }
        importer.importAll(sources, begun: { progress.begin($0) }) { index, result in
            progress.end()
            do {
                do {
                    let one = try result.get()
                    total.add(one)
                    if firstRejecting == nil, one.firstRejected != nil { firstRejecting = named.paths[index] }
                    files.add(
                        named.paths[index], rejected: one.receipt.rejected,
                        options.isWide ? "samples" : "rows", at: one.rejectedPath)
                } catch {
                    try files.add(named.paths[index], error)
                }
                return true
            } catch {
                failure = error
                return false
            }
        }
        if total.registered > 0 { RunningService.noteRegistryChange(data) }
        try target.close(afterFailure: failure != nil)
        let seconds = Double(SystemClock.monotonicNanoseconds() - started) / 1e9
        // The files read before or beside a failed one are stored, so their receipt is printed.
        if files.done > 0 { report(total, firstRejecting, seconds) }
        files.end(isStopped: failure != nil)
        if let failure { throw failure }
        if let lost = total.rejectedFailure { throw LostRejects(failure: lost) }
        if files.hasFailed { throw ExitCode.failure }
        if total.exitCode != 0 { throw ExitCode(total.exitCode) }
    }

    private func source(_ input: String, _ rejectedPath: String?) -> ImportSource {
        input == "-"
            ? ImportSource(
                .stream(POSIXFile.standardInput()), rejectedPath: rejectedPath ?? "stdin.rejected.csv")
            : ImportSource(.file(input), rejectedPath: rejectedPath ?? input + ".rejected.csv")
    }

    private static func printNote(_ text: String) {
        var errors = StandardErrors()
        print("varve: \(text)", to: &errors)
    }

    private func report(_ result: ImportResult, _ firstRejecting: String?, _ seconds: Double) {
        for note in ImportNotes.lines(result, firstRejecting: firstRejecting) { Self.printNote(note) }
        if json { return print(result.jsonLine(seconds: seconds)) }
        print(ImportSummary.text(result, seconds: seconds, isDryRun: dryRun), terminator: "")
    }
}

/// Where an import goes: the running service, else the store and the registry.
///
/// A dry run reads the store and the registry where they exist and writes nothing.
private struct ImportTarget {
    private enum Place {
        case service(ControlClient)
        case store(Store)
        case dryRun(Store)
    }

    let directory: any PointDirectory
    let files = POSIXFileSystem()
    private let place: Place

    var sink: any ImportSink {
        switch place {
        case .service(let client): client
        case .store(let store), .dryRun(let store): store
        }
    }

    init(_ data: DataOptions, isDryRun: Bool) throws {
        if isDryRun {
            var options = StoreOptions.reading
            options.mayBeMissing = true
            let store = try Store.open(data.path, options: options)
            place = .dryRun(store)
            if try files.kind(data.registryPath) != nil {
                let registry = try data.openRegistry(to: .read)
                store.setRetention(registry.currentRetentions)
                directory = registry
            } else {
                directory = EmptyDirectory()
            }
            return
        }
        // The service is asked before the lock is tried: one that reopens its store is without the lock for a moment.
        if let client = try RunningService.connect(data) {
            place = .service(client)
        } else {
            place = .store(try data.openStore(to: .create))
        }
        let registry = try data.openRegistry(to: .create)
        if case .store(let store) = place { store.setRetention(registry.currentRetentions) }
        directory = registry
    }

    /// Closes the store after merging small segments, or ends the import at the service.
    func close(afterFailure isFailed: Bool) throws {
        switch place {
        case .dryRun: return
        case .service(let client):
            // After a failure the end of this process frees the service for the next import.
            if !isFailed { try client.endImport() }
        case .store(let store):
            defer { try? store.close() }
            _ = try store.compactIfDue()
            try store.close()
        }
    }
}

/// Stands in for the registry of a directory that has none yet: it knows nothing and registers nothing.
private final class EmptyDirectory: PointDirectory {
    func generation() -> UInt64 { 0 }

    func lookUp(product: String?, device: String, point _: String) -> PointLookup {
        product.map(PointLookup.unknownProduct) ?? .unknownDevice(device)
    }

    func register(_: Registration) -> Int { 0 }

    func timeZone(product _: String?, device _: String) -> String? { nil }

    func model(ofProduct _: String) -> String? { nil }

    func hasPoint(_: String, product _: String) -> Bool { false }

    func noteZones(_: [DeviceZone], remembers _: Bool) -> [DeviceZone] { [] }
}
