// ReadStagesTests.swift — stages together are the whole range, and save reads if a caller stops early.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveStorage

@Suite struct ReadStagesTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func samples(_ times: Range<Int>) -> [Sample] {
        times.map { time in
            Sample(time: Timestamp(nanoseconds: Int64(time)), value: .double(Double(time) / 8), quality: 0)
        }
    }

    /// A store with a segment for each range of times.
    private static func store(_ path: String, _ segments: [Range<Int>]) throws -> Store {
        let store = try Store.open(path)
        for times in segments {
            _ = try store.commit(SampleBatch(series: [SeriesRows(key, .double, samples(times))]))
            try store.flush()
        }
        return store
    }

    @Test(
        "the latest value of a hundred segments is read from a few of them, and so is the first",
        arguments: [true, false])
    func reads(isLatest: Bool) throws {
        let directory = try TemporaryDirectory()
        let segments = (0..<100).map { $0 * 300..<($0 + 1) * 300 }
        try Self.store(directory.path, segments).close()
        let files = CountingDisk()
        let store = try Store.open(directory.path, options: .reading, files: files)
        var found: Int64?
        try store.snapshot().read(Self.key, in: .all, order: isLatest ? .descending : .ascending) {
            found = $0.times.first
            return false
        }
        #expect(found == (isLatest ? 29_999 : 0))
        // The ends and pages of the first eight, and one block.
        #expect(files.segmentReads <= 17)
    }

    @Test("every sample comes once and in order, with any overlap of segments", arguments: 0..<8)
    func whole(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: seed)
        let segments = (0..<90).map { number in
            let start = seed < 2 ? 5 : seed < 5 ? number * 30 : Int.random(in: 0..<1000, using: &random)
            return start..<start + Int.random(in: 1..<60, using: &random)
        }
        let store = try Self.store(directory.path, segments)
        let all = Set(segments.joined()).sorted()
        for range in [
            TimeRange.all, TimeRange(from: Timestamp(nanoseconds: 100), to: Timestamp(nanoseconds: 900)),
        ] {
            let wanted = Self.samples(0..<4000).filter { range.contains($0.time) }
                .filter { all.contains(Int($0.time.nanoseconds)) }.map(\.time.nanoseconds)
            for order in [TimeOrder.ascending, .descending] {
                var times: [Int64] = []
                try store.snapshot().read(Self.key, in: range, order: order) {
                    times += $0.times
                    return true
                }
                #expect(times == (order == .ascending ? wanted : wanted.reversed()), "seed \(seed)")
            }
        }
    }

    @Test("stages follow each other without gap or overlap", arguments: [TimeOrder.ascending, .descending])
    func partition(order: TimeOrder) throws {
        let directory = try TemporaryDirectory()
        let store = try Self.store(directory.path, (0..<90).map { $0 * 10..<$0 * 10 + 15 })
        for range in [
            TimeRange.all, TimeRange(from: Timestamp(nanoseconds: 33), to: Timestamp(nanoseconds: 801)),
        ] {
            var stages = ReadStages.cut(range, store.snapshot().view.times(in: range), order)
            #expect(stages.count == 3)
            if order == .descending { stages.reverse() }
            #expect(stages.first?.from == range.from && stages.last?.to == range.to)
            for (before, after) in zip(stages, stages.dropFirst()) { #expect(before.to == after.from) }
            #expect(stages.allSatisfy { !$0.isEmpty })
        }
    }
}
