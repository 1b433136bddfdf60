// FullDiskTests.swift — a store that a crash left is opened on a disk that is nearly or entirely full.

import Glibc
import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct FullDiskTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for time in 0..<50 as Range<Int64> { try Self.commit(time, to: store) }
        let name = StoreFolder.wal(1, sealed: false)
        // With a torn tail, as a kill in the middle of a write leaves it.
        let left = try directory.bytes(name) + [9, 9, 9]
        try store.close()
        try POSIXFileSystem().remove("\(directory.path)/\(StoreFolder.wal(1, sealed: true))")
        try directory.write(left, name)
    }

    private static func commit(_ time: Int64, to store: Store) throws {
        let rows = SeriesRows(key, .int64, [Sample(time: Timestamp(nanoseconds: time), value: .int64(time))])
        _ = try store.commit(SampleBatch(series: [rows]))
    }

    @Test("if a copy of the WAL does not fit, its commits are flushed, and the store goes on")
    func noRoomForTheWAL() throws {
        let store = try Store.open(
            directory.path, files: FailingDisk(noRoomFor: { $0.contains("/wal/") && $0.hasSuffix(".wal") }))
        #expect(try store.snapshot().samples(Self.key, .int64).count == 50)
        #expect(try directory.fileNames("wal").isEmpty)
        #expect(store.snapshot().view.segments.count == 1)
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
        let next = try Store.open(directory.path)
        for time in 49..<52 as Range<Int64> { try Self.commit(time, to: next) }
        #expect(try next.snapshot().samples(Self.key, .int64).count == 52 && next.snapshot().commit == 52)
        try next.close()
    }

    @Test("without any room the opening fails and says how much is needed, while reading and verifying go on")
    func noRoomAtAll() throws {
        let full = FailingDisk(noRoomFor: { _ in true })
        for _ in 0..<2 {
            let refusal = #expect(throws: StorageError.self) { try Store.open(directory.path, files: full) }
            #expect("\(try #require(refusal))".hasPrefix("the disk of \(directory.path) is full: free 1 MiB"))
        }
        let reader = try Store.open(directory.path, options: .reading, files: full)
        #expect(try reader.snapshot().samples(Self.key, .int64).count == 50)
        #expect(try Store.verify(directory.path, deep: true, files: full).damage == [])
        let store = try Store.open(directory.path)
        #expect(try store.snapshot().samples(Self.key, .int64).count == 50)
        try store.close()
    }
}
