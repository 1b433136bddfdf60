// Memtable.swift — samples that are durable in the WAL but not yet in a segment.
//
// One for all views between two flushes: rows are only added, each with its commit, so a view sees its state by
// leaving out the rows of later commits, and publishing a view copies nothing.
//
// Invariants:
// - No row and no version is ever removed or changed; a flush begins a new memtable.
// - Rows of commits that were not durable in the end stay behind the views, which never show them; after such a
//   failure nothing is flushed.

import Synchronization
import VarveModel

package final class Memtable: Sendable {
    private struct Contents {
        var series: [SeriesID: MemtableSeries] = [:]
        var byteCount = 0
        /// The newest commit; a view that has it needs no row left out.
        var commit: UInt64 = 0
        var records: [BatchRecord] = []
        var isEmpty = true
    }

    private let contents = Mutex(Contents())

    package init() {}

    /// Whether no commit is in it.
    package var isEmpty: Bool { contents.withLock { $0.isEmpty } }

    /// About how much memory it takes, messages' places in the table of hashes included.
    package var byteCount: Int { contents.withLock { $0.byteCount } }

    /// Records of the batches of imports in here, to be moved to a receipts file by the flush.
    package var records: [BatchRecord] { contents.withLock { $0.records } }

    /// The series with rows, ascending.
    package var series: [SeriesID] { contents.withLock { $0.series.keys.sorted() } }

    /// Adds the rows of the next commit.
    package func apply(_ record: WALRecord) {
        contents.withLock { contents in
            contents.isEmpty = false
            contents.commit = record.commit
            if record.batch.isMessage {
                contents.byteCount += Limits.messageBytes
            } else {
                contents.records.append(record.batch)
                contents.byteCount += MemoryLayout<BatchRecord>.stride
            }
            for rows in record.rows where rows.count > 0 {
                if let series = contents.series[rows.series] {
                    contents.byteCount += series.append(rows.columns, commit: record.commit)
                } else {
                    let series = MemtableSeries(type: rows.type)
                    contents.series[rows.series] = series
                    contents.byteCount += MemtableSeries.fixedBytes
                    contents.byteCount += series.append(rows.columns, commit: record.commit)
                }
            }
        }
    }

    /// The latest time of a series, or nil if it has no rows.
    package func lastTime(of series: SeriesID) -> Int64? { contents.withLock { $0.series[series]?.lastTime } }

    /// The rows of a series between two times, both included, up to a commit.
    package func rows(
        of series: SeriesID, first: Int64 = .min, last: Int64 = .max, upTo commit: UInt64
    ) -> MemtableRows {
        contents.withLock { contents in
            guard let series = contents.series[series] else { return MemtableRows() }
            return series.rows(first: first, last: last, upTo: commit < contents.commit ? commit : nil)
        }
    }
}

/// The rows of one series in a memtable.
package struct MemtableRows: Sendable {
    /// Runs that follow each other in time, each time once.
    package var ordered: [SampleRun] = []
    /// Runs that came late, over each other and over the ordered ones.
    package var late: [SampleRun] = []

    /// All of them.
    package var runs: [SampleRun] { ordered + late }
}
