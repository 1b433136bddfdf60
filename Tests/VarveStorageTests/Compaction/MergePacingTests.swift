// MergePacingTests.swift — a merge reports the bytes that it moved, however many series share them.

import Synchronization
import Testing
import VarveModel
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
}
