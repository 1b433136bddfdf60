// ServiceStoreTests.swift — a store that stays usable after a failed write, and never acknowledges too much.

import Glibc
import Synchronization
import Testing
import VarveFile
import VarveModel
import VarvePlatform
import VarveQuery
import VarveSegment
import VarveStorage
import VarveTestSupport

@testable import VarveServer

@Suite struct ServiceStoreTests {
    private func count(_ store: ServiceStore) throws -> Int {
        var total = 0
        try store.snapshot().read(Messages.key, in: TimeRange(), order: .ascending) { columns in
            total += columns.count
            return true
        }
        return total
    }

    @Test("the last acknowledged commit follows the commits, and outlives a restart")
    func lastCommit() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        #expect(store.lastCommit == 0)
        #expect(try store.commit(Messages.batch(0..<2)).commit == 1)
        let results = store.commit(group: [Messages.batch(2..<3), Messages.batch(3..<4)])
        #expect(try results.map { try $0.get().commit } == [2, 3])
        #expect(store.lastCommit == 3)
        // A replay names an older commit.
        #expect(try store.commit(Messages.batch(0..<2)).isReplay)
        #expect(store.lastCommit == 3)
        try store.close()
        #expect(throws: StorageError.self) { try store.commit(Messages.batch(9..<10)) }
        let next = try ServiceStore(path: folder.path)
        #expect(next.lastCommit == 3)
        try next.close()
    }

    @Test("a deletion takes no samples of a product, device or point that is the same only to Unicode")
    func deletion() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        let names = ["\u{E9}", "e\u{301}"]
        let keys = (0..<8).map {
            SeriesKey(product: names[$0 & 1], device: names[$0 >> 1 & 1], point: names[$0 >> 2])
        }
        let sample = Sample(time: Timestamp(nanoseconds: 5), value: .double(1))
        _ = try store.commit(SampleBatch(series: keys.map { SeriesRows($0, .double, [sample]) }))
        let report = try store.delete(
            product: keys[6].product, device: keys[6].device, points: [keys[6].point], in: .all)
        #expect(report.samples == 1 && report.series == 1)
        let left = try keys.map { try store.snapshot().samples($0, .double).count }
        #expect(left == [1, 1, 1, 1, 1, 1, 0, 1])
        #expect(
            try store.delete(product: keys[1].product, device: keys[1].device, points: [], in: .all).samples
                == 2)
        try store.close()
    }

    @Test("while the disk fails, every commit fails with the reason; afterwards a retry stores each row once")
    func failedWrites() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let told = Lines()
        let store = try ServiceStore(path: folder.path, files: disk) { told.add($0) }
        _ = try store.commit(Messages.batch(0..<10))
        #expect(told.all.isEmpty)
        disk.isFull = true
        let lost = [Messages.batch(10..<20), Messages.batch(20..<30)]
        var answers: Set<String> = []
        for _ in 0..<3 {
            for result in store.commit(group: lost) {
                let failure = #expect(throws: (any Error).self) { try result.get() }
                answers.insert("\(try #require(failure))")
            }
            #expect(throws: (any Error).self) { try store.commit(lost[0]) }
            #expect(store.lastCommit == 1)
        }
        disk.isFull = false
        let results = store.commit(group: lost)
        #expect(try results.map { try $0.get().receipt.stored } == [10, 10])
        #expect(store.reopenCount >= 1)
        // Each commit has the same error, so that it is reported once. Then the end of the trouble is reported.
        #expect(answers.count == 1 && answers.first?.contains("no space left: the disk of") == true)
        #expect(answers.first?.hasSuffix("is full; free about 1 MiB") == true)
        #expect(told.all == ["the disk of \(folder.path) has room again, samples are stored"])
        #expect(try count(store) == 30)
        #expect(try store.storedType(of: Messages.key) == .double)
        try store.close()
        #expect(try Store.verify(folder.path, deep: true).damage.isEmpty)
    }

    /// A store with one batch whose next commit opens it again, because a full disk failed the last one.
    private func failedStore(_ folder: TemporaryFolder, _ disk: HoldingDisk) throws -> ServiceStore {
        let store = try ServiceStore(path: folder.path, files: disk)
        _ = try store.commit(Messages.batch(0..<1))
        disk.disk.isFull = true
        #expect(throws: (any Error).self) { try store.commit(Messages.batch(1..<2)) }
        disk.disk.isFull = false
        return store
    }

    @Test("while the store is opened again, calls that need no store answer, and no other thread opens it")
    func slowOpening() throws {
        let folder = try TemporaryFolder()
        let disk = HoldingDisk()
        let store = try failedStore(folder, disk)
        disk.hold()
        let callers = try (0..<3).map { index in
            try WorkerThread { _ = try? store.commit(Messages.batch(2 + index..<3 + index)) }
        }
        disk.awaitHeld()
        // None of these calls waits for the opening; if one did, the test would hang here.
        #expect(store.lastCommit == 1)
        store.measure()
        store.setHistory(1)
        store.setRetention { [:] }
        try store.examine()
        disk.release()
        for caller in callers { caller.join() }
        #expect(try count(store) == 4 && store.reopenCount == 1)
        try store.close()
    }

    @Test("a store that is closed while it is opened again is closed when close returns")
    func closedWhileOpening() throws {
        let folder = try TemporaryFolder()
        let disk = HoldingDisk()
        let store = try failedStore(folder, disk)
        disk.hold()
        let caller = try WorkerThread { _ = try? store.commit(Messages.batch(2..<3)) }
        disk.awaitHeld()
        let closer = try WorkerThread { try? store.close() }
        disk.release()
        closer.join()
        let next = try ServiceStore(path: folder.path)
        caller.join()
        try next.close()
    }

    @Test("the store is not opened again because of a refused batch")
    func refusedBatch() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        _ = try store.commit(Messages.batch(0..<1))
        #expect(throws: StorageError.self) { try store.commit(Messages.batch(1..<2, type: .int64)) }
        _ = try store.commit(Messages.batch(1..<2))
        #expect(store.reopenCount == 0)
        try store.close()
    }

    @Test(
        "an import fails if the store was opened again in its middle; a second run goes on where it stopped")
    func interruptedImport() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let store = try ServiceStore(path: folder.path, files: disk)
        let parts = (0..<3).map { index in
            Messages.batch(
                index * 10..<index * 10 + 10, part: .init(index: UInt32(index), isLast: index == 2))
        }
        try store.beginImport()
        #expect(try store.commit(parts[0]).receipt.accepted == 10)
        disk.isFull = true
        #expect(throws: (any Error).self) { try store.commit(Messages.batch(100..<101)) }
        disk.isFull = false
        _ = try store.commit(Messages.batch(100..<101))
        let interrupted = #expect(throws: ServiceStore.Unavailable.self) { try store.commit(parts[1]) }
        #expect(interrupted?.description.contains("run the import again") == true)
        try store.beginImport()
        let receipts = try parts.map { try store.commit($0) }
        #expect(receipts.map(\.isReplay) == [true, false, false])
        #expect(receipts.map(\.receipt.accepted) == [10, 10, 10])
        try store.close()
        let imports = try Store.open(folder.path, options: .reading).imports()
        #expect(imports.map(\.isFinished) == [true] && imports.map(\.batches) == [3])
    }

    @Test("while segments are merged, a merge that is due waits for later, and commits go on")
    func merging() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        for round in 0..<2 {
            _ = try store.commit(Messages.batch(round * 5..<round * 5 + 5))
            try store.flush()
        }
        let inside = Mutex<[Bool]>([])
        let report = try store.compact { _, _ in
            // It is joined here: a merge that waited for this one would never end.
            try? WorkerThread {
                let due = Result { try store.compactIfDue() }
                inside.withLock { $0.append((try? due.get() == nil) ?? false) }
                _ = try? store.commit(Messages.batch(100..<101))
            }.join()
        }
        #expect(inside.withLock { $0 } == [true])
        #expect(report.segments == 2)
        #expect(try count(store) == 11)
        try store.close()
    }

    @Test("a merge that waits for its share of the disk goes on at once when somebody waits for it")
    func urgentMerge() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        for round in 0..<8 {
            _ = try store.commit(Messages.batch(round * 5..<round * 5 + 5))
            try store.flush()
        }
        // The clock does not move: alone the merge would wait without end, so it is given up after many naps.
        let naps = Atomic<Int>(0)
        let pace = Mutex<MergePace?>(nil)
        pace.withLock {
            $0 = MergePace(bytesPerSecond: 1, now: { 0 }) { _ in
                let count = naps.add(1, ordering: .relaxed).newValue
                if count > 100_000 { pace.withLock { $0?.stop() } } else { sched_yield() }
            }
        }
        let outcome = Mutex<Int?>(nil)
        let merge = try WorkerThread {
            let report = try? store.compactIfDue { bytes in
                try pace.withLock { $0 }?.waitForBudget(bytes, unless: { store.isMergeAwaited })
            }
            outcome.withLock { $0 = report?.segments }
        }
        while naps.load(ordering: .relaxed) == 0 { sched_yield() }
        let report = try store.compact()
        merge.join()
        #expect(outcome.withLock { $0 } == 8 && report.segments == 0)
        #expect(!store.isMergeAwaited)
        try store.close()
    }

    @Test("a change of a type is given up when the service stops, with nothing changed")
    func stoppedRetyping() throws {
        let folder = try TemporaryFolder()
        let store = try ServiceStore(path: folder.path)
        _ = try store.commit(Messages.batch(0..<20))
        try store.flush()
        let retyping = Retyping(products: ["wind"], point: "p", to: .string)
        let looked = Atomic<Int>(0)
        store.giveUpLongChanges()
        #expect(throws: StorageError.self) {
            try store.retype(retyping) { _ in looked.add(1, ordering: .relaxed) }
        }
        #expect(looked.load(ordering: .relaxed) == 0 && store.lastCommit == 1)
        #expect(try store.storedType(of: Messages.key) == .double)
        try store.close()
        let next = try ServiceStore(path: folder.path)
        #expect(try next.retype(retyping) { _ in }.converted == 20)
        try next.close()
    }

    @Test("threads that commit while the store is opened again lose nothing and store nothing twice")
    func manyThreads() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let store = try ServiceStore(path: folder.path, files: disk)
        let threads = try (0..<4).map { number in
            try WorkerThread {
                for message in 0..<25 {
                    let first = (number * 25 + message) * 4
                    while (try? store.commit(Messages.batch(first..<first + 4))) == nil {}
                }
            }
        }
        for _ in 0..<10 {
            disk.isFull = true
            _ = try? store.commit(Messages.batch(0..<4))
            disk.isFull = false
            _ = try? store.commit(Messages.batch(0..<4))
        }
        for thread in threads { thread.join() }
        #expect(try count(store) == 400)
        try store.close()
        #expect(try Store.verify(folder.path, deep: true).damage.isEmpty)
    }
}

/// The reported lines.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
