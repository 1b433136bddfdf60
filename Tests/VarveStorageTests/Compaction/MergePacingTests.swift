// MergePacingTests.swift — a merge reports the bytes that it moved, however many series share them, and yields the
// processor if it is told to.

import Glibc
import Synchronization
import Testing
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct MergePacingTests {
    @Test("a merge of many short series reports a block that they share once, not for each series")
    func shortSeries() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let series = 3000
        for round in 0..<8 {
            let rows = (0..<series).map { number in
                let time = Timestamp(nanoseconds: Int64(round) * 1_000_000_000)
                let value = Value.double(Double((number &* 7919 &+ round) % 1009) / 8)
                return SeriesRows(
                    SeriesKey(product: "p", device: "d\(number)", point: "x"), .double,
                    [Sample(time: time, value: value)])
            }
            _ = try store.commit(SampleBatch(series: rows))
            try store.flush()
        }
        let moved = Atomic<Int>(0)
        let report = try store.compactIfDue { bytes in moved.add(bytes, ordering: .relaxed) }
        #expect(report.segments == 8)
        // Written bytes count three times: once each for the read before, the write, and the reading back. The open
        // page of the index is estimated.
        let reported = moved.load(ordering: .relaxed)
        #expect(reported >= Int(report.bytesOut))
        #expect(reported <= 3 * Int(report.bytesOut) + 2 * 32 * FormatLimits.pageEntries)
        try store.close()
    }

    @Test(
        "a merge of background priority works with the nice value 10 and holds no lock there that a commit needs"
    )
    func background() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for round in 0..<8 {
            try Self.commit(round, to: store)
            try store.flush()
        }
        let lowest = Atomic<Int32>(20)
        let commits = Atomic<Int>(0)
        let report = try store.compactIfDue(
            pace: { _ in
                let value = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
                lowest.store(min(lowest.load(ordering: .relaxed), value), ordering: .relaxed)
                // With the writer's lock held here, this commit would never end.
                try Self.commit(100 + commits.add(1, ordering: .relaxed).newValue, to: store)
            }, priority: .background)
        #expect(report.segments == 8)
        #expect(lowest.load(ordering: .relaxed) >= 10)
        #expect(store.snapshot().size.samples == UInt64(8 + commits.load(ordering: .relaxed)))
        try store.close()
    }

    private static func commit(_ second: Int, to store: Store) throws {
        let sample = Sample(
            time: Timestamp(nanoseconds: Int64(second) * 1_000_000_000), value: .double(Double(second)))
        let rows = SeriesRows(SeriesKey(product: "p", device: "d", point: "x"), .double, [sample])
        _ = try store.commit(SampleBatch(series: [rows]))
    }
}
