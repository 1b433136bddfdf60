// StoreBackupTests.swift — a backup is the store at one moment, and overwrites no files of others.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct StoreBackupTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private let directory: TemporaryDirectory
    private var source: String { directory.path + "/store" }
    private var target: String { directory.path + "/copy" }

    init() throws { directory = try TemporaryDirectory() }

    private static func samples(_ times: Range<Int>) -> [Sample] {
        times.map { Sample(time: Timestamp(nanoseconds: Int64($0)), value: .int64(Int64($0)), quality: nil) }
    }

    private static func commit(_ times: Range<Int>, to store: Store, key: SeriesKey = key) throws {
        _ = try store.commit(SampleBatch(series: [SeriesRows(key, .int64, samples(times))]))
    }

    private func read(_ path: String) throws -> [Sample] {
        try Store.open(path, options: .reading).snapshot().samples(Self.key, .int64)
    }

    @Test(
        "a copy made beside the writer has everything committed, in segments and in the WAL, and passes verify"
    )
    func whole() throws {
        let store = try Store.open(source)
        try Self.commit(0..<3000, to: store)
        try store.flush()
        try Self.commit(3000..<3010, to: store)
        let report = try StoreBackup(of: source, into: target).run(isIncremental: false)
        #expect(report.samples == 3010 && report.commit == 2 && report.keptFiles == 0)
        try Self.commit(3010..<3020, to: store)
        #expect(try read(target) == Self.samples(0..<3010))
        let check = try Store.verify(target, deep: true)
        #expect(check.damage.isEmpty && check.notes.isEmpty)
        // It has no later commits, and is a store like any other.
        let copy = try Store.open(target)
        #expect(copy.recoveryNotes.isEmpty)
        try Self.commit(5000..<5001, to: copy)
        #expect(try copy.snapshot().samples(Self.key, .int64).count == 3011)
    }

    @Test("the next backup copies what is new, drops what was merged, and is the newest state")
    func incremental() throws {
        let store = try Store.open(source)
        for part in 0..<5 {
            try Self.commit(part * 1000..<(part + 1) * 1000, to: store)
            try store.flush()
        }
        let backup = StoreBackup(of: source, into: target)
        #expect(try backup.run(isIncremental: true).copiedFiles > 5)
        let again = try backup.run(isIncremental: true)
        #expect(again.copiedFiles == 0 && again.keptFiles > 5 && again.samples == 5000)
        try Self.commit(5000..<5005, to: store)
        #expect(try backup.run(isIncremental: true).samples == 5005)
        #expect(try read(target) == Self.samples(0..<5005))
        _ = try store.compact()
        try Self.commit(5005..<5006, to: store)
        let merged = try backup.run(isIncremental: true)
        #expect(merged.samples == 5006 && merged.keptFiles > 0 && merged.copiedFiles > 0)
        #expect(try read(target) == Self.samples(0..<5006))
        let names = try directory.files.list(target + "/segments").filter { $0.hasSuffix(".segment") }
        #expect(names.count == 1)
        #expect(try Store.verify(target, deep: true).damage.isEmpty)
    }

    @Test("commits that are not acknowledged yet are left out")
    func horizon() throws {
        let store = try Store.open(source)
        for second in 0..<4 { try Self.commit(second..<second + 1, to: store) }
        let backup = StoreBackup(of: source, into: target, upTo: 2)
        #expect(try backup.run(isIncremental: false).commit == 2)
        #expect(try read(target) == Self.samples(0..<2))
        #expect(try StoreBackup(of: source, into: target).run(isIncremental: true).commit == 4)
        #expect(try read(target) == Self.samples(0..<4))
    }

    @Test("a compaction while files are copied leaves the copy of one moment")
    func compaction() throws {
        let store = try Store.open(source)
        for part in 0..<6 {
            try Self.commit(part * 100..<(part + 1) * 100, to: store)
            try store.flush()
        }
        let files = MeddlingFiles { _ = try? store.compact() }
        let backup = StoreBackup(of: source, into: target, files: files)
        #expect(try backup.run(isIncremental: false).samples == 600)
        #expect(try read(target) == Self.samples(0..<600))
        #expect(try Store.verify(target).notes.isEmpty)
    }

    @Test("a folder with other things in it, or with a store, is refused and left as it is")
    func refusals() throws {
        let store = try Store.open(source)
        try Self.commit(0..<10, to: store)
        func refusal(_ folder: String, isIncremental: Bool = true) -> BackupError? {
            do {
                _ = try StoreBackup(of: source, into: folder).run(isIncremental: isIncremental)
                return nil
            } catch { return error as? BackupError }
        }
        #expect(refusal(source) == .inside(source))
        #expect(refusal(source + "/backup") == .inside(source + "/backup"))
        let around = directory.path + "/new/../store/./deep/er"
        #expect(throws: FileError.self) {
            try StoreBackup(of: source, into: around).run(isIncremental: true)
        }
        try directory.files.createDirectory(directory.path + "/new")
        #expect(refusal(around) == .inside(around))
        let other = directory.path + "/other"
        try directory.files.createDirectory(other)
        try directory.write([1], "other/notes.txt")
        #expect(refusal(other) == .notEmpty(other))
        #expect(try directory.files.list(other) == ["notes.txt"])
        let foreign = directory.path + "/foreign"
        try Self.commit(0..<5, to: try Store.open(foreign))
        #expect(refusal(foreign) == .notEmpty(foreign))
        #expect(refusal(target) == nil)
        #expect(refusal(target, isIncremental: false) == .isBackup(target))
        #expect(
            refusal(directory.path + "/other/notes.txt") == .notEmpty(directory.path + "/other/notes.txt"))
    }

    @Test("a backup of another store, or one that was written to as a store, is refused and left as it is")
    func lineage() throws {
        let store = try Store.open(source)
        try Self.commit(0..<10, to: store)
        _ = try StoreBackup(of: source, into: target).run(isIncremental: true)
        let elsewhere = directory.path + "/elsewhere"
        try Self.commit(
            0..<10, to: try Store.open(elsewhere), key: SeriesKey(product: "p", device: "e", point: "x"))
        #expect(throws: BackupError.otherStore(target)) {
            _ = try StoreBackup(of: elsewhere, into: target).run(isIncremental: true)
        }
        #expect(try read(target).count == 10)
        try Store.open(target).close()
        #expect(throws: BackupError.notEmpty(target)) {
            _ = try StoreBackup(of: source, into: target).run(isIncremental: true)
        }
        #expect(throws: StorageError.self) {
            _ = try StoreBackup(of: directory.path + "/none", into: target).run(isIncremental: true)
        }
    }

    @Test("a damaged store is not backed up, and an earlier backup stays good")
    func damage() throws {
        let store = try Store.open(source)
        try Self.commit(0..<2000, to: store)
        try store.flush()
        let backup = StoreBackup(of: source, into: target)
        _ = try backup.run(isIncremental: true)
        try Self.commit(2000..<4000, to: store)
        try store.flush()
        let old = Set(try directory.files.list(target + "/segments"))
        let name = try #require(
            directory.files.list(source + "/segments").first { $0.hasSuffix(".segment") && !old.contains($0) }
        )
        var bytes = try directory.bytes("store/segments/\(name)")
        bytes[bytes.count / 2] ^= 4
        try directory.write(bytes, "store/segments/\(name)")
        #expect {
            _ = try backup.run(isIncremental: true)
        } throws: {
            guard case StorageError.damaged(let damage)? = $0 as? StorageError else { return false }
            return damage.file == "segments/\(name)"
        }
        #expect(try read(target) == Self.samples(0..<2000))
        #expect(try Store.verify(target, deep: true).damage.isEmpty)
    }
}

/// The real disk, on which something happens when the second segment is opened to be copied.
private final class MeddlingFiles: ForwardingFileSystem {
    let disk = POSIXFileSystem()
    private let opened = Atomic(0)
    private let meddle: @Sendable () -> Void

    init(_ meddle: @escaping @Sendable () -> Void) { self.meddle = meddle }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        let isSource = mode == .read && path.contains("/store/segments/") && path.hasSuffix(".segment")
        if isSource, opened.add(1, ordering: .relaxed).newValue == 2 { meddle() }
        return try disk.open(path, mode)
    }
}
