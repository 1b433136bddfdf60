// Importer.swift — the entry point of imports: from the bytes of files to their receipts.
//
// A file is read twice. The survey checks it as a whole and finds units and types; a damaged file fails here, before
// anything is committed. The import then commits it batch by batch and finds the file in the page cache.
//
// Invariants:
// - Every sample is counted: the eight counts of a receipt add up to its samples.
// - Memory does not depend on the size of the input: three reading buffers, two batches as flat columns and
//   one sorted, and tables of names that `BatchLimits` and `Survey` bound.

public import VarveFile
public import VarveModel

/// Imports files.
///
/// Not thread-safe: run one import at a time. The sink and the directory are called from two threads.
public final class Importer {
    private let sink: any ImportSink
    private let directory: any PointDirectory
    private let files: any FileSystem
    private let options: ImportOptions
    private let progress: (any ImportProgress)?
    private let spoolFolder: String
    private let sizes: ReadingSizes
    private let limits: BatchLimits

    /// Makes an importer.
    ///
    /// - Parameters:
    ///   - sink: Where the samples go.
    ///   - directory: Knows products, devices and points; with `registers` it also creates them.
    ///   - files: The file system of inputs and rejected rows.
    ///   - spoolFolder: The folder of temporary copies of standard input and pipes.
    ///   - progress: Follows the import.
    public convenience init(
        sink: any ImportSink, directory: any PointDirectory, files: any FileSystem, spoolFolder: String,
        options: ImportOptions = ImportOptions(), progress: (any ImportProgress)? = nil
    ) {
        self.init(
            sink: sink, directory: directory, files: files, spoolFolder: spoolFolder, options: options,
            progress: progress, sizes: ReadingSizes(), limits: BatchLimits())
    }

    init(
        sink: any ImportSink, directory: any PointDirectory, files: any FileSystem, spoolFolder: String,
        options: ImportOptions, progress: (any ImportProgress)?, sizes: ReadingSizes, limits: BatchLimits
    ) {
        self.sink = sink
        self.directory = directory
        self.files = files
        self.spoolFolder = spoolFolder
        self.options = options
        self.progress = progress
        self.sizes = sizes
        self.limits = limits
    }

    /// Imports one file; see `importAll`.
    ///
    /// - Parameters:
    ///   - path: The file: plain, or packed by gzip, zstd or lz4, which is found from its first bytes.
    ///   - rejectedPath: Where rejected rows go; by default the path with `.rejected.csv` added.
    /// - Throws: `FileError`, `DamagedInput`, `ImportError`, or what the sink or the directory throws. Batches
    ///   before the error stay committed; importing the file again continues the import.
    public func importFile(_ path: String, rejectedPath: String? = nil) throws -> ImportResult {
        try importOne(ImportSource(.file(path), rejectedPath: rejectedPath ?? path + ".rejected.csv"))
    }

    /// Imports a stream that can be read only once; its bytes are copied to a temporary file first.
    ///
    /// - Parameters:
    ///   - stream: Standard input or a pipe.
    ///   - rejectedPath: Where rejected rows go.
    /// - Throws: As `importFile`; `FileError` also for a stream longer than 64 GiB.
    public func importStream(_ stream: any File, rejectedPath: String) throws -> ImportResult {
        try importOne(ImportSource(.stream(stream), rejectedPath: rejectedPath))
    }

    private func importOne(_ source: ImportSource) throws -> ImportResult {
        var result: Result<ImportResult, any Error>?
        importAll([source]) { _, one in
            result = one
            return true
        }
        guard let result else { throw CancellationError() }
        return try result.get()
    }

