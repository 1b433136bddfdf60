// LostCommitsTests.swift — lost acknowledged commits are reported with their numbers, and an open store notices that
// its directory is removed or changed.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct LostCommitsTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private let directory: TemporaryDirectory
    private let files = POSIXFileSystem()

    init() throws { directory = try TemporaryDirectory() }

    private func commit(_ times: Range<Int64>, to store: Store) throws {
        for time in times {
            let rows = SeriesRows(
                Self.key, .int64, [Sample(time: Timestamp(nanoseconds: time), value: .int64(time))])
            _ = try store.commit(SampleBatch(series: [rows]))
        }
    }

    private func count(_ store: Store) throws -> Int { try store.snapshot().samples(Self.key, .int64).count }

    private func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    private func wal(sealed: Bool = false, _ number: UInt64 = 1) -> String {
        path(StoreFolder.wal(number, sealed: sealed))
    }

    /// What opening says, if it fails.
    private func failure(_ options: StoreOptions = StoreOptions()) -> String? {
        do {
            try Store.open(directory.path, options: options).close()
            return nil
        } catch {
            return "\(error)"
        }
    }

    // MARK: While the store is closed

    enum Loss: CaseIterable { case removed, folderRemoved, older, cut }

    @Test(
        "commits that are gone with their WAL file are named by every opening and by verify",
        arguments: Loss.allCases)
    func lost(_ loss: Loss) throws {
        let store = try Store.open(directory.path)
        try commit(0..<2, to: store)
        try store.flush()
        try commit(2..<3, to: store)
        let name = StoreFolder.wal(2, sealed: false)
        let older = try directory.bytes(name)
        try commit(3..<5, to: store)
        // As after a kill: the lock is free, and the file has no seal.
        let left = try directory.bytes(name)
        try store.close()
        try files.remove(path(StoreFolder.wal(2, sealed: true)))
        let first: UInt64
        switch loss {
        case .removed: first = 3
        case .folderRemoved:
            try files.rename(path("wal"), to: path("away"))
            first = 3
        case .older:
            try directory.write(older, name)
            first = 4
        case .cut:
            let records = try WALReader.parse(left, number: 2, sealed: false).payloads
            try directory.write(Array(left[..<(records[1].upperBound + WALFormat.recordTrailerBytes)]), name)
            first = 5
        }
        let missing = first == 5 ? "commit 5, which was" : "\(6 - first) commits, \(first) to 5, which were"
        for options in [StoreOptions(), .reading] {
            #expect(failure(options)?.hasPrefix("\(missing) acknowledged") == true)
            #expect(failure(options)?.contains("remove \(directory.path)/acknowledged") == true)
        }
        let damage = try Store.verify(directory.path).damage
        #expect(damage.contains { $0.reason.hasPrefix("\(missing) acknowledged") })
        // A user who accepts the loss removes the file; then nothing is reported any more.
        try files.remove(directory.path + "/acknowledged")
        let next = try Store.open(directory.path)
        #expect(next.snapshot().commit == first - 1)
        try next.close()
        #expect(try Store.verify(directory.path).damage == [])
    }

    @Test(
        "a mark that is cut, changed or empty is ignored, and one that is behind, or a reader's limit, names no later commit"
    )
    func weakMarks() throws {
        let store = try Store.open(directory.path)
        try commit(0..<1, to: store)
        let behind = try directory.bytes("acknowledged")
        try commit(1..<4, to: store)
        let mark = try directory.bytes("acknowledged")
        #expect(mark.count == 24 && mark[8] == 4)
        #expect(try Store.open(directory.path, options: .reading(upTo: 2)).snapshot().commit == 2)
        try store.close()
        try files.remove(wal(sealed: true))
        #expect(failure() != nil)
        var changed = mark
        changed[8] ^= 64
        for bytes in [Array(mark.dropLast()), changed, []] {
            try directory.write(bytes, "acknowledged")
            let report = try Store.verify(directory.path)
            #expect(report.damage == [], "\(report.notes)")
            #expect(report.notes.contains { $0.hasPrefix("acknowledged: ") }, "\(report.notes)")
            #expect(failure() == nil)
        }
        try directory.write(behind, "acknowledged")
        #expect(failure()?.hasPrefix("commit 1, which was") == true)
    }

    // MARK: While the store is open

    enum Harm: CaseIterable { case removed, renamed, cut, replaced, folderRenamed }

    private func harm(_ harm: Harm) throws {
        switch harm {
        case .removed: try files.remove(wal())
        case .renamed: try files.rename(wal(), to: path("away"))
        case .cut: try files.open(wal(), .update).truncate(to: WALFormat.headerBytes)
        case .replaced: try files.replace(wal(), try files.readAll(wal()))
        case .folderRenamed:
            try files.rename(path("wal"), to: path("away"))
            try files.createDirectory(path("wal"))
        }
    }

    @Test(
        "a WAL file that is removed under an open store loses nothing: the next commit has everything",
        arguments: Harm.allCases)
    func rescue(_ kind: Harm) throws {
        let store = try Store.open(directory.path)
        try commit(0..<3, to: store)
        try harm(kind)
        try commit(3..<5, to: store)
        #expect(try count(store) == 5)
        let notes = try store.examine()
        #expect(notes.count == 1 && notes[0].contains("its commits 1 to 4 are written again"))
        #expect(notes[0].hasPrefix("wal/"))
        #expect(try store.examine().isEmpty)
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
        let next = try Store.open(directory.path)
        #expect(try count(next) == 5 && next.snapshot().commit == 5)
        // Earlier messages are still remembered.
        try commit(0..<5, to: next)
        #expect(next.snapshot().commit == 5)
        try next.close()
    }

    @Test("an idle store notices a removed WAL file too", arguments: Harm.allCases)
    func idle(_ kind: Harm) throws {
        let store = try Store.open(directory.path)
        try commit(0..<3, to: store)
        #expect(try store.examine().isEmpty)
        try harm(kind)
        #expect(try store.examine().count == 1)
        // As after a kill: nothing is closed.
        let reader = try Store.open(directory.path, options: .reading)
        #expect(try count(reader) == 3)
        try store.close()
    }

    enum Removal: CaseIterable { case manifests, newestManifest, olderManifest, directory, lock, segment }

    @Test(
        "an open store whose directory is damaged acknowledges nothing until the directory is as it was",
        arguments: Removal.allCases)
    func damaged(_ removal: Removal) throws {
        let store = try Store.open(directory.path)
        try commit(0..<3, to: store)
        try store.flush()
        try commit(3..<4, to: store)
        let manifests = try files.list(path("manifests")).map { "manifests/\($0)" }
        #expect(manifests.count == 2)
        let segment = try files.list(path("segments")).first { $0.hasSuffix(".segment") }
        let gone: [String] =
            switch removal {
            case .manifests: manifests
            case .newestManifest: [manifests[1]]
            case .olderManifest: [manifests[0]]
            case .directory: [""]
            case .lock: ["lock"]
            case .segment: ["segments/\(try #require(segment))"]
            }
        for name in gone {
            try files.rename(path(name), to: "\(directory.path)-\(name.split(separator: "/").last ?? "")")
        }
        // The names of segments are checked from time to time, all others before each commit.
        if removal == .segment { #expect(throws: StorageError.self) { try store.examine() } }
        for _ in 0..<2 {
            let refusal = #expect(throws: StorageError.self) { try commit(4..<5, to: store) }
            #expect("\(String(describing: refusal))".contains("while it was in use"))
        }
        #expect(throws: StorageError.self) { try store.flush() }
        #expect(store.needsReopen)
        try? store.close()
        var reopening = StoreOptions()
        reopening.mustExist = true
        if removal != .lock {
            #expect(throws: (any Error).self) { try Store.open(directory.path, options: reopening) }
        }
        for name in gone {
            try files.rename("\(directory.path)-\(name.split(separator: "/").last ?? "")", to: path(name))
        }
        let next = try Store.open(directory.path, options: reopening)
        #expect(try count(next) == 4)
        try commit(4..<5, to: next)
        try next.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
    }
}
