// UpkeepWorkload.swift — what upkeep costs readers: reads while segments are merged.
//
// Invariants:
// - Each batch has samples of all series over the whole time, so every segment overlaps every other.
// - The idle store and the merging one are measured one after another: the same store, with the same queries.

import Foundation
import Synchronization
import VarveFile
import VarveModel
import VarveQuery
import VarveStorage

/// Measures reads while a compaction runs.
struct UpkeepWorkload {
    let scratch: TemporaryFolder
    let runs: Int

    private static let batches = 12
    private static let batchSeries = 1000

    func run(into report: inout Report) throws {
        var idle = Figure()
        var merging = Figure()
        var ratio = Figure()
        for _ in 0..<min(runs, 3) {
            let (before, meanwhile) = try reads()
            idle.add(before * 1000)
            merging.add(meanwhile * 1000)
            ratio.add(meanwhile / before)
        }
        report.add(
            "Upkeep",
            [
                .init("a day of a series, 99th percentile, idle", "ms", idle),
                .init("the same while \(Self.batches) segments are merged", "ms", merging),
                .init("ratio", "", ratio, .atMost(2)),
            ])
    }

    /// The samples of a series in a batch: every `batches`th ten-minute step over 83 days, other steps in
    /// each batch.
    private static func rows(_ batch: Int, _ series: Int) -> SeriesRows {
        var columns = SampleColumns(type: .double)
        columns.times = (0..<1000).map { Int64(1_700_000_000 + ($0 * batches + batch) * 600) * 1_000_000_000 }
        columns.states = [UInt64](repeating: 0, count: 1000)
        columns.values = .bits(
            (0..<1000).map { (Double(($0 &* 7919 &+ series &* 31 &+ batch) % 10_000) / 100).bitPattern })
        return SeriesRows(key: key(series), type: .double, columns: columns)
    }

    private static func key(_ series: Int) -> SeriesKey {
        SeriesKey(product: "p", device: "d\(series / 10)", point: "p\(series % 10)")
    }

    /// The 99th percentile of read times in seconds: idle, and while all segments are merged.
    private func reads() throws -> (idle: Double, merging: Double) {
        let store = try Store.open(scratch.fresh("upkeep"))
        for batch in 0..<Self.batches {
            _ = try store.commit(SampleBatch(series: (0..<Self.batchSeries).map { Self.rows(batch, $0) }))
        }
        let idle = try percentile(store, while: { $0 < 2000 })
        let isDone = Atomic(false)
        let failure = Mutex<String?>(nil)
        let merge: @Sendable () -> Void = {
            do { _ = try store.compact() } catch { failure.withLock { $0 = "\(error)" } }
            isDone.store(true, ordering: .releasing)
        }
        let thread = Thread(block: merge)
        thread.start()
        let merging = try percentile(store, while: { _ in !isDone.load(ordering: .acquiring) })
        if let failure = failure.withLock({ $0 }) { throw HarnessError(failure) }
        try store.close()
        return (idle, merging)
    }

    private func percentile(_ store: Store, while goesOn: (Int) -> Bool) throws -> Double {
        var seconds: [Double] = []
        while goesOn(seconds.count) {
            let number = seconds.count
            let from = Int64(1_700_000_000 + (number &* 7919) % 80 * 86_400) * 1_000_000_000
            let range = TimeRange(
                from: Timestamp(nanoseconds: from), to: Timestamp(nanoseconds: from + 86_400_000_000_000))
            let snapshot = store.snapshot()
            seconds.append(
                try Stopwatch.time {
                    var rows = 0
                    let key = Self.key(number &* 31 % Self.batchSeries)
                    try snapshot.read(key, in: range, order: .ascending) { columns in
                        rows += columns.count
                        return true
                    }
                    guard rows > 0 else { throw HarnessError("a day without rows") }
                }.seconds)
        }
        guard !seconds.isEmpty else { throw HarnessError("the merge was over before a read") }
        return seconds.sorted()[seconds.count * 99 / 100]
    }
}
