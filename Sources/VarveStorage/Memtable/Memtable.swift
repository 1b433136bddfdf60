// Memtable.swift — samples that are durable in the WAL but not yet in a segment.
//
// All views between two flushes share one memtable. Rows are only added, each with its commit. A view leaves out the
// rows of later commits, so publishing a view copies nothing.
//
// Invariants:
// - No row and no version is ever removed or changed. A flush begins a new memtable.
// - Rows of commits whose sync failed stay in the memtable, but no view shows them. After such a failure nothing is
//   flushed.

import Synchronization
import VarveModel
import VarveSegment

final class Memtable: Sendable {
    private struct Contents {
        var series: [SeriesID: MemtableSeries] = [:]
        var byteCount = 0
        /// The newest commit; a view with this commit shows all rows.
        var commit: UInt64 = 0
        var records: [BatchRecord] = []
        var isEmpty = true

        mutating func begin(_ commit: UInt64, _ batch: BatchRecord) {
            isEmpty = false
            self.commit = commit
            if batch.isMessage {
                byteCount += Limits.messageBytes
            } else {
                records.append(batch)
                byteCount += MemoryLayout<BatchRecord>.stride
            }
        }

        mutating func begin(_ id: SeriesID, _ type: ValueType) -> MemtableSeries {
            let new = MemtableSeries(type: type)
            series[id] = new
            byteCount += MemtableSeries.fixedBytes
            return new
        }
    }

    private let contents = Mutex(Contents())

    init() {}

    /// Whether it has no commit.
    var isEmpty: Bool { contents.withLock { $0.isEmpty } }

    /// About how much memory it takes, in bytes, including messages' places in the table of hashes.
    var byteCount: Int { contents.withLock { $0.byteCount } }

    /// The records of the batches of imports, which the flush writes to a receipts file.
    var records: [BatchRecord] { contents.withLock { $0.records } }

    /// The series with rows, ascending.
    var series: [SeriesID] { contents.withLock { $0.series.keys.sorted() } }

    /// Adds the rows of the next commit.
    func apply(_ record: WALRecord) {
        contents.withLock { contents in
            contents.begin(record.commit, record.batch)
            for rows in record.rows where rows.count > 0 {
                let series = contents.series[rows.series] ?? contents.begin(rows.series, rows.type)
                contents.byteCount += series.append(rows.columns, commit: record.commit)
            }
        }
    }

    /// Adds the rows of the next commit while they are read; a few rows in time order need no allocation.
    ///
    /// - Returns: The number of rows, or nil, with some rows added, if `isKnown` is false for a series.
    /// - Throws: `CodecError` where the record does not parse; some rows are added then.
    func apply(
        _ record: inout WALRecordReader, _ buffer: SmallRowBuffer, isKnown: (SeriesID, ValueType) -> Bool
    ) throws -> Int? {
        try contents.withLock { contents in
            contents.begin(record.commit, record.batch)
            var count = 0
            while let next = try record.next(buffer) {
                let (id, type) =
                    switch next {
                    case .few(let id, let type): (id, type)
                    case .columns(let rows): (rows.series, rows.type)
                    }
                let begun = contents.series[id]
                guard begun.map({ $0.type == type }) ?? isKnown(id, type) else { return nil }
                switch next {
                case .few:
                    let series = begun ?? contents.begin(id, type)
                    contents.byteCount += series.append(buffer, commit: record.commit)
                    count += buffer.count
                case .columns(let rows) where rows.count > 0:
                    let series = begun ?? contents.begin(id, type)
                    contents.byteCount += series.append(rows.columns, commit: record.commit)
                    count += rows.count
                case .columns: break
                }
            }
            return count
        }
    }

    /// The latest time of a series, or nil if it has no rows.
    func lastTime(of series: SeriesID) -> Int64? { contents.withLock { $0.series[series]?.lastTime } }

    /// The rows of a series between two times, both included, up to a commit.
    func rows(
        of series: SeriesID, first: Int64 = .min, last: Int64 = .max, upTo commit: UInt64
    ) -> MemtableRows {
        contents.withLock { contents in
            guard let series = contents.series[series] else { return MemtableRows() }
            return series.rows(first: first, last: last, upTo: commit < contents.commit ? commit : nil)
        }
    }
}

/// The rows of one series in a memtable.
struct MemtableRows: Sendable {
    /// Runs that follow each other in time, with each time once.
    var ordered: [SampleRun] = []
    /// Runs of late rows, which overlap each other and the ordered runs.
    var late: [SampleRun] = []

    /// All runs.
    var runs: [SampleRun] { ordered + late }
}