    /// Imports files one after the other, as one run: with `registers` the values of all files decide the types.
    ///
    /// A file that cannot be read does not stop the others.
    ///
    /// - Parameters:
    ///   - sources: The files.
    ///   - begun: Called with the index of a file before it is read: twice for each file with `registers`, as all
    ///     surveys come first, else once.
    ///   - ended: Called once for each file, in their order, with its index and result; returns false to end the run.
    public func importAll(
        _ sources: [ImportSource], begun: (Int) -> Void = { _ in },
        ended: (Int, Result<ImportResult, any Error>) -> Bool
    ) {
        guard options.registers else {
            for (index, source) in sources.enumerated() {
                begun(index)
                let result = Result {
                    let input = try survey(source, nil)
                    defer { input.spool?.close() }
                    return try importRows(input, source, Registered(), isFirst: false)
                }
                if !ended(index, result) { return }
            }
            return
        }
        var named = NamedSeries()
        var inputs: [Result<SurveyedInput, any Error>] = []
        defer { for case .success(let input) in inputs { input.spool?.close() } }
        for (index, source) in sources.enumerated() {
            begun(index)
            inputs.append(
                Result {
                    let series = SurveyedSeries()
                    let input = try survey(source, series)
                    try named.add(series, path: input.path)
                    return input
                })
        }
        let registered = Result { try register(named) }
        for (index, source) in sources.enumerated() {
            begun(index)
            let goesOn = ended(
                index,
                Result {
                    let input = try inputs[index].get()
                    // The first file that can be read reports what the run registered.
                    let isFirst = !inputs[..<index].contains { (try? $0.get()) != nil }
                    return try importRows(input, source, registered.get(), isFirst: isFirst)
                })
            if !goesOn { return }
        }
    }

    /// Reads an input for the first time; a plain file is not read if its unit is given and nothing is registered.
    private func survey(_ source: ImportSource, _ series: SurveyedSeries?) throws -> SurveyedInput {
        switch source.origin {
        case .stream(let stream): return try survey(stream: stream, series)
        case .file(let path):
            let file = try files.open(path, .read)
            defer { file.close() }
            if case .other? = try files.kind(path) { return try survey(stream: file, series) }
            return SurveyedInput(path: path, spool: nil, numbers: try survey(file, path: path, series))
        }
    }

    private func survey(stream: any File, _ series: SurveyedSeries?) throws -> SurveyedInput {
        let spool = try StreamSpool(stream, files: files, folder: spoolFolder)
        do {
            let numbers = try survey(spool.file, path: stream.path, series)
            return SurveyedInput(path: stream.path, spool: spool, numbers: numbers)
        } catch {
            spool.close()
            throw error
        }
    }

    private func survey(_ file: any File, path: String, _ series: SurveyedSeries?) throws -> NumericTimes {
        if series == nil, let unit = options.timeUnit, try InputCompression.isPlain(file) {
            return NumericTimes(unit: unit)
        }
        var survey = Survey(
            path: path, options: options, collectsSeries: series != nil,
            report: reporter(.survey, totalBytes: try file.size()))
        try RowInput(file, path: path, options: options, sizes: sizes).readRows(&survey)
        let numbers = try NumericTimes(survey.census, options: options, path: path)
        if let series { survey.finish(into: series) }
        return numbers
    }

    /// Creates the products, points and devices that the inputs name and the registry lacks.
    private func register(_ series: NamedSeries) throws -> Registered {
        let plan = try RegistrationPlan(
            series.all, product: options.product, types: options.types, isDryRun: options.isDryRun,
            directory: directory)
        if options.isDryRun { return Registered(count: 0, points: plan.newPoints, expected: plan.expected) }
        let count = plan.registration.points.isEmpty ? 0 : try directory.register(plan.registration)
        return Registered(count: count, points: plan.newPoints, expected: [:])
    }

