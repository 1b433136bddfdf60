// Exporter.swift — the entry point of exports: writes series in a range of time to a file or a stream.
//
// Invariants:
// - A file appears under its name complete and synced, or not at all; until then its name ends in `.partial`.
// - Memory does not depend on how much is exported.
// - All samples are read once before the first row is written. A loss that is not allowed refuses the export then.
// - The columns `product` and `type` are written only if they are needed.

import Glibc
public import VarveFile
public import VarveModel
public import VarveText

/// The counts of an export, and what a reader of the file should know.
public struct ExportResult: Hashable, Sendable {
    /// The rows written, without the header.
    public var rows: UInt64 = 0
    /// The bytes written.
    public var bytes = 0
    /// The series that had a row in the range.
    public var series = 0
    /// Whether some times were written as epochs so near to 1970 that `import` needs `--time-unit ns` to read them.
    public var hasEarlyEpochs = false
    /// The number of samples with each of the allowed losses.
    public var lost: [ExportLoss: UInt64] = [:]
    /// A series with an integer beyond ±2^53; nil without such a series, or without doubles beside it.
    ///
    /// A reader that takes the column of values as doubles rounds this integer.
    public var largeIntegers: SeriesKey?
}

/// Follows the progress of an export.
public protocol ExportProgress: AnyObject {
    /// Called after each series, on the thread of the export, with the number of series done and the rows written.
    func advanced(series: Int, of total: Int, rows: UInt64)
}

/// Exports samples to CSV or NDJSON.
public final class Exporter {
    private let source: any SampleSource
    private let files: any FileSystem
    private let progress: (any ExportProgress)?
    private let allowed: Set<ExportLoss>

    /// Makes an exporter over one state of a store.
    ///
    /// - Parameter allowed: What the file may lose; any other loss refuses the export before a row is written.
    public init(
        source: any SampleSource, files: any FileSystem, progress: (any ExportProgress)? = nil,
        allowing allowed: Set<ExportLoss> = []
    ) {
        self.allowed = allowed
        self.source = source
        self.files = files.forNamedFiles
        self.progress = progress
    }

    /// Exports to a file; an existing file of that name is replaced when the new one is complete.
    ///
    /// Cost: reads all samples twice. Durability: when this returns, the file survives a power failure; a pipe or a
    /// device is only written to. An error before the new file is complete leaves the old file.
    ///
    /// - Parameter times: How times are written.
    /// - Throws: `ExportError` (before a row is written, except `timeCut`), `FileError`, and what the source throws.
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
            // A pipe or a device is written to and never replaced.
            let target = try files.open(path, .append)
            defer { target.close() }
            return try export(series, in: range, format: format, times: times, to: target)
        case .file, nil: break
        }
        let path = files.resolved(path)
        let partial = path + ".partial"
        let file: any File
        do {
            file = try files.open(partial, .replace)
        } catch {
            throw error.naming(path, for: partial)
        }
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
            throw (error as? FileError)?.naming(path, for: partial) ?? error
        }
    }

    /// Exports to an open file or stream; see `export(_:in:format:times:to:)` for a path.
    ///
    /// Cost: reads all samples twice. The file is not synced.
    ///
    /// - Throws: `ExportError` (before a row is written, except `timeCut`), `FileError`, and what the source throws.
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
        let shape = SampleRowShape(
            format.rows, times: times, hasProduct: withProduct, hasType: withType)
        var output = TextBuffer(pieceBytes: Self.pieceBytes)
        output.append(shape.header)
        for (index, one) in sorted.enumerated() {
            var writer = SampleRowWriter(
                product: one.key.product, device: one.key.device, point: one.key.point, type: one.type,
                shape: shape)
            let before = result.rows
            try source.read(one.key, in: range, order: .ascending) { columns in
                if let cut = times.firstCut(columns.times) { throw ExportError.timeCut(cut, times, one.key) }
                mix.add(columns, of: one)
                if times == .epochNanoseconds, !result.hasEarlyEpochs,
                    columns.times.contains(where: TimeCensus.isEarly)
                {
                    result.hasEarlyEpochs = true
                }
                var next = 0
                while next < columns.count {
                    next = writer.append(columns, next..<columns.count, to: &output)
                    if output.isFull { result.bytes += try Self.flush(&output, to: file) }
                }
                result.rows += UInt64(columns.count)
                return true
            }
            if result.rows > before { result.series += 1 }
            progress?.advanced(series: index + 1, of: sorted.count, rows: result.rows)
        }
        result.bytes += try Self.flush(&output, to: file)
        result.largeIntegers = mix.roundedSeries
        return result
    }

    /// The bytes collected before they are written in one piece.
    private static let pieceBytes = 1 << 20

    /// Writes the collected bytes and empties the buffer.
    ///
    /// - Returns: The number of bytes written.
    private static func flush(_ output: inout TextBuffer, to file: any File) throws(FileError) -> Int {
        try output.withBytes { bytes throws(FileError) in try file.append(bytes) }
        defer { output.removeAll() }
        return output.count
    }

    /// Whether several products of the store have the key of an exported device.
    ///
    /// - Throws: What the source throws.
    private func needsProduct(_ series: [SeriesInfo]) throws -> Bool {
        var products: [Name: Name] = [:]
        var ambiguous = Set<Name>()
        for one in try source.series() + series {
            let (device, product) = (Name(one.key.device), Name(one.key.product))
            let known = products.updateValue(product, forKey: device)
            if let known, known != product { ambiguous.insert(device) }
        }
        return series.contains { ambiguous.contains(Name($0.key.device)) }
    }
}

extension FileError {
    /// The same error about the file that the user has named, if it is about the file that is written first.
    fileprivate func naming(_ path: String, for partial: String) -> FileError {
        self.path == partial ? FileError(action, path, code: code) : self
    }
}
