// Importer.swift — the front door of imports: one file, from its bytes to its receipt.
//
// A file is read twice: the survey checks it as a whole and learns units and types, then the import commits it
// batch by batch. The second reading finds the file in the page cache, and it lets a damaged file fail before
// anything is committed.
//
// Invariants:
// - What an import did is counted: the eight counts of its receipt add up to its samples.
// - Memory does not depend on the size of the input: three reading buffers, two batches as flat columns and
//   one sorted, and tables of names that `BatchLimits` and `Survey` bound.

public import VarveFile
public import VarveModel

/// Imports files.
///
/// Not thread-safe: one import at a time. The sink and the directory are called from two threads.
public final class Importer {
    private let sink: any SampleSink
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
    ///   - directory: Knows products, devices and points.
    ///   - files: The disk.
    ///   - spoolFolder: Where the bytes of standard input and pipes wait to be read twice.
    ///   - progress: Is told how far it is.
    public convenience init(
        sink: any SampleSink, directory: any PointDirectory, files: any FileSystem, spoolFolder: String,
        options: ImportOptions = ImportOptions(), progress: (any ImportProgress)? = nil
    ) {
        self.init(
            sink: sink, directory: directory, files: files, spoolFolder: spoolFolder, options: options,
            progress: progress, sizes: ReadingSizes(), limits: BatchLimits())
    }

    init(
        sink: any SampleSink, directory: any PointDirectory, files: any FileSystem, spoolFolder: String,
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

    /// Imports one file.
    ///
    /// - Parameters:
    ///   - path: The file; plain or packed by gzip, zstd or lz4, which its first bytes tell.
    ///   - rejectedPath: Where rejected rows go; default: the path with `.rejected.csv` added.
    /// - Throws: `FileError`, `DamagedInput`, `ImportError`, or what the sink or the directory throws. Batches
    ///   before the error stay committed; importing the file again continues it.
    public func importFile(_ path: String, rejectedPath: String? = nil) throws -> ImportResult {
        let file = try files.open(path, .read)
        defer { file.close() }
        let rejectedPath = rejectedPath ?? path + ".rejected.csv"
        if case .other? = try files.kind(path) {
            return try importStream(file, rejectedPath: rejectedPath)
        }
        return try run(file, path: path, rejectedPath: rejectedPath)
    }

    /// Imports a stream that can be read only once: it is written to a temporary file first.
    ///
    /// - Parameters:
    ///   - stream: Standard input or a pipe.
    ///   - rejectedPath: Where rejected rows go.
    public func importStream(_ stream: any File, rejectedPath: String) throws -> ImportResult {
        let spool = try StreamSpool(stream, files: files, folder: spoolFolder)
        defer { spool.close() }
        return try run(spool.file, path: stream.path, rejectedPath: rejectedPath)
    }

    private func run(_ file: any File, path: String, rejectedPath: String) throws -> ImportResult {
        let totalBytes = try file.size()
        let input = ImportInput(file: file, path: path, totalBytes: totalBytes)
        let findings = try survey(input)
        let unit = try unit(of: findings, path: path)
        var result = ImportResult()
        var expected: [SeriesKey: RegisteredPoint] = [:]
        if let findings, options.registers {
            let plan = try RegistrationPlan(
                findings.series, product: options.product, isDryRun: options.isDryRun, directory: directory)
            if options.isDryRun {
                expected = plan.expected
            } else if !plan.registration.points.isEmpty {
                result.registered = try directory.register(plan.registration)
            }
        }
        let rejected = RejectedRows(files, path: rejectedPath)
        let outcome = try importRows(input, unit: unit, expected: expected, rejected: rejected)
        result.take(outcome.total)
        result.timeUnit = outcome.hasIntegerTimes ? unit?.name : outcome.hasDates ? "rfc3339" : nil
        result.rejectedPath = rejected.finish()
        result.rejectedFailure = rejected.failure
        return result
    }

    /// Reads the input for the first time; a plain file of which nothing needs to be learnt is not read.
    private func survey(_ input: ImportInput) throws -> SurveyFindings? {
        if !options.registers, options.timeUnit != nil, try InputCompression.isPlain(input.file) {
            return nil
        }
        var survey = Survey(
            path: input.path, options: options, report: reporter(.survey, totalBytes: input.totalBytes))
        try RowInput(input.file, path: input.path, options: options, sizes: sizes).readRows(&survey)
        return survey.findings()
    }

    private func unit(of findings: SurveyFindings?, path: String) throws -> TimeUnit? {
        if let given = options.timeUnit { return given }
        guard let findings, findings.times.hasIntegers else { return nil }
        if let unit = findings.times.unit { return unit }
        throw ImportError.mixedTimeUnits(path: path, units: findings.times.seenUnits.map(\.name))
    }

    private func importRows(
        _ input: ImportInput, unit: TimeUnit?, expected: [SeriesKey: RegisteredPoint], rejected: RejectedRows
    ) throws -> ImportPass.Outcome {
        let rows = try RowInput(input.file, path: input.path, options: options, sizes: sizes)
        if !options.isDryRun { try sink.beginImport() }
        let pipeline = try CommitPipeline(
            sink: sink, reapply: options.reapplies, isDryRun: options.isDryRun, capacity: limits.rows)
        let resolver = SeriesResolver(
            directory: directory, sink: sink, product: options.product, expected: expected)
        var pass = try ImportPass(
            resolver: resolver, terms: RowTerms(unit: unit, zone: options.zone), pipeline: pipeline,
            rejected: rejected, limits: limits, report: reporter(.rows, totalBytes: input.totalBytes))
        try rows.readRows(&pass)
        return try pass.finish()
    }

    /// Passes on what is read, in steps of 8 MiB of text.
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

/// An open input.
private struct ImportInput {
    var file: any File
    /// Its name for messages.
    var path: String
    /// Its size on disk.
    var totalBytes: Int
}
