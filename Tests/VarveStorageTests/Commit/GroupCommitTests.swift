// GroupCommitTests.swift — batches that share a sync, and batches that fail.

import Glibc
import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct GroupCommitTests {
    private static func key(_ device: Int) -> SeriesKey {
        SeriesKey(product: "p", device: "d\(device)", point: "x")
    }

    private static func batch(_ device: Int, rows: Int, type: ValueType = .int64) -> SampleBatch {
        var columns = SampleColumns(type: type)
        columns.times = (0..<rows).map(Int64.init)
        columns.states = [UInt64](repeating: 0, count: rows)
        columns.values = .bits([UInt64](repeating: UInt64(device), count: rows))
        return SampleBatch(series: [SeriesRows(key: key(device), type: type, columns: columns)])
    }

    private final class Caller: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Runs bodies on threads of their own and waits for all.
    private static func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        var threads: [pthread_t] = []
        for number in 0..<count {
            let caller = Unmanaged.passRetained(Caller { body(number) })
            var thread = pthread_t()
            pthread_create(
                &thread, nil,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<Caller>.fromOpaque(pointer).takeRetainedValue().body()
                    return nil
                }, caller.toOpaque())
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    @Test("every one of many concurrent callers gets the result of its own batch")
    func concurrentCallers() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let commits = Mutex<[UInt64]>([])
        Self.inParallel(8) { thread in
            for round in 0..<5 {
                let device = thread * 5 + round
                guard let outcome = try? store.commit(Self.batch(device, rows: device + 1)) else { continue }
                if outcome.receipt.accepted == UInt64(device + 1) {
                    commits.withLock { $0.append(outcome.commit) }
                }
            }
        }
        #expect(commits.withLock { $0.sorted() } == Array(1...40))
        try store.close()
        let reopened = try Store.open(directory.path)
        for device in 0..<40 {
            #expect(try reopened.snapshot().samples(Self.key(device), .int64).count == device + 1)
        }
    }

    @Test("a batch of the wrong type fails alone and leaves nothing")
    func typeConflict() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        var mixed = Self.batch(7, rows: 3)
        mixed.series.append(Self.batch(1, rows: 1, type: .bool).series[0])
        let results = store.commit(group: [Self.batch(1, rows: 2), mixed, Self.batch(2, rows: 2)])
        #expect((try? results[0].get()) != nil)
        #expect(throws: StorageError.self) { try results[1].get() }
        #expect((try? results[2].get()) != nil)
        #expect(store.storedType(of: Self.key(7)) == nil)
        #expect(store.snapshot().series().map(\.key) == [Self.key(1), Self.key(2)])
    }

    @Test(
        "a failed sync fails every batch of its group",
        arguments: [[3, 3], [3, 20_000], [20_000, 3], [3, 3, 20_000, 3]])
    func failedSync(sizes: [Int]) throws {
        for failAt in 3...40 {
            let directory = try TemporaryDirectory()
            let files = FailingDisk(failAt: failAt, .none)
            guard let store = try? Store.open(directory.path, files: files) else { continue }
            let results = store.commit(
                group: sizes.enumerated().map { Self.batch($0.offset, rows: $0.element) })
            if files.count < failAt { break }
            try? store.close()
            let reopened = try Store.open(directory.path)
            for (device, result) in results.enumerated() {
                let found = try reopened.snapshot().samples(Self.key(device), .int64).count
                #expect(found == 0 || found == sizes[device], "change \(failAt)")
                if (try? result.get()) != nil { #expect(found == sizes[device], "change \(failAt)") }
            }
        }
    }

    @Test("after a failed sync the store takes nothing more and shows nothing of the batch")
    func stopsAfterFailedSync() throws {
        let directory = try TemporaryDirectory()
        let counting = FailingDisk(failAt: 0, .none)
        _ = try Store.open(directory.path, files: counting).commit(Self.batch(1, rows: 1))
        let other = try TemporaryDirectory()
        let store = try Store.open(other.path, files: FailingDisk(failAt: counting.count, .none))
        #expect(throws: FileError.self) { try store.commit(Self.batch(1, rows: 1)) }
        #expect(throws: StorageError.self) { try store.commit(Self.batch(2, rows: 1)) }
        #expect(store.snapshot().series().isEmpty)
    }

    @Test("a failed seal of the WAL stops the store, so that no file comes behind an unsealed one")
    func failedSeal() throws {
        for failAt in 1...60 {
            let directory = try TemporaryDirectory()
            let files = FailingDisk(failAt: failAt, .none)
            guard let store = try? Store.open(directory.path, files: files) else { continue }
            let first = (try? store.commit(Self.batch(1, rows: 1))) != nil
            try? store.flush()
            let second = (try? store.commit(Self.batch(2, rows: 1))) != nil
            try? store.close()
            let snapshot = try Store.open(directory.path).snapshot()
            #expect(try !first || snapshot.samples(Self.key(1), .int64).count == 1, "change \(failAt)")
            #expect(try !second || snapshot.samples(Self.key(2), .int64).count == 1, "change \(failAt)")
            if files.count < failAt { return }
        }
    }

    @Test("texts that fill more than one block survive the WAL")
    func longTexts() throws {
        let directory = try TemporaryDirectory()
        let text = String(repeating: "x", count: 3 << 20)
        let rows = (0..<10).map { Sample(time: .init(nanoseconds: $0), value: .string(text)) }
        let store = try Store.open(directory.path)
        _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key(1), .string, rows)]))
        let later = rows.map {
            Sample(time: .init(nanoseconds: $0.time.nanoseconds + 10), value: $0.value)
        }
        let wide = SeriesRows(Self.key(2), .string, rows + later)
        _ = try store.commit(SampleBatch(series: [wide]))
        let copy = try directory.copy()
        let reopened = try Store.open(copy.path)
        #expect(try reopened.snapshot().samples(Self.key(1), .string) == rows)
        #expect(try reopened.snapshot().samples(Self.key(2), .string).count == 20)
    }
}
