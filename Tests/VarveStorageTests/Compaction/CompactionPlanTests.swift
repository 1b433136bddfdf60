// CompactionPlanTests.swift — which segments are merged, by table; and two compactions at once.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct CompactionPlanTests {
    /// A manifest with segments of these sizes.
    private static func manifest(
        _ sizes: [UInt64], compacted: Bool = false, samples: UInt64 = 10
    ) -> Manifest {
        var manifest = Manifest()
        manifest.segments = sizes.map { size in
            var summary = SegmentSummary()
            summary.samples = samples
            return SegmentReference(
                id: .random(), byteCount: size, checksum: 0, summary: summary, isCompacted: compacted)
        }
        manifest.samples = samples * UInt64(sizes.count)
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
        var corrected = Self.manifest([1], compacted: true)
        corrected.segments[0].olderVersions = 1
        corrected.segments[0].replacedUpTo = 7
        #expect(CompactionPlan.full(corrected, history: 6) == nil)
        #expect(CompactionPlan.full(corrected, history: 7) != nil)
    }

    @Test("a segment with many versions that are no longer kept is rewritten, and others wait for a merge")
    func folding() {
        var corrected = Self.manifest([1, 1], compacted: true, samples: 80)
        corrected.segments[1].replacedUpTo = 7
        for (versions, history, isDue) in [
            (10, 7, true), (10, 6, false), (9, 7, false), (0, 7, false), (80, 100, true),
        ] as [(UInt64, UInt64, Bool)] {
            corrected.segments[1].olderVersions = versions
            let plan = CompactionPlan.automatic(corrected, history: history)
            #expect(plan?.inputs.map(\.id) == (isDue ? [corrected.segments[1].id] : nil))
        }
    }

    typealias Span = (size: UInt64, first: Int64, last: Int64)

    /// Compacted segments of these sizes in MiB, with first and last time.
    private static func segments(_ all: [Span]) -> Manifest {
        var manifest = manifest(all.map { $0.size << 20 }, compacted: true)
        for (index, one) in all.enumerated() {
            manifest.segments[index].summary.firstTime = one.first
            manifest.segments[index].summary.lastTime = one.last
        }
        return manifest
    }

    @Test("a full merge leaves alone what overlaps nothing, unless it is a small neighbour")
    func fullWherePartsOverlap() throws {
        #expect(CompactionPlan.full(Self.segments([(60, 0, 9), (50, 10, 19), (40, 20, 29)])) == nil)
        let late = Self.segments([(60, 0, 9), (50, 10, 19), (40, 20, 29), (1, 12, 13)])
        let plan = try #require(CompactionPlan.full(late))
        #expect(Set(plan.inputs.map { $0.byteCount >> 20 }) == [50, 1] && plan.cuts.isEmpty)
        // Small neighbours are joined until they are not small.
        let small = try #require(CompactionPlan.full(Self.segments([(2, 0, 9), (3, 10, 19), (60, 20, 29)])))
        #expect(small.inputs.map { $0.byteCount >> 20 } == [2, 3])
    }

    @Test("large segments are merged only where eight of them share a time")
    func automaticWhereLarge() throws {
        let apart: [Span] = (0..<20 as Range<Int64>).map { (64, $0 * 10, $0 * 10 + 9) }
        #expect(CompactionPlan.automatic(Self.segments(apart)) == nil)
        let deep: [Span] = apart + (0..<7 as Range<Int64>).map { (40, 50 + $0, 59) }
        let plan = try #require(CompactionPlan.automatic(Self.segments(deep)))
        #expect(plan.inputs.count == 8 && plan.inputs.allSatisfy { $0.summary.lastTime == 59 })
    }

    @Test("small segments that a merge would cut into as many again are left alone, unless they overlap")
    func automaticWhereCut() throws {
        let length = Int64(1) << 40
        // Of eight, one side of each pair of spans is in another partition.
        let apart: [Span] = (1...8 as ClosedRange<Int64>).map {
            (31, .min + $0 * length, .min + ($0 + 1) * length - 1)
        }
        let manifest = Self.segments(apart)
        #expect(CompactionPlan(manifest.segments).cuts.count == 4)
        #expect(CompactionPlan.automatic(manifest) == nil)
        let deep = apart.map { (size: $0.size, first: $0.first, last: apart[7].last) }
        #expect(CompactionPlan.automatic(Self.segments(deep))?.inputs.count == 8)
        // Smaller ones become few.
        let small = apart.map { (size: UInt64(10), first: $0.first, last: $0.last) }
        #expect(CompactionPlan.automatic(Self.segments(small))?.inputs.count == 8)
    }

    @Test("the output of a merge is never merged again into as many segments", arguments: [1, 2, 3])
    func automaticComesToAnEnd(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var segments: [Span] = (0..<200).map { _ in
            let first = Int64.random(in: 0..<1 << 50, using: &random)
            return (
                .random(in: 1...40, using: &random), first, first + .random(in: 0..<1 << 46, using: &random)
            )
        }
        var steps = 0
        while let plan = CompactionPlan.automatic(Self.segments(segments)) {
            steps += 1
            try #require(steps < 100)
            // Outputs of even density, as the estimate has it.
            let inputs = Set(
                plan.inputs.map { [Int64($0.byteCount), $0.summary.firstTime, $0.summary.lastTime] })
            segments.removeAll { inputs.contains([Int64($0.size << 20), $0.first, $0.last]) }
            let first = plan.inputs.map(\.summary.firstTime).min() ?? 0
            let last = plan.inputs.map(\.summary.lastTime).max() ?? 0
            let edges = [first] + plan.cuts + [last + 1]
            let total = plan.inputs.reduce(0) { $0 + Double($1.byteCount) } / Double(1 << 20)
            for (start, end) in zip(edges, edges.dropFirst()) {
                let share = total * Double(end - start) / Double(last + 1 - first)
                segments.append((UInt64(max(1, share)), start, end - 1))
            }
        }
        #expect(steps > 0)
    }

    @Test("a large result is cut into partitions, finer where there is more")
    func cuts() {
        #expect(CompactionPlan(Self.segments([(40, 0, 1 << 40), (40, 0, 1 << 40)]).segments).cuts.isEmpty)
        let even = Self.segments([Span](repeating: (64, 0, 1 << 43), count: 8)).segments
        let cuts = CompactionPlan(even).cuts
        #expect(cuts == (1..<8).map { Int64($0) << 40 })
        // The cuts of a merge fit those of a merge of a longer time.
        let dense = even + Self.segments([Span](repeating: (64, 0, 1 << 40), count: 8)).segments
        #expect(Set(cuts).isSubset(of: CompactionPlan(dense).cuts) && CompactionPlan(dense).cuts.count > 10)
        let huge = Self.segments([Span](repeating: (1 << 14, .min, .max), count: 100)).segments
        #expect((30..<Partitions.most).contains(CompactionPlan(huge).cuts.count))
    }

    @Test("the second of two merges of the same segments gives way")
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