    /// Reads an input for the second time, batch by batch.
    private func importRows(
        _ input: SurveyedInput, _ source: ImportSource, _ registered: Registered, isFirst: Bool
    ) throws -> ImportResult {
        let file = try input.spool?.file ?? files.open(input.path, .read)
        defer { if input.spool == nil { file.close() } }
        let rejected = RejectedRows(files, path: source.rejectedPath)
        let rows = try RowInput(file, path: input.path, options: options, sizes: sizes)
        rejected.head = rows.rejectsHead
        rejected.head.addTimeUnit(for: input.numbers)
        if !options.isDryRun { try sink.beginImport() }
        let pipeline = try CommitPipeline(
            sink: sink, reapply: options.reapplies, isDryRun: options.isDryRun, capacity: limits.rows)
        let resolver = try SeriesResolver(
            directory: directory, sink: sink, product: options.product, expected: registered.expected)
        let pass = try ImportPass(
            resolver: resolver, missing: options.missing,
            passesOverUnknownPoints: options.isWide && options.ignoresColumns, pipeline: pipeline,
            rejected: rejected, limits: limits, report: reporter(.rows, totalBytes: try file.size()))
        var timed = TimedRows(
            pass, numbers: input.numbers, options: options.local, directory: directory,
            product: options.product,
            waiting: SetAsideRows(files, folder: spoolFolder, frameSize: limits.waitingBytes),
            areMended: rows.areMended)
        try rows.readRows(&timed)
        try timed.finish()
        let outcome = try timed.inner.finish()
        var result = ImportResult()
        var total = outcome.total
        // Cells of repeated hours waited apart from their line, so lines are counted where they are read.
        total.receipt.rows = timed.lines
        result.setTotal(total)
        result.isDryRun = options.isDryRun
        result.timeUnit = timed.hasEpochs ? input.numbers.unit?.name : timed.hasDates ? "rfc3339" : nil
        result.zones = timed.zones
        // Without stored samples the import cannot have mixed zones.
        if total.receipt.stored > 0 {
            result.otherZones = try directory.noteZones(timed.deviceZones, remembers: !options.isDryRun)
        }
        let new = Set(registered.points.map { PointName(product: $0.product, point: $0.point) })
        for point in outcome.numericTexts
        where !new.contains(PointName(product: point.product, point: point.point)) {
            var point = point
            point.model = try directory.model(ofProduct: point.product) ?? point.product
            result.numericTexts.append(point)
        }
        result.passedOver = outcome.passedOver
        (result.unknown, result.notStored) = (outcome.unknown, outcome.notStored)
        result.firstRejected = rejected.first
        if isFirst {
            result.registered = registered.count
            result.newPoints = registered.points
        }
        if let unit = input.numbers.unit, timed.hasEpochs {
            result.oddEpochs = OddEpochs(result.receipt, unit)
        }
        result.rejectedPath = rejected.finish()
        result.rejectedFiles = result.rejectedPath == nil ? 0 : 1
        result.rejectedFailure = rejected.failure
        return result
    }

    /// Passes the progress on, in steps of 8 MiB of text.
    private func reporter(_ phase: ImportPhase, totalBytes: Int) -> (Int, UInt64) -> Void {
        guard let progress else { return { _, _ in } }
        let step = max(1, (8 << 20) / sizes.buffer)
        var buffers = 0
        return { bytesRead, rows in
            buffers += 1
            if buffers % step == 0 {
                progress.advanced(phase, bytesRead: bytesRead, totalBytes: totalBytes, rows: rows)
            }
        }
    }
}

/// An input of a run, and where its rejected rows go.
public struct ImportSource {
    /// A file or a stream.
    public enum Origin {
        /// A file, or a pipe with a name.
        case file(String)
        /// Standard input or a pipe.
        case stream(any File)
    }

    /// Where the bytes come from.
    public var origin: Origin
    /// Where rejected rows go.
    public var rejectedPath: String

    /// Names an input.
    public init(_ origin: Origin, rejectedPath: String) {
        self.origin = origin
        self.rejectedPath = rejectedPath
    }
}

/// An input after its first reading.
private struct SurveyedInput {
    /// Its name for messages.
    var path: String
    /// The copy of a stream.
    var spool: StreamSpool?
    var numbers: NumericTimes
}

/// What a run registered.
private struct Registered {
    /// The number of models, products, points and devices created.
    var count = 0
    var points: [NewPoint] = []
    /// The points that a dry run treats as registered.
    var expected: [SeriesKey: RegisteredPoint] = [:]
}
