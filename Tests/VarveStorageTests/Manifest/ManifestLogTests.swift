// ManifestLogTests.swift — who wins a number, and what happens to a damaged manifest.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct ManifestLogTests {
    private static func manifest(_ number: UInt64) -> Manifest {
        var manifest = Manifest()
        manifest.number = number
        manifest.commit = number * 10
        return manifest
    }

    private static func folder() throws -> (TemporaryDirectory, StoreFolder) {
        let directory = try TemporaryDirectory()
        try directory.files.createDirectory("\(directory.path)/manifests")
        return (directory, StoreFolder(directory.path, on: directory.files))
    }

    @Test("the first of two commits with one number counts, and the second is refused")
    func race() throws {
        let (folder, directory) = try Self.folder()
        defer { withExtendedLifetime(folder) {} }
        var loser = Self.manifest(1)
        loser.commit = 99
        let checksum = try ManifestLog.commit(Self.manifest(1), directory)
        #expect(throws: StorageError.self) { try ManifestLog.commit(loser, directory) }
        let found = try #require(try ManifestLog.load(directory))
        #expect(found.manifest == Self.manifest(1) && found.checksum == checksum)
    }

    @Test("a store whose number was taken by another writer stops")
    func storeLosesRace() throws {
        let folder = try TemporaryDirectory()
        let store = try Store.open(folder.path)
        _ = try ManifestLog.commit(Self.manifest(3), StoreFolder(folder.path, on: folder.files))
        let key = SeriesKey(product: "p", device: "d", point: "x")
        let rows = SeriesRows(key, .bool, [Sample(time: .init(nanoseconds: 1), value: .bool(true))])
        _ = try store.commit(SampleBatch(series: [rows]))
        #expect(throws: StorageError.self) { try store.flush() }
        #expect(throws: StorageError.self) { try store.commit(SampleBatch(series: [rows])) }
    }

    @Test("the newest manifest counts; if it is damaged, that is an error and no older one takes its place")
    func newestDamaged() throws {
        let (folder, directory) = try Self.folder()
        for number in 1...2 as ClosedRange<UInt64> {
            _ = try ManifestLog.commit(Self.manifest(number), directory)
        }
        #expect(try ManifestLog.load(directory)?.manifest == Self.manifest(2))
        let name = StoreFolder.manifest(2)
        let whole = try folder.bytes(name)
        for offset in whole.indices {
            var bytes = whole
            bytes[offset] ^= 1
            try folder.write(bytes, name)
            #expect(throws: StorageError.self) { try ManifestLog.load(directory) }
        }
        for count in whole.indices {
            try folder.write(Array(whole[..<count]), name)
            #expect(throws: StorageError.self) { try ManifestLog.load(directory) }
        }
    }

    @Test("a manifest under another number's name is damage")
    func wrongName() throws {
        let (folder, directory) = try Self.folder()
        _ = try ManifestLog.commit(Self.manifest(1), directory)
        try folder.write(try folder.bytes(StoreFolder.manifest(1)), StoreFolder.manifest(2))
        #expect(throws: StorageError.self) { try ManifestLog.load(directory) }
    }

    @Test("a single manifest is damage, unless it is the first or is in a backup")
    func alone() throws {
        let (folder, directory) = try Self.folder()
        _ = try ManifestLog.commit(Self.manifest(1), directory)
        #expect(try ManifestLog.newest(directory) == 1)
        for number in 2...3 as ClosedRange<UInt64> {
            _ = try ManifestLog.commit(Self.manifest(number), directory)
            #expect(try ManifestLog.newest(directory) == number)
        }
        for number in 1...2 as ClosedRange<UInt64> {
            try folder.files.remove(directory.absolute(StoreFolder.manifest(number)))
        }
        for load in [{ _ = try ManifestLog.newest($0) }, { _ = try ManifestLog.load($0) }]
            as [(StoreFolder) throws -> Void]
        {
            let error = #expect(throws: StorageError.self) { try load(directory) }
            guard case .damaged(let damage)? = error else {
                Issue.record("\(error as Any)")
                return
            }
            #expect(damage.file == StoreFolder.manifest(4))
        }
        try folder.write([1], "backup")
        #expect(try ManifestLog.newest(directory) == 3)
    }

    @Test("the manifest before the newest is kept, older ones go")
    func removeOld() throws {
        let (folder, directory) = try Self.folder()
        defer { withExtendedLifetime(folder) {} }
        for number in 1...5 as ClosedRange<UInt64> {
            _ = try ManifestLog.commit(Self.manifest(number), directory)
        }
        ManifestLog.removeOld(before: 5, directory)
        #expect(try ManifestLog.numbers(directory) == [4, 5])
    }
}
