// CompactionPlanTests.swift — which segments are merged, by table; and two compactions at once.

import Testing
import VarveFile
import VarveModel

@testable import VarveStorage

@Suite struct CompactionPlanTests {
    /// A manifest with segments of these sizes.
    private static func manifest(
        _ sizes: [UInt64], compacted: Bool = false, samples: UInt64 = 10, distinct: UInt64? = nil
    ) -> Manifest {
        var manifest = Manifest()
        manifest.segments = sizes.map { size in
            var summary = SegmentSummary()
            summary.samples = samples
            return SegmentReference(
                id: .random(), byteCount: size, checksum: 0, summary: summary, isCompacted: compacted)
        }
        manifest.samples = distinct ?? samples * UInt64(sizes.count)
        return manifest
    }

    private static let kilo: UInt64 = 1 << 10

    @Test(
        "a tier is merged when it has eight segments, the smallest first",
        arguments: [
            ([], []), (Array(repeating: 1, count: 7), []), (Array(repeating: 1, count: 8), [1]),
            ([1, 63, 64, 65, 200, 1, 1, 1, 1, 1], []), (Array(repeating: 70, count: 9), [70]),
            (Array(repeating: 300, count: 8) + Array(repeating: 2, count: 8), [2]),
            (Array(repeating: 64, count: 4) + Array(repeating: 255, count: 4), [64, 255]),
        ] as [([UInt64], Set<UInt64>)])
    func automatic(sizes: [UInt64], merged: Set<UInt64>) {
        let plan = CompactionPlan.automatic(Self.manifest(sizes.map { $0 * Self.kilo }))
        #expect(Set(plan?.inputs.map { $0.byteCount / Self.kilo } ?? []) == merged)
        if let plan {
            #expect(plan.inputs.count >= CompactionPlan.tierWidth)
        }
    }

    @Test("a full merge is due until there is one compacted run without older versions")
    func full() {
        #expect(CompactionPlan.full(Manifest()) == nil)
        #expect(CompactionPlan.full(Self.manifest([1])) != nil)
        #expect(CompactionPlan.full(Self.manifest([1, 1], compacted: true))?.inputs.count == 2)
        #expect(CompactionPlan.full(Self.manifest([1], compacted: true)) == nil)
        #expect(CompactionPlan.full(Self.manifest([1], compacted: true, distinct: 9)) != nil)
        let large = UInt64(Limits.segmentBytes) + 1
        #expect(CompactionPlan.full(Self.manifest([large, large, 5], compacted: true)) == nil)
        #expect(CompactionPlan.full(Self.manifest([large, 5, 5], compacted: true)) != nil)
    }

    @Test("of two merges of the same segments the second gives way")
    func overtaken() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let key = SeriesKey(product: "p", device: "d", point: "x")
        for time in 0..<3 as Range<Int64> {
            let rows = SeriesRows(key, .bool, [Sample(time: .init(nanoseconds: time), value: .bool(true))])
            _ = try store.commit(SampleBatch(series: [rows]))
            try store.flush()
        }
        let view = store.snapshot().view
        let plan = try #require(CompactionPlan.full(view.manifest))
        let second = try #require(CompactionWorker(store, plan, view))
        _ = try store.compact()
        #expect(throws: StorageError.self) { try second.run { _, _ in } }
        #expect(store.snapshot().view.segments.count == 1)
        #expect(try store.snapshot().samples(key, .bool).count == 3)
        _ = try store.commit(
            SampleBatch(series: [
                SeriesRows(key, .bool, [Sample(time: .init(nanoseconds: 9), value: .bool(true))])
            ]))
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
    }
}
