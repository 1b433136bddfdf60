// CommitPlan.swift — what a batch will do to the store: the rows to keep, the receipt, the new series.
//
// Rows that are later than all samples of their series, with each time once, are taken unchanged. All others, and those
// of events, go through RowResolver. Most rows of a live stream are of the first kind, so nothing is looked up or copied for them.
//
// Invariants:
// - A plan changes nothing but adds new entries to the dictionary; the caller removes them if the plan fails.

import VarveCodec
import VarveModel
import VarveSegment

struct CommitPlan {
    var rows: [StoredRows] = []
    var receipt = Receipt()
    /// Accepted rows that add no time, see `RowResolver.joined`.
    var joined: UInt64 = 0
    var hash: Hash128
    var part: SampleBatch.Part?
    var firstNew: Int
    var newSeries: [SeriesInfo] = []
    /// Bounds for `LatestTimes`, to be set once the plan is carried out.
    var latest: [(series: SeriesID, time: Int64)] = []

    init(hash: Hash128, part: SampleBatch.Part?, firstNew: Int) {
        self.hash = hash
        self.part = part
        self.firstNew = firstNew
    }

    /// Whether the rows go through the WAL.
    ///
    /// - Parameter walBatchRows: The most rows of a batch that goes through the WAL.
    func isSmall(walBatchRows: Int) -> Bool {
        rows.reduce(0) { $0 + $1.count } <= min(walBatchRows, Limits.walBatchRows)
            && rows.reduce(0) { $0 + $1.columns.textBytes } <= Limits.walBatchTextBytes
    }

    /// Decides about the rows of a batch that passed `BatchRules`.
    ///
    /// - Throws: `StorageError.invalidBatch`; errors of reading blocks at the times of the rows.
    mutating func decide(
        _ batch: SampleBatch, _ known: [SeriesDictionary.Known?], _ dictionary: SeriesDictionary,
        _ state: WriterState,
        _ view: StoreView
    ) throws {
        rows.reserveCapacity(batch.series.count)
        latest.reserveCapacity(batch.series.count)
        for index in batch.series.indices where batch.series[index].columns.count > 0 {
            let known = known[index]
            let columns = batch.series[index].columns
            let bound = known.flatMap { state.latest[$0.id] }
            let span = columns.strictlyAscendingSpan
            let isLater = span.map { span in known == nil || bound.map { span.first > $0 } ?? false } ?? false
            if let (first, last) = span, isLater, batch.series[index].policy != .every {
                receipt.accepted += UInt64(columns.count)
                receipt.include(Timestamp(nanoseconds: first))
                receipt.include(Timestamp(nanoseconds: last))
                try addRows(columns, batch.series[index], known, dictionary)
                continue
            }
            let offered = batch.series[index]
            let resolver = try RowResolver(offered) { samples in
                guard let known, !isLater else { return }
                try view.collectSamples(of: known.id, type: known.type, into: &samples)
            }
            receipt.add(resolver.receipt)
            joined += resolver.joined
            if let known, bound == nil, let time = columns.times.max() {
                latest.append((known.id, try view.latestTime(known.id, atLeast: time)))
            }
            if resolver.stored.count > 0 { try addRows(resolver.stored, offered, known, dictionary) }
        }
        let isSorted = zip(rows, rows.dropFirst()).allSatisfy { $0.series < $1.series }
        if !isSorted { rows.sort { $0.series < $1.series } }
    }

    private mutating func addRows(
        _ columns: SampleColumns, _ offered: SeriesRows, _ known: SeriesDictionary.Known?,
        _ dictionary: SeriesDictionary
    ) throws {
        var series = known?.id
        if series == nil {
            let info = SeriesInfo(key: offered.key, type: offered.type)
            series = try dictionary.add(info)
            newSeries.append(info)
        }
        guard let series else { return }
        rows.append(StoredRows(series: series, type: offered.type, columns: columns))
    }
}

extension SampleColumns {
    /// The first and the last time, if the times ascend strictly and there are any.
    fileprivate var strictlyAscendingSpan: (first: Int64, last: Int64)? {
        times.withUnsafeBufferPointer { times in
            for index in 1..<max(times.count, 1) where times[index - 1] >= times[index] { return nil }
            guard let first = times.first, let last = times.last else { return nil }
            return (first, last)
        }
    }

    /// The bytes of all texts; 0 for numbers.
    var textBytes: Int {
        if case .text(let text) = values { text.bytes.count } else { 0 }
    }
}
