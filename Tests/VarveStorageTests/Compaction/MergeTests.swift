// MergeTests.swift — what a merge copies, packs again and cuts; answers stay the same.

import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct MergeTests {
    private static let keys = ["x", "y"].map { SeriesKey(product: "p", device: "d", point: $0) }
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func value(_ time: Int, _ version: Int) -> Value {
        .double(Double((time &* 7919) % 1009) / 8 + Double(version))
    }

    private func commit(_ times: some Sequence<Int>, version: Int = 0, to store: Store) throws {
        let samples = times.map {
            Sample(
                time: Timestamp(nanoseconds: Int64($0) * 1000 + Int64($0 % 7)), value: Self.value($0, version)
            )
        }
        _ = try store.commit(SampleBatch(series: Self.keys.map { SeriesRows($0, .double, samples) }))
        try store.flush()
    }

    private func entries(_ store: Store, _ series: SeriesID = 0) throws -> [BlockEntry] {
        try store.snapshot().view.segments.flatMap { try $0.blocks(of: series) }
    }

    @Test(
        "a block without an overlap keeps its bytes and shared times; a block with an overlap is packed again"
    )
    func copies() throws {
        let store = try Store.open(directory.path)
        try commit(0..<40_000, to: store)
        _ = try store.compact()
        let before = try entries(store)
        #expect(before.map(\.count) == [8192, 8192, 8192, 8192, 7232])
        try commit([20_000], version: 1, to: store)
        try commit(40_000..<49_000, to: store)
        let report = try store.compact()
        #expect(report.segments == 3 && report.dropped == 0)
        let after = try entries(store)
        let kept = Set(before.map(\.block.checksum)).intersection(after.map(\.block.checksum))
        #expect(kept.count == 4)
        #expect(after.dropLast().allSatisfy { $0.count >= MergeOutputs.fewSamples })
        #expect(after.map(\.statistics).compactMap { $0 }.count == after.count)
        // Both series have the same times, which are stored once even if the blocks were copied.
        let times = try zip(entries(store, 0), entries(store, 1)).map { ($0.times, $1.times) }
        #expect(times.allSatisfy { $0 == $1 && $0 != nil })
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
        let samples = try store.snapshot().samples(Self.keys[1], .double)
        #expect(samples.count == 49_000 && samples[20_000].value == Self.value(20_000, 1))
        let total = samples.reduce(0) { if case .double(let value)? = $1.value { $0 + value } else { $0 } }
        let expected = (0..<49_000).reduce(1.0) { $0 + Double(($1 &* 7919) % 1009) / 8 }
        #expect(abs(total - expected) < 1e-3)
    }

    @Test("late samples that fall between blocks do not make blocks short")
    func lateBetweenBlocks() throws {
        let store = try Store.open(directory.path)
        try commit(stride(from: 0, to: 80_000, by: 2), to: store)
        _ = try store.compact()
        for _ in 0..<3 {
            let gaps = try entries(store).dropLast().map { Int($0.lastTime / 1000) + 1 }
            try commit(gaps, to: store)
            _ = try store.compact()
            #expect(try entries(store).dropLast().allSatisfy { $0.count >= MergeOutputs.fewSamples })
        }
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("outputs are cut where the plan says, and what a merge of one time leaves is left alone by others")
    func cuts() throws {
        let store = try Store.open(directory.path)
        try commit(stride(from: 0, to: 30_000, by: 2), to: store)
        try commit(stride(from: 1, to: 30_000, by: 2), to: store)
        var plan = CompactionPlan(store.snapshot().view.manifest.segments)
        plan.cuts = [10_000_000, 20_000_000]
        let worker = try #require(CompactionWorker(store, plan, store.snapshot().view))
        let outcome = try worker.run { _, _ in }
        #expect(outcome.samplesIn == 60_000 && outcome.samplesOut == 60_000)
        let segments = store.snapshot().view.manifest.segments
        #expect(segments.map(\.summary.samples) == [20_000, 20_000, 20_000])
        #expect(segments.map(\.summary.firstTime) == [0, 10_000_004, 20_000_001])
        for key in Self.keys {
            let samples = try store.snapshot().samples(key, .double)
            #expect(samples.map(\.value) == (0..<30_000).map { Self.value($0, 0) })
        }
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
        let statistics = try store.statistics()
        #expect(statistics.bytesMerged == segments.reduce(0) { $0 + $1.byteCount })
        #expect(statistics.bytesTaken > 0)
    }
}
