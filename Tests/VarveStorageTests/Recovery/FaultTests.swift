// FaultTests.swift — one failing call of the disk, at each place of a history in turn.
//
// Invariants checked, for every place and kind of failure, after the store was opened again on a sound disk:
// - Acknowledged batches are there. Each other batch is there as a whole or not at all.
// - `verify --deep` is clean.
// - Every batch can be committed again, and then everything is there.

import Glibc
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct FaultTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    /// Batch `number` writes a stretch of times of its own and corrects the first sample of the batch before.
    private static func batch(_ number: Int) -> SampleBatch {
        let count = number == 2 ? Limits.walBatchRows + 10 : 20
        var columns = SampleColumns(type: .int64)
        columns.times = (0..<count).map { start(number) + Int64($0) }
        columns.values = .bits([UInt64](repeating: UInt64(number), count: count))
        columns.states = [UInt64](repeating: 0, count: count)
        if number > 0 {
            columns.append(
                Sample(time: Timestamp(nanoseconds: start(number - 1)), value: .int64(Int64(number))))
        }
        let other = SeriesKey(product: "p", device: "d\(number)", point: "y")
        return SampleBatch(series: [
            SeriesRows(key: key, type: .int64, columns: columns),
            SeriesRows(other, .string, [Sample(time: .init(nanoseconds: 1), value: .string("b\(number)"))]),
        ])
    }

    private static func start(_ number: Int) -> Int64 { Int64(number) * 1_000_000 }

    private static let batches = 8

    /// Runs the history and returns the numbers of the acknowledged batches.
    private static func run(_ path: String, _ files: FailingDisk) -> Set<Int> {
        var acknowledged: Set<Int> = []
        guard let store = try? Store.open(path, files: files) else { return [] }
        for number in 0..<batches {
            if (try? store.commit(batch(number))) != nil { acknowledged.insert(number) }
            if number == 3 { try? store.flush() }
            if number == 6 { _ = try? store.compact() }
        }
        try? store.close()
        return acknowledged
    }

    /// The batches that the store shows, each as a whole; a violation is recorded.
    private static func visible(_ store: Store, inOrder: Bool, _ place: Comment) throws -> Set<Int> {
        let snapshot = store.snapshot()
        let samples = try snapshot.samples(key, .int64)
        var found: Set<Int> = []
        for number in 0..<batches {
            let range = TimeRange(
                from: .init(nanoseconds: start(number)), to: .init(nanoseconds: start(number + 1)))
            let own = samples.filter { range.contains($0.time) }
            if own.count <= 1 { continue }
            found.insert(number)
            let other = SeriesKey(product: "p", device: "d\(number)", point: "y")
            #expect(own.count == batch(number).series[0].columns.count - (number > 0 ? 1 : 0), place)
            #expect(try snapshot.samples(other, .string).count == 1, place)
        }
        // A batch that is committed again is the later message, so this holds only in the first order.
        for number in found where number > 0 && inOrder {
            let corrected = samples.first { $0.time.nanoseconds == start(number - 1) }
            #expect(corrected?.value == .int64(Int64(number)), place)
        }
        return found
    }

    private static func check(_ path: String, _ acknowledged: Set<Int>, _ place: Comment) throws {
        var store = try Store.open(path)
        var found = try visible(store, inOrder: true, place)
        #expect(found.isSuperset(of: acknowledged), place)
        try store.close()
        #expect(try Store.verify(path, deep: true).damage == [], place)
        store = try Store.open(path)
        for number in 0..<batches {
            let outcome = try store.commit(batch(number))
            #expect(outcome.isReplay == found.contains(number), place)
            #expect(
                outcome.receipt.samples == UInt64(batch(number).series.reduce(0) { $0 + $1.columns.count }))
        }
        found = try visible(store, inOrder: false, place)
        #expect(found.count == batches, place)
        try store.close()
    }

    @Test(
        "a stop at any call loses nothing that was acknowledged",
        arguments: [FailingDisk.Effect.none, .half])
    func killed(effect: FailingDisk.Effect) throws {
        let counting = FailingDisk(failAt: 0, .none)
        _ = Self.run(try TemporaryDirectory().path, counting)
        for failAt in effect == .half ? counting.appends : Array(1...counting.count) {
            let directory = try TemporaryDirectory()
            let files = FailingDisk(failAt: failAt, effect, staysDown: true)
            let acknowledged = Self.run(directory.path, files)
            try Self.check(directory.path, acknowledged, "ended at change \(failAt), effect \(effect)")
        }
    }

    @Test("one failing call loses nothing that was acknowledged", arguments: FailingDisk.Effect.allCases)
    func everyPlace(effect: FailingDisk.Effect) throws {
        let sound = try TemporaryDirectory()
        let counting = FailingDisk(failAt: 0, .none)
        #expect(Self.run(sound.path, counting).count == Self.batches)
        #expect(counting.count > 40)
        let places = effect == .half ? counting.appends : Array(1...counting.count)
        for failAt in places {
            let directory = try TemporaryDirectory()
            let code = failAt % 2 == 0 ? EIO : ENOSPC
            let acknowledged = Self.run(
                directory.path, FailingDisk(failAt: failAt, effect, code: code))
            try Self.check(directory.path, acknowledged, "change \(failAt) failed, effect \(effect)")
        }
    }
}
