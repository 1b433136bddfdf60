// Exporter.swift — the front door of exports: series and a range to a file or a stream.
//
// Invariants:
// - A file appears under its name complete and synced, or not at all; until then it ends in `.partial`.
// - Memory does not depend on how much is exported.
// - The samples are read before the first row is written: what the file would lose refuses the export, and the
//   columns `product` and `type` are there only where they are needed.

import Glibc
public import VarveFile
public import VarveModel
public import VarveText

/// What an export did.
public struct ExportResult: Hashable, Sendable {
    /// The rows written, without the header.
    public var rows: UInt64 = 0
    /// The bytes written.
    public var bytes = 0
    /// The series that had a row in the range.
    public var series = 0
    /// Whether times were written as epochs so near to 1970 that `import` takes them for another unit, unless it is told.
    public var hasEarlyEpochs = false
    /// How many samples lost something, of what was allowed.
    public var lost: [ExportLoss: UInt64] = [:]
    /// A series with an integer beyond ±2^53, if there is one and another series has doubles: a reader that takes the
    /// column of values as doubles rounds it.
    public var largeIntegers: SeriesKey?
}

/// Is told how far an export is, once per series.
public protocol ExportProgress: AnyObject {
    /// Takes note of the state.
    func advanced(series: Int, of total: Int, rows: UInt64)
}

/// Exports samples.
public final class Exporter {
    private let source: any SampleSource
    private let files: any FileSystem
    private let progress: (any ExportProgress)?
    private let allowed: Set<ExportLoss>

    /// Makes an exporter over one state of a store.
    ///
    /// - Parameter allowed: What the file may lose; anything else refuses the export before a row is written.
    public init(
        source: any SampleSource, files: any FileSystem, progress: (any ExportProgress)? = nil,
        allowing allowed: Set<ExportLoss> = []
    ) {
        self.allowed = allowed
        self.source = source
        self.files = files.forNamedFiles
        self.progress = progress
    }

    /// Exports to a file; one of that name is replaced when the new one is complete.
    ///
    /// Durability: when this returns, the file survives a power failure.
    ///
    /// - Parameter times: How times are written.
    /// - Throws: `ExportError.timeCut` where that would cut one.
    public func export(
        _ series: [SeriesInfo], in range: TimeRange, format: ExportFormat, times: TimeForm = .shortest,
        to path: String
    ) throws -> ExportResult {
        guard Paths.unpackedName(of: path) == path.lowercased() else {
            throw ExportError.packedName(path: path)
        }
        switch try files.kind(path) {
        case .folder: throw FileError("write to", path, code: EISDIR)
        case .other:
            // A pipe or a device is written to, never replaced.
            let target = try files.open(path, .append)
            defer { target.close() }
            return try export(series, in: range, format: format, times: times, to: target)
        case .file, nil: break
        }
        let path = files.resolved(path)
        let partial = path + ".partial"
        let file = try files.open(partial, .replace)
        do {
            let result = try export(series, in: range, format: format, times: times, to: file)
            try file.sync()
            file.close()
            try files.rename(partial, to: path)
            try files.syncDirectory(Paths.folder(of: path))
            return result
        } catch {
            file.close()
            try files.remove(partial)
            throw error
        }
    }

    /// Exports to an open file or stream; see `export(_:in:format:times:to:)` for a path.
    ///
    /// - Throws: `ExportError`, but for `timeCut` before anything is written; `FileError`, and what the source throws.
    public func export(
        _ series: [SeriesInfo], in range: TimeRange, format: ExportFormat, times: TimeForm = .shortest,
        to file: any File
    ) throws -> ExportResult {
        let sorted = series.sorted { $0.key < $1.key }
        var survey = ExportSurvey(format, allowing: allowed)
        for one in sorted {
            try source.read(one.key, in: range, order: .ascending) { columns in
                try survey.add(columns, of: one)
                return true
            }
        }
        let withProduct = try needsProduct(sorted) || survey.typesDiffer
        let withType = try survey.needsTypes(withProduct: withProduct)
        var result = ExportResult()
        result.lost = survey.lost
        var mix = NumberMix()
        var output = OutputText(file)
        let header = Array(SampleWriter.header(format, withProduct: withProduct, withType: withType).utf8)
        try output.reserve(header.count)
        output.write(header)
        for (index, one) in sorted.enumerated() {
            var writer = SampleWriter(
                one, format: format, withProduct: withProduct, withType: withType, times: times)
            let before = result.rows
            try source.read(one.key, in: range, order: .ascending) { columns in
                if let cut = times.firstCut(columns.times) { throw ExportError.timeCut(cut, times, one.key) }
                mix.add(columns, of: one)
                if times == .epochNanoseconds, !result.hasEarlyEpochs,
                    columns.times.contains(where: TimeCensus.isEarly)
                {
                    result.hasEarlyEpochs = true
                }
                try writer.write(columns, to: &output)
                result.rows += UInt64(columns.count)
                return true
            }
            if result.rows > before { result.series += 1 }
            progress?.advanced(series: index + 1, of: sorted.count, rows: result.rows)
        }
        try output.flush()
        result.bytes = output.total
        result.largeIntegers = mix.roundedSeries
        return result
    }

    /// Whether a device key that is exported is that of several products in the store.
    private func needsProduct(_ series: [SeriesInfo]) throws -> Bool {
        var products: [String: String] = [:]
        var ambiguous = Set<String>()
        for one in try source.series() + series {
            let known = products.updateValue(one.key.product, forKey: one.key.device)
            if let known, known != one.key.product { ambiguous.insert(one.key.device) }
        }
        return series.contains { ambiguous.contains($0.key.device) }
    }
}
