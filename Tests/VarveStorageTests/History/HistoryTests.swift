// HistoryTests.swift — states of the past by time, and the end of history; StoreModelTests has random histories.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct HistoryTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private static let second: Int64 = 1_000_000_000
    private let directory: TemporaryDirectory
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> Store {
        var options = StoreOptions()
        let clock = clock
        options.now = { clock.now }
        return try Store.open(directory.path, options: options)
    }

    private func commit(_ value: Double, at time: Int64 = 0, to store: Store) throws {
        let sample = Sample(time: Timestamp(nanoseconds: time), value: .double(value))
        _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .double, [sample])]))
    }

    /// Commits the values 1 to 5 for one time, each 100 s after the one before.
    private func commitFive(to store: Store) throws {
        for value in 1...5 {
            clock.advance(to: Int64(value) * 100 * Self.second)
            try commit(Double(value), to: store)
        }
    }

    private func shown(_ snapshot: StoreSnapshot) throws -> [Double] {
        try snapshot.samples(Self.key, .double).map {
            if case .double(let value)? = $0.value { value } else { .nan }
        }
    }

    @Test("the state at a time is the same from the WAL, from a segment, merged and opened again")
    func times() throws {
        var store = try open()
        try commitFive(to: store)
        func expectStates(_ what: String) throws {
            let snapshot = store.snapshot()
            for second in [99, 100, 101, 250, 499, 500, 9000] as [Int64] {
                let past = try snapshot.asOf(time: Timestamp(nanoseconds: second * Self.second))
                let newest = min(Int(second / 100), 5)
                #expect(try shown(past) == (newest == 0 ? [] : [Double(newest)]), "\(what), \(second)")
                #expect(past.commit == UInt64(newest), "\(what), \(second)")
            }
            #expect(snapshot.commitTime == Timestamp(nanoseconds: 500 * Self.second))
        }
        try expectStates("WAL")
        try store.close()
        store = try open()
        try expectStates("WAL, opened again")
        try store.flush()
        try expectStates("segment")
        _ = try store.compact()
        #expect(store.snapshot().view.manifest.segments.map(\.olderVersions) == [4])
        try expectStates("merged")
        try store.close()
        store = try open()
        try expectStates("merged, opened again")
        #expect(throws: StorageError.self) { try store.snapshot().asOf(commit: 6) }
    }

    @Test(
        "the times of commits get coarser with age in a store that stays open, as in one that is opened again"
    )
    func longOpen() throws {
        let store = try open()
        let isSealed = [false, true]
        for (round, isSealed) in isSealed.enumerated() {
            for second in 0..<300 {
                clock.advance(to: (Int64(round) * 100_000 + Int64(second)) * Self.second)
                try commit(Double(second), at: Int64(second), to: store)
            }
            clock.advance(to: (Int64(round) * 100_000 + 90_000) * Self.second)
            if isSealed {
                let many = (0...Int64(Limits.walBatchRows)).map {
                    Sample(time: Timestamp(nanoseconds: $0), value: .double(-1))
                }
                _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .double, many)]))
            } else {
                try store.flush()
            }
            let view = store.snapshot().view
            #expect(view.commitTimes == view.manifest.commitTimes)
            #expect(view.commitTimes.entries.count < 20)
        }
        try store.close()
        #expect(try open().snapshot().view.commitTimes == store.snapshot().view.commitTimes)
    }

    @Test("many versions are removed once they are no longer kept, and not before")
    func folded() throws {
        let store = try open()
        try commitFive(to: store)
        try store.flush()
        // From then on the state of the last correction is the oldest that is kept.
        let last = 500 * Self.second + store.history
        for (now, versions) in [(500 * Self.second, 4), (last - 1, 4), (last, 0)] as [(Int64, UInt64)] {
            clock.advance(to: now)
            _ = try store.compactIfDue()
            #expect(store.snapshot().view.manifest.segments.map(\.olderVersions) == [versions], "\(now)")
            #expect(try shown(store.snapshot()) == [5])
        }
        #expect(try store.compactIfDue().segments == 0)
        #expect(throws: StorageError.self) { try store.snapshot().asOf(commit: 4) }
        #expect(try shown(store.snapshot().asOf(commit: 5)) == [5])
    }

    @Test("a merge changes no state while it runs, deletes and policies included")
    func during() throws {
        let store = try open()
        let policies: [DuplicatePolicy] = [.last, .first]
        let keys = ["a", "b"].map { SeriesKey(product: "p", device: "d", point: $0) }
        for part in 0..<6 as Range<Int64> {
            let samples = (0..<3000 as Range<Int64>).map { row in
                let time = Timestamp(nanoseconds: row * 2 + part % 3)
                return Sample(time: time, value: .int64(part * 10_000 + row))
            }
            let rows = zip(keys, policies).map { SeriesRows($0, .int64, policy: $1, samples) }
            _ = try store.commit(SampleBatch(series: rows))
            try store.flush()
        }
        _ = try store.delete(
            [keys[0]], in: TimeRange(from: Timestamp(nanoseconds: 70), to: Timestamp(nanoseconds: 900)))
        func states() throws -> [[Sample]] {
            let snapshot = store.snapshot()
            return try (1...snapshot.commit).flatMap { commit in
                try keys.map { try snapshot.asOf(commit: commit).samples($0, .int64) }
            }
        }
        let before = try states()
        // Of the first policy all but the times that were new are superseded.
        #expect(
            before.last?.first?.value == .int64(0) && before[before.count - 2].first?.value == .int64(30_000))
        var steps = 0
        let report = try store.compact { _, _ in
            steps += 1
            #expect((try? states()) == before)
        }
        #expect(steps == 2 && report.deleted > 0 && report.dropped == 0)
        #expect(try states() == before)
    }

    @Test("a merge leaves out what is only in states older than history, and those are refused from then on")
    func horizon() throws {
        let store = try open()
        store.history = 1000 * Self.second
        for value in 1...5 {
            clock.advance(to: Int64(value) * 400 * Self.second)
            try commit(Double(value), to: store)
            try store.flush()
        }
        // Now it is 2000: states from 1000 on are kept, that of commit 2 is the oldest of them.
        let report = try store.compact()
        #expect(report.dropped == 1)
        let snapshot = store.snapshot()
        #expect(snapshot.view.manifest.historyFrom == 2)
        #expect(throws: StorageError.self) { try snapshot.asOf(commit: 1) }
        for commit in 2...5 { #expect(try shown(snapshot.asOf(commit: UInt64(commit))) == [Double(commit)]) }
        #expect(try shown(snapshot.asOf(time: Timestamp(nanoseconds: 1000 * Self.second))) == [2])
        // When it is late enough, the rest goes by the next merge of all, without another commit.
        clock.advance(to: 9000 * Self.second)
        #expect(try store.compact().dropped == 3 && shown(store.snapshot()) == [5])
        #expect(try store.compact().segments == 0)
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("without history a flush leaves older versions out")
    func none() throws {
        let store = try open()
        store.history = 0
        for value in 1...3 { try commit(Double(value), to: store) }
        #expect(try shown(store.snapshot().asOf(commit: 2)) == [2])
        try store.flush()
        let manifest = store.snapshot().view.manifest
        #expect(manifest.segments.map(\.summary.samples) == [1] && manifest.historyFrom == 3)
    }

    @Test("retention by arrival removes what came by then, only from the series named")
    func arrival() throws {
        let store = try open()
        let other = SeriesKey(product: "p", device: "e", point: "x")
        for value in 1...4 as ClosedRange<Int64> {
            clock.advance(to: value * 100 * Self.second)
            try commit(Double(value), at: value, to: store)
            let rows = SeriesRows(
                other, .int64, [Sample(time: .init(nanoseconds: value), value: .int64(value))])
            _ = try store.commit(SampleBatch(series: [rows]))
            if value == 2 { try store.flush() }
        }
        try commit(10, at: 1, to: store)
        let limit = RetentionLimit.arrivedAfter(Timestamp(nanoseconds: 250 * Self.second))
        let report = try store.expire([Self.key], keeping: limit)
        // The first sample was corrected after that.
        #expect(report.samples == 1 && report.series == 1)
        #expect(try shown(store.snapshot()) == [10, 3, 4])
        #expect(try store.snapshot().samples(other, .int64).count == 4)
        #expect(try store.statistics().samples == 7)
        #expect(try shown(store.snapshot().asOf(commit: 4)) == [])
        #expect(try store.expire([Self.key], keeping: limit).samples == 0)
        // The same message again is a replay, and brings nothing back.
        try commit(2, at: 2, to: store)
        #expect(try shown(store.snapshot()) == [10, 3, 4])
        #expect(try store.compact().deleted == 2 && store.snapshot().view.manifest.expiries.isEmpty)
        #expect(try shown(store.snapshot()) == [10, 3, 4])
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("segments whose samples are all too old leave the store at once, unread")
    func wholeSegments() throws {
        let store = try open()
        for part in 0..<4 as Range<Int64> {
            for time in part * 10..<part * 10 + 10 { try commit(Double(time), at: time, to: store) }
            try store.flush()
        }
        let report = try store.expire([Self.key], keeping: .from(Timestamp(nanoseconds: 25)))
        #expect(report.samples == 25 && report.from == Timestamp(nanoseconds: 0))
        #expect(report.to == Timestamp(nanoseconds: 24))
        #expect(store.snapshot().view.segments.count == 2)
        let files = try directory.fileNames().filter { $0.hasSuffix(".segment") }
        #expect(files.count == 2)
        #expect(try shown(store.snapshot()) == (25..<40).map(Double.init))
        // A later expiry replaces an earlier one, and keeps its time, as that has waited longer.
        let first = try #require(store.snapshot().view.manifest.expiries.first)
        clock.advance(to: 500 * Self.second)
        _ = try store.expire([Self.key], keeping: .from(Timestamp(nanoseconds: 27)))
        let expiries = store.snapshot().view.manifest.expiries
        #expect(expiries.count == 1 && expiries[0].writtenAt == first.writtenAt && expiries[0].last == 26)
        let due = first.writtenAt + CompactionPlan.longestDeleted
        #expect(CompactionPlan.automatic(store.snapshot().view.manifest, now: due) == nil)
        #expect(CompactionPlan.automatic(store.snapshot().view.manifest, now: due + 1)?.inputs.count == 1)
    }
}

/// A clock that moves only when a test advances it.
private final class TestClock: Sendable {
    private let time = Atomic<Int64>(0)

    var now: Int64 { time.load(ordering: .relaxed) }

    func advance(to time: Int64) { self.time.store(time, ordering: .relaxed) }
}
