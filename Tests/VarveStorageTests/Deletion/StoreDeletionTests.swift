// StoreDeletionTests.swift — deleted samples, and only these, are gone at once and never come back.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct StoreDeletionTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private static let other = SeriesKey(product: "p", device: "d", point: "y")
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private static func samples(_ times: Range<Int>, _ shift: Double = 0) -> [Sample] {
        times.map {
            Sample(
                time: Timestamp(nanoseconds: Int64($0)), value: .double(Double($0) / 8 + shift), quality: 0)
        }
    }

    private static func batch(
        _ samples: [Sample], _ key: SeriesKey = key, _ policy: DuplicatePolicy = .last
    ) -> SampleBatch {
        SampleBatch(series: [SeriesRows(key, .double, policy: policy, samples)])
    }

    private static func range(_ from: Int, _ to: Int) -> TimeRange {
        TimeRange(from: Timestamp(nanoseconds: Int64(from)), to: Timestamp(nanoseconds: Int64(to)))
    }

    private func times(_ store: Store, _ key: SeriesKey = key) throws -> [Int] {
        try store.snapshot().samples(key, .double).map { Int($0.time.nanoseconds) }
    }

    @Test(
        "the deleted samples of one series are gone from memory and segments at once, and a snapshot keeps them"
    )
    func atOnce() throws {
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(Self.samples(0..<20_000)))
        _ = try store.commit(Self.batch(Self.samples(0..<10), Self.other))
        try store.flush()
        _ = try store.commit(Self.batch(Self.samples(20_000..<20_010)))
        let before = store.snapshot()
        let report = try store.delete([Self.key], in: Self.range(5, 20_005))
        #expect(report.samples == 20_000 && report.series == 1)
        #expect(report.from?.nanoseconds == 5 && report.to?.nanoseconds == 20_004)
        #expect(try times(store) == Array(0..<5) + Array(20_005..<20_010))
        #expect(try times(store, Self.other).count == 10)
        #expect(try before.samples(Self.key, .double).count == 20_010)
        #expect(try store.statistics().samples == 20)
        let reader = try Store.open(directory.path, options: .reading)
        #expect(try times(reader) == times(store))
        #expect(try store.delete([Self.key], in: Self.range(5, 20_005)).samples == 0)
        #expect(try store.delete([Self.key], in: Self.range(9, 9)).samples == 0)
        #expect(store.snapshot().commit == report.commit)
    }

    @Test("statistics have the first and the last time that a query sees")
    func span() throws {
        let store = try Store.open(directory.path)
        func span() throws -> [Int64?] {
            let statistics = try store.statistics()
            return [statistics.firstTime?.nanoseconds, statistics.lastTime?.nanoseconds]
        }
        #expect(try span() == [nil, nil])
        _ = try store.commit(Self.batch(Self.samples(0..<20_000)))
        _ = try store.commit(Self.batch(Self.samples(10..<12), Self.other))
        try store.flush()
        _ = try store.commit(Self.batch(Self.samples(20_000..<20_010)))
        #expect(try span() == [0, 20_009])
        // Of one series the start and the end, so that blocks are cut, whole ones go, and the other series is first.
        _ = try store.delete([Self.key], in: Self.range(15_000, 30_000))
        #expect(try span() == [0, 14_999])
        _ = try store.delete([Self.key], in: Self.range(0, 9000))
        #expect(try span() == [10, 14_999])
        _ = try store.delete([Self.other], in: Self.range(0, 30_000))
        #expect(try span() == [9000, 14_999])
        // What is written after a deletion is there again.
        _ = try store.commit(Self.batch(Self.samples(3..<4)))
        #expect(try span() == [3, 14_999])
        #expect(try Store.open(directory.path, options: .reading).statistics().firstTime?.nanoseconds == 3)
        _ = try store.delete([Self.key], in: Self.range(0, 30_000))
        #expect(try span() == [nil, nil])
        #expect(try store.statistics().samples == 0)
    }

    @Test("retention moves the first time of the statistics too")
    func expiredSpan() throws {
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(Self.samples(0..<20_000)))
        _ = try store.expire([Self.key], keeping: .from(Timestamp(nanoseconds: 12_345)))
        #expect(try store.statistics().firstTime?.nanoseconds == 12_345)
        #expect(try store.statistics().lastTime?.nanoseconds == 19_999)
    }

    @Test("no older version reappears, and rows after the deletion are new under any policy")
    func versions() throws {
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(Self.samples(0..<10)))
        _ = try store.commit(Self.batch(Self.samples(0..<10, 1)))
        _ = try store.delete([Self.key], in: Self.range(2, 8))
        #expect(try times(store) == [0, 1, 8, 9])
        let again = try store.commit(Self.batch(Self.samples(0..<10, 2), Self.key, .first))
        #expect(again.receipt.accepted == 6 && again.receipt.superseded == 4)
        #expect(try store.snapshot().samples(Self.key, .double)[2...7] == Self.samples(0..<10, 2)[2...7])
        _ = try store.compact()
        #expect(try store.snapshot().samples(Self.key, .double)[2...7] == Self.samples(0..<10, 2)[2...7])
    }

    @Test("a message and an import that were sent before are applied again, also after compaction")
    func replays() throws {
        var store = try Store.open(directory.path)
        let message = Self.batch(Self.samples(0..<10))
        var part = Self.batch(Self.samples(10..<20))
        part.part = SampleBatch.Part(index: 0, isLast: true)
        let far = Self.batch(Self.samples(100..<110))
        for batch in [message, part, far] { _ = try store.commit(batch) }
        _ = try store.delete([Self.key], in: Self.range(5, 15))
        _ = try store.compact()
        try store.close()
        store = try Store.open(directory.path)
        for batch in [message, part] {
            let outcome = try store.commit(batch)
            #expect(!outcome.isReplay && outcome.receipt.accepted == 5 && outcome.receipt.identical == 5)
            #expect(try store.commit(batch).isReplay)
        }
        #expect(try store.commit(far).isReplay)
        #expect(try times(store) == Array(0..<20) + Array(100..<110))
    }

    @Test("compaction removes deleted samples from the disk, and the last of them with its segment")
    func erasure() throws {
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(Self.samples(0..<50_000)))
        try store.flush()
        let size = try store.statistics().bytes
        _ = try store.delete([Self.key], in: Self.range(100, 50_000))
        #expect(try store.statistics().historySamples == 49_900)
        let report = try store.compact()
        #expect(report.deleted == 49_900 && report.dropped == 0)
        #expect(try store.statistics().bytes < size)
        #expect(store.snapshot().view.manifest.tombstones.map(\.isErased) == [true])
        #expect(try store.compact().segments == 0)
        _ = try store.delete([Self.key], in: .all)
        _ = try store.compact()
        #expect(try store.statistics().segments == 0 && times(store).isEmpty)
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
        _ = try store.commit(Self.batch(Self.samples(0..<3, 7)))
        #expect(try times(store) == [0, 1, 2])
    }

    @Test(
        "a merge that does not cover all that a tombstone hides keeps the tombstone; a day later a merge covers all"
    )
    func automatic() throws {
        let store = try Store.open(directory.path)
        for part in 0..<3 {
            _ = try store.commit(Self.batch(Self.samples(part * 10..<part * 10 + 10)))
            try store.flush()
        }
        _ = try store.delete([Self.key], in: Self.range(5, 15))
        let manifest = store.snapshot().view.manifest
        let tombstone = try #require(manifest.tombstones.first)
        let later = tombstone.writtenAt + CompactionPlan.longestDeleted
        #expect(CompactionPlan.automatic(manifest, now: later) == nil)
        let plan = try #require(CompactionPlan.automatic(manifest, now: later + 1))
        #expect(plan.inputs == Array(manifest.segments[..<2]))
        var partial = manifest
        partial.segments.remove(at: 0)
        partial.noteErased()
        #expect(!partial.tombstones[0].isErased)
        partial.segments.remove(at: 0)
        partial.noteErased()
        #expect(partial.tombstones[0].isErased)
    }

    @Test("manifests with tombstones read back, and impossible ones are damage")
    func manifest() throws {
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(Self.samples(0..<10)))
        _ = try store.delete([Self.key], in: Self.range(0, 5))
        var manifest = store.snapshot().view.manifest
        manifest.tombstones.append(
            Tombstone(
                series: 3, first: .min, last: .max, commit: .max, writtenAt: -1, isErased: true))
        func read(_ manifest: Manifest) throws -> Manifest {
            try SealedFile.parse(manifest.encode(), "m") { try Manifest(from: &$0, version: 4) }
        }
        #expect(try read(manifest) == manifest)
        manifest.tombstones[0].first = manifest.tombstones[0].last + 1
        #expect(throws: StorageError.self) { try read(manifest) }
    }
}
