// ReaderTests.swift — opening for reading beside a writer.

import Glibc
import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct ReaderTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    /// Message `number` is row `number`, so a store shows so many rows as commits.
    private static func message(_ number: Int) -> SampleBatch {
        let sample = Sample(time: .init(nanoseconds: Int64(number)), value: .int64(Int64(number)))
        return SampleBatch(series: [SeriesRows(key, .int64, [sample])])
    }

    @Test("a reader shows nothing of the WAL beyond the commit it was given")
    func upToCommit() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 1...3 { _ = try store.commit(Self.message(number)) }
        let late = SeriesKey(product: "p", device: "late", point: "x")
        _ = try store.commit(
            SampleBatch(series: [SeriesRows(late, .int64, [Sample(time: .earliest, value: .int64(1))])]))
        for commit in 0...5 as ClosedRange<UInt64> {
            let snapshot = try Store.open(directory.path, options: .reading(upTo: commit)).snapshot()
            #expect(snapshot.commit == min(commit, 4))
            #expect(try snapshot.samples(Self.key, .int64).count == Int(min(commit, 3)))
            #expect(snapshot.series().count == (commit == 0 ? 0 : commit < 4 ? 1 : 2))
        }
        try store.flush()
        // What is in a segment is durable.
        let flushed = try Store.open(directory.path, options: .reading(upTo: 2)).snapshot()
        #expect(flushed.commit == 4 && flushed.series().count == 2)
        try store.close()
        let writer = try Store.open(directory.path, options: .init())
        #expect(writer.snapshot().commit == 4)
        try writer.close()
    }

    @Test("a snapshot keeps its state while commits, corrections and flushes go on")
    func snapshotsStay() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        var snapshots: [StoreSnapshot] = []
        // Rows in order, late ones, and corrections of both.
        let times: [Int64] = [5, 10, 7, 11, 10, 7, 1, 12, 5, 13]
        for (index, time) in times.enumerated() {
            let sample = Sample(time: .init(nanoseconds: time), value: .int64(Int64(index)))
            _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .int64, [sample])]))
            snapshots.append(store.snapshot())
            if index == 5 { try store.flush() }
        }
        for (index, snapshot) in snapshots.enumerated() {
            var expected: [Int64: Int64] = [:]
            for (earlier, time) in times[...index].enumerated() { expected[time] = Int64(earlier) }
            let samples = try snapshot.samples(Self.key, .int64)
            #expect(samples.map(\.time.nanoseconds) == expected.keys.sorted())
            for sample in samples {
                #expect(
                    sample.value == .int64(expected[sample.time.nanoseconds] ?? -1), "commit \(index + 1)")
            }
        }
    }

    private struct Progress {
        /// Commits that were acknowledged.
        var acknowledged = 0
        var isOver = false
        var failure: String?
    }

    private final class Writer: Sendable {
        let path: String
        let progress = Mutex(Progress())

        init(_ path: String) { self.path = path }

        /// Commits, flushes and compacts until it is stopped.
        func run() {
            do {
                let store = try Store.open(path)
                var number = 0
                while !progress.withLock({ $0.isOver }) {
                    number += 1
                    _ = try store.commit(ReaderTests.message(number))
                    progress.withLock { $0.acknowledged = number }
                    if number % 3 == 0 { try store.flush() }
                    if number % 12 == 0 { _ = try store.compact() }
                }
                try store.close()
            } catch {
                progress.withLock { $0.failure = "\(error)" }
            }
        }
    }

    @Test("readers open and read beside a writer that commits, flushes and compacts")
    func besideAWriter() throws {
        let directory = try TemporaryDirectory()
        try Store.open(directory.path).close()
        let writer = Writer(directory.path)
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { pointer in
                guard let pointer else { return nil }
                Unmanaged<Writer>.fromOpaque(pointer).takeRetainedValue().run()
                return nil
            }, Unmanaged.passRetained(writer).toOpaque())
        defer {
            writer.progress.withLock { $0.isOver = true }
            pthread_join(thread, nil)
            #expect(writer.progress.withLock { $0.failure } == nil)
        }
        for round in 0..<200 {
            let acknowledged = writer.progress.withLock { $0.acknowledged }
            let options: StoreOptions =
                round % 2 == 0 ? .reading : .reading(upTo: UInt64(acknowledged))
            let snapshot = try Store.open(directory.path, options: options).snapshot()
            let times = try snapshot.samples(Self.key, .int64).map(\.time.nanoseconds)
            #expect(times.count >= acknowledged, "round \(round)")
            #expect(times == (0..<Int64(times.count)).map { $0 + 1 }, "round \(round)")
            #expect(snapshot.commit == UInt64(times.count), "round \(round)")
        }
    }
}
