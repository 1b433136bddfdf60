// StateInvariantTests.swift — a fault in a memtable, WAL or view is reported before the state is published.

import Synchronization
import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveSegment
import VarveTestSupport

@testable import VarveStorage

@Suite struct StateInvariantTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func record(_ commit: UInt64, _ times: [Int64]) -> WALRecord {
        var columns = SampleColumns(type: .int64)
        for time in times {
            columns.append(Sample(time: Timestamp(nanoseconds: time), value: .int64(time), quality: nil))
        }
        let rows = StoredRows(series: 0, type: .int64, columns: columns)
        let batch = BatchRecord(
            contentHash: Hash128(low: commit, high: 1), importHash: Hash128(low: 0, high: 0), generation: 0,
            part: nil, commit: commit, writtenAt: 0, receipt: Receipt())
        return WALRecord(commit: commit, firstSeries: 0, newSeries: [], batch: batch, rows: [rows])
    }

    @Test("rows of a memtable that do not ascend in time or commit are reported")
    func memtable() throws {
        let good = Memtable()
        for (commit, times) in [(1, [1, 2]), (2, [5]), (3, [2, 3]), (4, [9])] as [(UInt64, [Int64])] {
            good.apply(Self.record(commit, times))
        }
        try good.checkInvariants()
        let commits = Memtable()
        commits.apply(Self.record(5, [1]))
        commits.apply(Self.record(3, [2]))
        #expect(throws: BrokenInvariant.self) { try commits.checkInvariants() }
        let times = Memtable()
        times.apply(Self.record(1, [5, 4]))
        #expect(throws: BrokenInvariant.self) { try times.checkInvariants() }
    }

    /// A WAL file with these records, as it is read.
    private static func contents(_ records: [WALRecord]) throws -> WALContents {
        let directory = try TemporaryDirectory()
        let folder = StoreFolder(directory.path, on: directory.files)
        try directory.files.createDirectory(folder.wal)
        let writer = try WALWriter(number: 1, firstRecord: 1, folder)
        try writer.append(records.map { $0.encode() })
        writer.close()
        return try WALReader.read(number: 1, sealed: false, folder)
    }

    @Test("commits of a WAL that do not ascend, rows out of order and gaps between records are reported")
    func wal() throws {
        var good = try Self.contents([Self.record(1, [1, 2]), Self.record(2, [1])])
        #expect(try good.checkInvariants(after: 0) == 2)
        #expect(throws: BrokenInvariant.self) { try good.checkInvariants(after: 1) }
        good.nextRecord += 1
        #expect(throws: BrokenInvariant.self) { try good.checkInvariants(after: 0) }
        let reversed = try Self.contents([Self.record(2, [1]), Self.record(1, [2])])
        #expect(throws: BrokenInvariant.self) { try reversed.checkInvariants(after: 0) }
        let unordered = try Self.contents([Self.record(1, [2, 1])])
        #expect(throws: (any Error).self) { try unordered.checkInvariants(after: 0) }
    }

    @Test(
        "a store reports a state that breaks an invariant before it is published, and nothing about a valid state"
    )
    func published() throws {
        let told = Mutex<[BrokenInvariant]>([])
        var options = StoreOptions()
        options.reportBroken = { broken in told.withLock { $0.append(broken) } }
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path, options: options)
        for time in [1, 3, 2] as [Int64] {
            let sample = Sample(time: Timestamp(nanoseconds: time), value: .int64(time))
            _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .int64, [sample])]))
        }
        try store.flush()
        #expect(told.withLock { $0 } == [])
        let faults: [(String, (inout StoreView) -> Void)] = [
            ("commit", { $0.commit -= 1 }), ("series were taken back", { $0.seriesCount = 0 }),
            ("not all segments", { $0.segments = [] }),
        ]
        for (words, plant) in faults {
            let whole = store.snapshot().view
            try store.change { _, view in plant(&view) }
            #expect(told.withLock { $0.last }?.reason.contains(words) == true, "\(words)")
            try store.change { _, view in view = whole }
        }
    }

    @Test("a store tells of a WAL writer whose counts do not agree, and is silent about a failed write")
    func writer() throws {
        let told = Mutex<[BrokenInvariant]>([])
        var options = StoreOptions()
        options.reportBroken = { broken in told.withLock { $0.append(broken) } }
        let disk = FailingDisk()
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path, options: options, files: disk)
        func commit(_ time: Int64) throws {
            let sample = Sample(time: Timestamp(nanoseconds: time), value: .int64(time))
            _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .int64, [sample])]))
        }
        // Enough writes to reserve room.
        for time in 1...8 as ClosedRange<Int64> { try commit(time) }
        let wal = try #require(try store.change { state, _ in state.wal })
        let whole = wal.position
        #expect(whole.reservedEnd > whole.written && whole.writes == 8 && whole.pending == 0)
        #expect(whole.nextRecord == whole.firstRecord + 8 && told.withLock { $0 } == [])
        let faults: [(String, (inout WALPosition) -> Void)] = [
            ("only", { $0.synced += 1 }), ("pending", { $0.written += 1 }),
            ("less than the header", { $0.synced = 3 }), ("before the first", { $0.nextRecord = 0 }),
            ("writes have only", { $0.writes = 9 }), ("too few", { $0.nextRecord += 1000 }),
            ("room was reserved", { $0.writes = 1 }),
        ]
        for (words, plant) in faults {
            try store.change { _, _ in plant(&wal.position) }
            #expect(told.withLock { $0.last }?.reason.contains(words) == true, "\(words)")
            wal.position = whole
        }
        told.withLock { $0 = [] }
        disk.isFull = true
        #expect(throws: (any Error).self) { try commit(9) }
        #expect(wal.isFailed && told.withLock { $0 } == [])
    }

    @Test(
        "verify --deep reports a WAL with right checksums whose commits go back as damage of that file")
    func deepVerify() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for time in 1...3 as ClosedRange<Int64> {
            let sample = Sample(time: Timestamp(nanoseconds: time), value: .int64(time))
            _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .int64, [sample])]))
        }
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
        let folder = StoreFolder(directory.path, on: directory.files)
        let contents = try WALReader.read(number: 1, sealed: true, folder)
        try folder.remove(StoreFolder.wal(1, sealed: true))
        let writer = try WALWriter(number: 1, firstRecord: contents.firstRecord, folder)
        try writer.append([0, 2, 1].map { Array(contents.bytes[contents.payloads[$0]]) })
        try writer.seal()
        #expect(try Store.verify(directory.path, deep: false).damage == [])
        let damage = try Store.verify(directory.path, deep: true).damage
        let first = try #require(damage.first)
        #expect(first.file == "wal/\(StoreFolder.wal(1, sealed: true).split(separator: "/").last ?? "")")
        #expect(first.reason.contains("follows"), "\(damage)")
    }
}
