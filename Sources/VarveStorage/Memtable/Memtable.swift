// Memtable.swift — samples that are durable in the WAL but not yet in a segment.
//
// Invariants:
// - A value: a snapshot keeps the state it was taken in while the store goes on.
// - Per series a few sorted runs: a new run is merged with the one before it until that is more than twice as
//   large, so n samples make at most log2(n) runs and are copied log2(n) times. No version is lost by that.

import VarveModel

package struct Memtable: Sendable {
    package private(set) var runs: [SeriesID: [SampleRun]] = [:]
    package private(set) var byteCount = 0
    package private(set) var sampleCount = 0
    /// Distinct (series, time) pairs that the commits in here added to the store.
    package private(set) var accepted: UInt64 = 0
    /// Records of the commits in here, to be moved to a receipts file by the flush.
    package private(set) var records: [BatchRecord] = []

    package init() {}

    package var isEmpty: Bool { records.isEmpty }

    package mutating func apply(_ record: WALRecord) {
        records.append(record.batch)
        accepted += record.batch.receipt.accepted
        for rows in record.rows where rows.run.count > 0 {
            byteCount += rows.run.byteCount
            sampleCount += rows.run.count
            var newest = rows.run
            while let before = runs[rows.series]?.last, before.count <= 2 * newest.count {
                runs[rows.series]?.removeLast()
                newest = Self.merge(before, newest, type: rows.type)
            }
            runs[rows.series, default: []].append(newest)
        }
    }

    /// All versions of both runs; every commit of `newer` is later than those of `older`.
    private static func merge(_ older: SampleRun, _ newer: SampleRun, type: ValueType) -> SampleRun {
        var builder = SampleRunBuilder(type: type, capacity: older.count + newer.count)
        var (left, right) = (0, 0)
        while left < older.count, right < newer.count {
            // Equal times: the older commit first.
            let stop = newer.times[right] == .max ? older.count : older.lowerBound(newer.times[right] + 1)
            if stop > left {
                builder.append(older, left..<stop)
                left = stop
            } else {
                let end = max(newer.lowerBound(older.times[left]), right + 1)
                builder.append(newer, right..<end)
                right = end
            }
        }
        builder.append(older, left..<older.count)
        builder.append(newer, right..<newer.count)
        return builder.finish()
    }
}
