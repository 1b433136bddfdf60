// LimitEdgeTests.swift — each limit of the write path, at its edge and over it: the batch is taken, split or refused,
// and the process never ends.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct LimitEdgeTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func batch(
        _ key: SeriesKey = key, times: [Int64], type: ValueType = .int64, value: UInt64 = 7, state: UInt64 = 0
    ) -> SampleBatch {
        var columns = SampleColumns(type: type)
        columns.times = times
        columns.states = [UInt64](repeating: state, count: times.count)
        columns.values = .bits([UInt64](repeating: value, count: times.count))
        return SampleBatch(series: [SeriesRows(key: key, type: type, columns: columns)])
    }

    private static func text(_ key: SeriesKey, _ sizes: [Int]) -> SampleBatch {
        let samples = sizes.enumerated().map {
            Sample(
                time: .init(nanoseconds: Int64($0.offset)),
                value: .string(String(repeating: "x", count: $0.element)))
        }
        return SampleBatch(series: [SeriesRows(key, .string, samples)])
    }

    private static func isRefusal(_ result: Result<BatchOutcome, any Error>) -> Bool {
        if case .failure(let error as any BatchRefusal) = result { error.refusesBatch } else { false }
    }

    /// The batches are what the store has after a crash, a flush and a compaction.
    private static func expectStored(_ samples: Int, in directory: TemporaryDirectory, _ store: Store) throws
    {
        let copy = try directory.copy()
        let crashed = try Store.open(copy.path)
        #expect(try crashed.statistics().samples == UInt64(samples))
        try store.flush()
        _ = try store.compact()
        try store.close()
        let reopened = try Store.open(directory.path)
        #expect(try reopened.statistics().samples == UInt64(samples))
    }

    @Test(
        "a group of more messages than a write to the WAL takes is written in several writes, and all are stored"
    )
    func largestGroup() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let messages = 70_000
        let results = store.commit(group: (0..<messages).map { Self.batch(times: [Int64($0)]) })
        #expect(results.count == messages)
        #expect(results.allSatisfy { (try? $0.get())?.receipt.accepted == 1 })
        let copy = try directory.copy()
        let crashed = try Store.open(copy.path)
        #expect(try crashed.snapshot().samples(Self.key, .int64).count == messages)
    }

    @Test(
        "groups of about as many records as a write takes are committed as a whole",
        arguments: [0, 1, 15, 16, 17, 32, 33, 100])
    func groupSizes(count: Int) throws {
        let directory = try TemporaryDirectory()
        var options = StoreOptions()
        options.walWriteRecords = 16
        let store = try Store.open(directory.path, options: options)
        let group = (0..<count).map {
            Self.batch(.init(product: "p", device: "d\($0)", point: "x"), times: [Int64($0)])
        }
        #expect(store.commit(group: group).allSatisfy { (try? $0.get())?.receipt.accepted == 1 })
        // Refused batches and replays in between change no place.
        let again = store.commit(group: group.flatMap { [$0, Self.batch(times: [1], type: .string)] })
        #expect(again.count == 2 * count)
        for (index, result) in again.enumerated() {
            #expect(index % 2 == 0 ? (try? result.get())?.isReplay == true : Self.isRefusal(result))
        }
        try Self.expectStored(count, in: directory, store)
    }

    @Test("if a later write of a group fails, only what the earlier writes took is acknowledged")
    func failedLaterWrite() throws {
        var failures = 0
        for failAt in 3...60 {
            let directory = try TemporaryDirectory()
            let files = FailingDisk(failAt: failAt, .none)
            var options = StoreOptions()
            options.walWriteRecords = 4
            guard let store = try? Store.open(directory.path, options: options, files: files) else {
                continue
            }
            let group = (0..<10).map {
                Self.batch(.init(product: "p", device: "d\($0)", point: "x"), times: [1])
            }
            let results = store.commit(group: group)
            if files.count < failAt { break }
            let taken = results.prefix { (try? $0.get()) != nil }.count
            // All ten, if only the mark of the acknowledged commit could not be written; the mark is no promise.
            #expect([0, 4, 8, 10].contains(taken), "change \(failAt)")
            #expect(results.dropFirst(taken).allSatisfy { (try? $0.get()) == nil && !Self.isRefusal($0) })
            #expect(store.snapshot().series().count == taken, "change \(failAt)")
            try? store.close()
            let reopened = try Store.open(directory.path)
            let found = reopened.snapshot().series().count
            #expect(found >= taken, "change \(failAt)")
            if taken == 4 || taken == 8 { failures += 1 }
        }
        #expect(failures > 0, "a later write failed at least once")
    }

    @Test("a write of too many records is refused with nothing written")
    func tooManyRecords() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let writer = try WALWriter(number: 99, firstRecord: 1, store.context.folder)
        let before = writer.position.synced
        #expect(throws: StorageError.self) {
            try writer.append(Array(repeating: [], count: Limits.walWriteRecords + 1))
        }
        #expect(writer.position.synced == before && !writer.isFailed)
        try writer.append(Array(repeating: [], count: Limits.walWriteRecords))
        #expect(writer.recordNumber == UInt64(Limits.walWriteRecords) + 1)
    }

    @Test(
        "names of every length at which their form changes are stored, up to the longest; a longer one is refused"
    )
    func names() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let lengths = [1, 127, 128, 129, 255, 256, 1023, 1024]
        func name(_ length: Int) -> String { String(repeating: "n", count: length) }
        var group: [SampleBatch] = []
        for length in lengths {
            let long = name(length)
            for (product, device, point) in [
                (long, "d", "p"), ("p", long, "p"), ("p", "d", long), (long, long, long),
            ] {
                group.append(Self.batch(.init(product: product, device: device, point: point), times: [1]))
            }
        }
        let results = store.commit(group: group)
        #expect(results.allSatisfy { (try? $0.get())?.receipt.accepted == 1 })
        for (product, device, point) in [
            (name(1025), "d", "p"), ("p", name(1025), "p"), ("p", "d", name(1025)), ("", "d", "p"),
        ] {
            let key = SeriesKey(product: product, device: device, point: point)
            #expect(Self.isRefusal(store.commit(group: [Self.batch(key, times: [1])])[0]))
        }
        try Self.expectStored(group.count, in: directory, store)
    }

    @Test("as many series as a WAL record takes, and one more, are stored", arguments: [0, 1])
    func manySeries(more: Int) throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let count = Limits.walBatchRows + more
        let long = String(repeating: "n", count: 100)
        let series = (0..<count).map { number in
            Self.batch(.init(product: long, device: long, point: "\(number)"), times: [1]).series[0]
        }
        let outcome = try store.commit(SampleBatch(series: series))
        #expect(outcome.receipt.accepted == UInt64(count))
        try Self.expectStored(count, in: directory, store)
    }

    @Test("the longest text is stored, and a longer one is refused")
    func texts() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let results = store.commit(group: [
            Self.text(Self.key, [FormatLimits.textBytes, 0]),
            Self.text(Self.key, [FormatLimits.textBytes + 1]),
        ])
        #expect((try? results[0].get())?.receipt.accepted == 2)
        #expect(Self.isRefusal(results[1]))
        let copy = try directory.copy()
        let crashed = try Store.open(copy.path)
        #expect(try crashed.statistics().samples == 2)
    }

    @Test(
        "the first and the last possible time, value and quality are kept in the WAL and in a segment",
        arguments: [0, 20_000])
    func extremes(more: Int) throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let times: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max] + (0..<Int64(more)).map { 10 + $0 }
        var batch = Self.batch(times: times)
        let values: [UInt64] = [0, .max, 1 << 63, (1 << 63) - 1]
        let qualities: [Int32] = [.min, .max, 0, -1]
        batch.series[0].columns.values = .bits(times.indices.map { values[$0 % 4] })
        batch.series[0].columns.states = times.indices.map { SampleState(quality: qualities[$0 % 4]).bits }
        #expect(try store.commit(batch).receipt.accepted == UInt64(times.count))
        // The same times again with other values: late rows at both ends.
        batch.series[0].columns.values = .bits(times.indices.map { values[($0 + 1) % 4] })
        #expect(try store.commit(batch).receipt.corrected == UInt64(times.count))
        let read = try store.snapshot().samples(Self.key, .int64).map(\.time.nanoseconds)
        #expect(read == times.sorted())
        try store.flush()
        _ = try store.compact()
        #expect(try store.snapshot().samples(Self.key, .int64).map(\.time.nanoseconds) == times.sorted())
    }

    @Test(
        "a batch with too many rows or columns that do not fit is refused, and one without rows does nothing"
    )
    func oddBatches() throws {
        let store = try Store.open(try TemporaryDirectory().path)
        // Many series share one column: the batch takes little memory.
        let shared = Self.batch(times: Array(0..<65_536)).series[0]
        let many = (0...(Limits.batchRows / 65_536)).map { number in
            SeriesRows(
                key: .init(product: "p", device: "d", point: "\(number)"), type: .int64,
                columns: shared.columns)
        }
        var uneven = Self.batch(times: [1, 2])
        uneven.series[0].columns.states.removeLast()
        var ends = Self.text(Self.key, [3, 3])
        if case .text(var text) = ends.series[0].columns.values {
            text.ends[0] = .max
            ends.series[0].columns.values = .text(text)
        }
        let twice = Self.batch(times: [1]).series
        let results = store.commit(group: [
            SampleBatch(series: many), uneven, ends, SampleBatch(series: twice + twice),
            Self.batch(times: [1], state: .max), SampleBatch(series: []), Self.batch(times: []),
        ])
        for (index, result) in results.enumerated() {
            if index < 5 { #expect(Self.isRefusal(result), "batch \(index)") }
            if index >= 5 { #expect((try? result.get())?.receipt.samples == 0, "batch \(index)") }
        }
        #expect(store.commit(group: []).isEmpty)
    }
}
