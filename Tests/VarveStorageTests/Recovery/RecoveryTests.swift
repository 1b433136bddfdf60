// RecoveryTests.swift — opening after a crash at any step, and directories that must not be opened.

import Glibc
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct RecoveryTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func batch(_ time: Int64) -> SampleBatch {
        SampleBatch(series: [
            SeriesRows(key, .double, [Sample(time: .init(nanoseconds: time), value: .double(Double(time)))])
        ])
    }

    /// What a crash leaves: a segment, a torn WAL, an orphan of each kind, a half-made manifest.
    private static func crashed() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        var first = batch(1)
        first.part = SampleBatch.Part(index: 0, isLast: true)
        _ = try store.commit(first)
        let other = SeriesKey(product: "p", device: "e", point: "x")
        let sample = Sample(time: .init(nanoseconds: 1), value: .double(1))
        _ = try store.commit(SampleBatch(series: [SeriesRows(other, .double, [sample])]))
        try store.flush()
        _ = try store.commit(batch(2))
        let copy = try directory.copy()
        try store.close()
        let wal = StoreFolder.wal(2, sealed: false)
        try copy.write(try copy.bytes(wal) + [1, 2, 3], wal)
        for name in FileRole.allCases.map(\.rawValue) + ["segment.7-1.partial"] {
            try copy.write([1, 2, 3], "segments/\(FileID.random()).\(name)")
        }
        try copy.write([1], "manifests/00000000000000000009.manifest.7-1.partial")
        return copy
    }

    private static func times(_ path: String) throws -> [Int64] {
        var options = StoreOptions.reading
        options.mayBeMissing = true
        let snapshot = try Store.open(path, options: options).snapshot()
        return try snapshot.samples(key, .double).map(\.time.nanoseconds)
    }

    @Test("opening cuts the torn tail, removes files that nothing names, and reports both")
    func cleansUp() throws {
        let directory = try Self.crashed()
        let store = try Store.open(directory.path)
        #expect(try store.snapshot().samples(Self.key, .double).count == 2)
        #expect(store.recoveryNotes.count == 6)
        try store.close()
        let kinds = try directory.fileNames().compactMap { $0.split(separator: ".").last }.sorted()
        #expect(
            kinds == [
                "acknowledged", "dictionary", "lock", "manifest", "manifest", "messages", "receipts",
                "sealed",
                "segment",
            ])
    }

    @Test("opening a second time changes nothing")
    func idempotent() throws {
        let directory = try Self.crashed()
        try Store.open(directory.path).close()
        let names = try directory.fileNames()
        let contents = try names.map(directory.bytes)
        let store = try Store.open(directory.path)
        #expect(store.recoveryNotes.isEmpty)
        try store.close()
        #expect(try directory.fileNames() == names)
        #expect(try directory.fileNames().map(directory.bytes) == contents)
    }

    @Test("opening can be interrupted at every step")
    func interrupted() throws {
        let pattern = try Self.crashed()
        for failAt in 1...20 {
            for effect in FailingDisk.Effect.allCases {
                let directory = try pattern.copy()
                let files = FailingDisk(failAt: failAt, effect, staysDown: true)
                _ = try? Store.open(directory.path, files: files)
                #expect(try Self.times(directory.path) == [1, 2], "step \(failAt), \(effect)")
                try Store.open(directory.path).close()
                #expect(try Self.times(directory.path) == [1, 2], "step \(failAt), \(effect)")
                #expect(try Store.verify(directory.path).damage == [], "step \(failAt), \(effect)")
                if files.count < failAt { return }
            }
        }
    }

    @Test("the remains of a crash are not damage, before or after the next opening")
    func leftoversAreNotDamage() throws {
        let directory = try Self.crashed()
        let report = try Store.verify(directory.path)
        #expect(report.damage == [])
        #expect(report.notes.count == 6)
    }

    @Test("a reader changes nothing, in any state of the directory")
    func readerChangesNothing() throws {
        let directory = try Self.crashed()
        let names = try directory.fileNames()
        #expect(try Self.times(directory.path) == [1, 2])
        #expect(try directory.fileNames() == names)
    }

    @Test("a missing file of the live set is damage, and verify says so", arguments: FileRole.allCases)
    func missingFile(role: FileRole) throws {
        let directory = try Self.crashed()
        try Store.open(directory.path).close()
        let name = try #require(try directory.fileNames().first { $0.hasSuffix(".\(role.rawValue)") })
        try directory.files.remove("\(directory.path)/\(name)")
        #expect(throws: (any Error).self) { try Store.open(directory.path) }
        #expect(try Store.verify(directory.path).damage.map(\.file).contains(name))
    }

    /// Files of numbers and seals, and the file that is named as damaged.
    private static let chains: [(files: [(UInt64, UInt64, Bool)], damaged: (UInt64, Bool)?)] = [
        ([(1, 1, true), (2, 3, false)], nil),
        ([(2, 3, false)], (1, true)),
        ([(1, 1, true), (3, 3, false)], (2, true)),
        ([(1, 1, false), (2, 3, false)], (1, false)),
        ([(1, 1, true), (2, 4, false)], (2, false)),
    ]

    @Test("WAL files follow each other without a gap, and only the last is open", arguments: 0..<5)
    func chain(index: Int) throws {
        let (files, damaged) = Self.chains[index]
        let directory = try TemporaryDirectory()
        try Store.open(directory.path).close()
        var commit: UInt64 = 1
        for (number, firstRecord, isSealed) in files {
            var wal = WALBytes(number: number, firstRecord: firstRecord, firstCommit: commit)
            wal.write(1)
            commit += 1
            if isSealed || number == 1 { wal.append(.seal, []) }
            try directory.write(wal.bytes, StoreFolder.wal(number, sealed: isSealed))
        }
        let report = try Store.verify(directory.path)
        guard let damaged else {
            #expect(report.damage == [])
            try Store.open(directory.path).close()
            return
        }
        let name = StoreFolder.wal(damaged.0, sealed: damaged.1)
        #expect(report.damage.map(\.file) == [name])
        do {
            _ = try Store.open(directory.path)
            Issue.record("opened")
        } catch StorageError.damaged(let damage) {
            #expect(damage.file == name)
        }
    }

    @Test("a directory that lost its manifests is damaged; nothing of it is removed")
    func lostManifests() throws {
        let directory = try Self.crashed()
        for name in try directory.fileNames() where name.hasPrefix("manifests/") {
            try directory.files.remove("\(directory.path)/\(name)")
        }
        let names = try directory.fileNames()
        #expect(throws: StorageError.self) { try Store.open(directory.path) }
        #expect(throws: StorageError.self) { try Store.open(directory.path, options: .reading) }
        #expect(try directory.fileNames() == names)
        #expect(try Store.verify(directory.path).damage.first?.file == StoreFolder.manifest(1))
    }

    @Test(
        "a store that lost its newest manifest is damaged after any last operation, and nothing of it is removed"
    )
    func lostNewestManifest() throws {
        for flushes in 0..<4 {
            let directory = try TemporaryDirectory()
            let store = try Store.open(directory.path)
            for number in 0..<flushes {
                _ = try store.commit(Self.batch(Int64(number) + 1))
                try store.flush()
            }
            try store.close()
            let newest = try #require(
                try directory.fileNames().filter { $0.hasPrefix("manifests/") }.max())
            try directory.files.remove("\(directory.path)/\(newest)")
            let names = try directory.fileNames()
            if flushes == 0 {
                // The directory was empty, so nothing is lost, and its creation is completed.
                #expect(try Store.verify(directory.path).damage.isEmpty)
                try Store.open(directory.path).close()
                #expect(try directory.fileNames().contains(newest))
                continue
            }
            #expect(throws: StorageError.self) { try Store.open(directory.path) }
            #expect(throws: StorageError.self) { try Store.open(directory.path, options: .reading) }
            #expect(try directory.fileNames() == names)
            #expect(try Store.verify(directory.path).damage.first?.file == newest)
        }
    }

    @Test("a backup that became a store notices a lost newest manifest too")
    func lostNewestManifestOfBackup() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path + "/store")
        for number in 1...3 as ClosedRange<Int64> {
            _ = try store.commit(Self.batch(number))
            try store.flush()
        }
        try store.close()
        let copy = directory.path + "/copy"
        _ = try StoreBackup(of: directory.path + "/store", into: copy).run(isIncremental: false)
        #expect(try directory.files.list(copy + "/manifests").count == 1)
        #expect(try Store.open(copy, options: .reading).snapshot().commit == 3)
        try Store.open(copy).close()
        let names = try directory.files.list(copy + "/manifests")
        #expect(names.count == 2)
        try directory.files.remove("\(copy)/manifests/\(names[1])")
        #expect(throws: StorageError.self) { try Store.open(copy) }
    }

    @Test("the WAL of a store that never flushed is verified")
    func walOnly() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        _ = try store.commit(Self.batch(1))
        try store.close()
        let name = StoreFolder.wal(1, sealed: true)
        var bytes = try directory.bytes(name)
        bytes[60] ^= 1
        try directory.write(bytes, name)
        let report = try Store.verify(directory.path)
        #expect(report.damage.map(\.file) == [name] && report.damage.map(\.offset) == [40])
    }
}
