// Memtable.swift — samples that are durable in the WAL but not yet in a segment.
//
// Invariants:
// - A value: a snapshot keeps the state it was taken in while the store goes on.
// - Per series a few sorted runs, merged when there are more than `runLimit`; no version is lost by that.

import VarveModel

package struct Memtable: Sendable {
    package private(set) var runs: [SeriesID: [SampleRun]] = [:]
    package private(set) var byteCount = 0
    package private(set) var sampleCount = 0
    /// Distinct (series, time) pairs that the commits in here added to the store.
    package private(set) var accepted: UInt64 = 0
    /// Records of the commits in here, to be moved to a receipts file by the flush.
    package private(set) var records: [BatchRecord] = []

    private static let runLimit = 8

    package init() {}

    package var isEmpty: Bool { records.isEmpty }

    package mutating func apply(_ record: WALRecord) {
        records.append(record.batch)
        accepted += record.batch.receipt.accepted
        for rows in record.rows where rows.run.count > 0 {
            byteCount += rows.run.byteCount
            sampleCount += rows.run.count
            runs[rows.series, default: []].append(rows.run)
            if let list = runs[rows.series], list.count > Self.runLimit {
                runs[rows.series] = [Self.merge(list, type: rows.type)]
            }
        }
    }

    /// All versions of all runs in one run.
    private static func merge(_ runs: [SampleRun], type: ValueType) -> SampleRun {
        let places = runs.enumerated().flatMap { run in run.element.times.indices.map { (run.offset, $0) } }
            .sorted { left, right in
                let (leftTime, rightTime) = (runs[left.0].times[left.1], runs[right.0].times[right.1])
                if leftTime != rightTime { return leftTime < rightTime }
                return runs[left.0].commits[left.1] < runs[right.0].commits[right.1]
            }
        var builder = SampleRunBuilder(type: type, capacity: places.count)
        for (run, index) in places { builder.append(runs[run], index..<index + 1) }
        return builder.finish()
    }
}
