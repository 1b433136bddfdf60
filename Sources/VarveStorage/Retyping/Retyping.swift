// Retyping.swift — what a change of a point's type asks for, and what it does or would do.
//
// Invariants:
// - Every visible sample of the series is in exactly one of the counts `converted`, `missing`, `skipped` and `unfit`.

public import VarveModel
import VarveSegment
public import VarveText

/// A change of the type of one point, for all series of some products.
public struct Retyping: Sendable {
    /// The `productKey`s; a product without such series is no mistake.
    public var products: [String]
    /// The `pointId`.
    public var point: String
    /// The type that its values get; a series that has it already is left alone.
    public var type: ValueType
    /// Values that become missing readings, as in an import; besides them, of texts, what is empty or `null`.
    public var missing: MissingWords
    /// Whether values that do not fit are deleted; without it they refuse the change.
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

/// The refusal of a change that would have had to delete values; nothing was changed.
public struct UnfitValues: Error, CustomStringConvertible {
    /// What the change would have done, with the first values that do not fit.
    public var report: RetypingReport
    /// The type that they do not fit.
    public var type: ValueType

    /// Makes a refusal.
    public init(report: RetypingReport, type: ValueType) {
        self.report = report
        self.type = type
    }

    /// One line: how many, the first of them, what to do.
    public var description: String {
        let first = report.examples.map {
            "\"\($0.text)\" at \($0.time) of device \($0.key.device)"
        }
        return "\(report.unfit) of \(report.samples) values do not fit \(type.name), such as "
            + "\(first.joined(separator: ", ")); nothing was changed; name words that mean no reading in --missing, "
            + "or delete what does not fit with --drop-unfit"
    }
}

extension StoreSnapshot {
    /// What a change of a point's type would do now.
    ///
    /// Works on any snapshot, also of a store that is open for reading. Cost: decodes all samples of the series.
    ///
    /// - Parameters:
    ///   - retyping: The change.
    ///   - progress: Gets the samples that were looked at, from time to time; what it throws ends the search.
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
    /// Times, qualities and the order of commits stay; of each time the version that counts is converted. States before
    /// the commit cannot be read for these series any more: such a read throws `StorageError.noSuchState`. Batches with
    /// rows of these series that were committed before are no replays any more.
    ///
    /// Durability: when it returns the change is on disk, all of it or, after an error, nothing. Reads that began before go
    /// on seeing what they saw. Where all series have the type already nothing is done, so that a caller whose own part of
    /// the change failed may run it again. The old samples' bytes go when compaction rewrites their segments. Cost: a
    /// flush, reading and writing all samples of the series; commits wait meanwhile.
    ///
    /// - Parameters:
    ///   - retyping: The change.
    ///   - progress: Gets the samples that were converted, from time to time; what it throws gives the change up.
    /// - Throws: `UnfitValues` if values do not fit and are not to be deleted; `StorageError.invalidBatch` if the store
    ///   would have too many series.
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
