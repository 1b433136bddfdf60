// Retyping.swift — a change of a point's type: the request, its assessment and its execution.
//
// Invariants:
// - Every visible sample of the series is counted in exactly one of `converted`, `missing`, `skipped` and `unfit`.

public import VarveModel
import VarveSegment
public import VarveText

/// A change of the type of one point, for all series of some products.
public struct Retyping: Sendable {
    /// The `productKey`s; a product without such series is not an error.
    public var products: [String]
    /// The `pointId`.
    public var point: String
    /// The new type of its values; a series that has this type already stays as it is.
    public var type: ValueType
    /// Words that become missing values, as in an import; empty texts and `null` become missing too.
    public var missing: MissingWords
    /// Whether values that do not fit are deleted; if false, such values prevent the change.
    public var dropsUnfit: Bool

    /// Describes a change.
    public init(
        products: [String], point: String, to type: ValueType, missing: MissingWords = MissingWords(),
        dropsUnfit: Bool = false
    ) {
        self.products = products
        self.point = point
        self.type = type
        self.missing = missing
        self.dropsUnfit = dropsUnfit
    }

    /// Whether the type of a series is to be changed.
    func changes(_ series: SeriesInfo) -> Bool {
        series.type != type && series.key.point.sameBytes(as: point)
            && products.contains { $0.sameBytes(as: series.key.product) }
    }
}

/// The refusal of a change because of values that do not fit; nothing was changed.
public struct UnfitValues: Error, CustomStringConvertible {
    /// What the change would have done, with the first values that do not fit.
    public var report: RetypingReport
    /// The type that they do not fit.
    public var type: ValueType

    /// Creates a refusal.
    public init(report: RetypingReport, type: ValueType) {
        self.report = report
        self.type = type
    }

    /// One line with their number and the first of them.
    public var description: String {
        let first = report.examples.map {
            "\"\($0.text)\" at \($0.time) of device \($0.key.device)"
        }
        return "\(report.unfit) of \(report.samples) values do not fit \(type.name), such as "
            + "\(first.joined(separator: ", ")); nothing was changed"
    }
}

extension StoreSnapshot {
    /// What a change of a point's type would do now; nothing is changed.
    ///
    /// It works on any snapshot, including one of a store that is open for reading. Cost: decodes all samples of the
    /// series.
    ///
    /// - Parameters:
    ///   - retyping: The change.
    ///   - progress: Called from time to time with the samples checked so far; an error that it throws ends the search.
    public func assessRetyping(
        _ retyping: Retyping, progress: (_ samples: UInt64) throws -> Void = { _ in }
    ) throws -> RetypingReport {
        var report = RetypingReport()
        report.commit = commit
        for (_, info) in dictionary.series(below: view.seriesCount, where: retyping.changes) {
            report.series += 1
            var conversion = SampleConversion(info, retyping)
            guard let (series, type) = try find(info.key) else { continue }
            var scan = try SeriesScan(view, series, type, in: .all, order: .ascending)
            while try scan.next({ part in
                let (run, rows) =
                    switch part {
                    case .block(let block): try block.read(.samples)
                    case .samples(let run, let rows): (run, rows)
                    }
                _ = conversion.convert(rows == 0..<run.count ? run : run.part(rows), into: &report)
                try progress(report.samples)
                return true
            }) {}
        }
        return report
    }
}

extension Store {
    /// Changes the type of a point in all series of some products, in one commit.
    ///
    /// Times, qualities and commits stay. Of each time, only the newest version is converted. States before the change
    /// can no longer be read for these series: such a read throws `StorageError.noSuchState`. Earlier batches with rows
    /// of these series are no longer replays.
    ///
    /// Durability: when it returns, the whole change is on disk; after an error before its commit, no part of it is.
    /// Reads that began before still see what they saw. If all series have the type already, nothing is done, so a
    /// caller may run a failed change again. The bytes of the old samples are erased when compaction rewrites their
    /// segments. Cost: a flush, and reading and writing all samples of the series; commits wait meanwhile.
    ///
    /// - Parameters:
    ///   - retyping: The change.
    ///   - progress: Called from time to time with the samples converted so far; an error that it throws ends the
    ///     change, with nothing changed.
    /// - Throws: `UnfitValues` if values do not fit and `dropsUnfit` is false; `StorageError.invalidBatch` if the store
    ///   would have too many series; other `StorageError`; `FileError`; what `progress` throws.
    public func retype(
        _ retyping: Retyping, progress: (_ samples: UInt64) throws -> Void = { _ in }
    ) throws -> RetypingReport {
        try change { state, view in
            let series = context.dictionary.series(below: view.seriesCount, where: retyping.changes)
            guard !series.isEmpty else {
                var report = RetypingReport()
                report.commit = view.commit
                return report
            }
            guard context.dictionary.count + series.count <= FormatLimits.series else {
                throw StorageError.invalidBatch("a store holds at most \(FormatLimits.series) series")
            }
            try Flush(context, state).run(&view)
            return try RetypingWorker(context, state, retyping, series).run(&view, progress)
        }
    }
}
