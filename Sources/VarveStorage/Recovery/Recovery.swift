// Recovery.swift — opens what is on disk, after a clean stop as after a crash. The steps, in order:
//
// 1. newest manifest, or in a new directory the first;  2. dictionary and receipts files it names, headers of messages
// files;  3. its segments, which are there, but not read;
// 4. WAL files from `firstWAL` on, record by record, into the memtable;
// and for a writer, which holds the lock:
// 5. write the last WAL file anew without its torn tail, if it has one, and seal it, or, where the disk has no room for
// that, flush what is in it (Store);  6. remove what no manifest names, and the mark of a backup.
//
// Invariants:
// - Steps 1–4 change nothing. Steps 5 and 6 can be interrupted anywhere and done again.
// - Only a torn tail is ever cut, and never acknowledged data: a record was synced before its acknowledgement.
// - What was read may be in the kernel's memory only: a process may have been killed before its sync, or the sync
//   may have failed. Before anything rests on it a writer makes it durable: the names of manifests and WAL files by a sync
//   of their folders, records by writing them again, as a second sync of pages that could not be written succeeds without
//   writing them.

import VarveCodec
package import VarveFile
import VarveModel

package struct Recovery {
    package struct Result {
        package var view = StoreView()
        package var dictionary = SeriesDictionary()
        package var replay = ReplayIndex()
        package var messages = MessageMemory()
        package var manifestChecksum: UInt64 = 0
        package var flushedSeries = 0
        package var nextWALFile: UInt64 = 1
        package var nextWALRecord: UInt64 = 1
        package var walFiles: [UInt64] = []
        /// Bytes of room that the last WAL file needs to be written anew, where the disk has not so many: it is as the
        /// crash left it, and its commits must be flushed.
        package var roomNeeded: Int?
        package var notes: [String] = []
    }

    private let files: any FileSystem
    private let directory: DataDirectory
    private let isWritable: Bool
    private let mayBeMissing: Bool
    /// Records of later commits are left out.
    private let lastCommit: UInt64
    /// A commit that must be there.
    private let leastCommit: UInt64
    private let library: SegmentLibrary

    /// How often a reader starts again when a writer changes the directory under it.
    private static let attempts = 50

    package init(
        _ files: any FileSystem, _ directory: DataDirectory, isWritable: Bool, mayBeMissing: Bool = false,
        lastCommit: UInt64? = nil, leastCommit: UInt64 = 0, library: SegmentLibrary? = nil
    ) {
        self.leastCommit = leastCommit
        self.library = library ?? SegmentLibrary(files, directory)
        self.files = files
        self.directory = directory
        self.isWritable = isWritable
        self.mayBeMissing = mayBeMissing
        self.lastCommit = lastCommit ?? .max
    }

    package func run() throws -> Result {
        if isWritable { return try load() }
        // A reader takes no lock. If a writer exchanged files while it read, files may be gone, look torn out of
        // their row, or hold records twice: whatever came of it, it starts again.
        var failure: (any Error)?
        for _ in 0..<Self.attempts {
            let before = try Self.fingerprint(files, directory)
            do {
                let result = try load()
                if try Self.fingerprint(files, directory) == before { return result }
            } catch {
                if try Self.fingerprint(files, directory) == before, (error as? FileError)?.isNotFound != true
                {
                    throw error
                }
                failure = error
            }
        }
        throw failure ?? StorageError.needsReopen("the directory changes faster than it can be read")
    }

    /// Names that change whenever a writer exchanges files.
    static func fingerprint(_ files: any FileSystem, _ directory: DataDirectory) throws -> [String] {
        let wal = try walFiles(from: 0, files, directory).map {
            DataDirectory.wal($0.number, sealed: $0.sealed)
        }
        return wal + [try ManifestLog.numbers(files, directory).last.map(DataDirectory.manifest) ?? ""]
    }

    private func load() throws -> Result {
        var result = Result()
        // Read first: beside a writer the store may only be ahead of it.
        let acknowledged = min(max(AcknowledgedMark.read(files, directory) ?? 0, leastCommit), lastCommit)
        if let (manifest, checksum) = try ManifestLog.load(files, directory) {
            // A process that was killed right after creating it may not have made its name durable.
            if isWritable { try files.syncDirectory(directory.manifests) }
            result.view.manifest = manifest
            result.manifestChecksum = checksum
        } else {
            try begin(&result)
        }
        if isWritable, result.view.manifest.number == 1 { try commitNext(&result) }
        let manifest = result.view.manifest
        for part in manifest.dictionary { try load(dictionary: part, into: result.dictionary) }
        result.flushedSeries = result.dictionary.count
        try manifest.noteReplacements(in: result.dictionary)
        for part in manifest.receipts {
            for record in try Self.receipts(part, files, directory) {
                if record.isMessage {
                    result.messages.add(fromReceipts: record.message)
                } else {
                    result.replay.add(record)
                }
            }
        }
        result.messages.use(try manifest.messages.map { try MessageFile(files, directory, $0) })
        result.view.segments = try segments(manifest)
        result.view.commit = manifest.commit
        result.view.commitTimes = manifest.commitTimes
        try loadWAL(&result)
        result.view.seriesCount = result.dictionary.count
        guard result.view.commit >= acknowledged else {
            throw StorageError.commitsLost(result.view.commit + 1...acknowledged, path: directory.path)
        }
        if isWritable {
            result.notes += try Self.removeOrphans(manifest, files, directory)
            try becomeStore(&result)
        }
        return result
    }

    /// The readers of the segments; nothing is read.
    ///
    /// A reader beside a writer opens as many files as it may: then they can be read even if a compaction removes their
    /// names. The writer's own names stay as long as it has a snapshot with them.
    private func segments(_ manifest: Manifest) throws -> [SegmentReader] {
        if isWritable, !manifest.segments.isEmpty {
            let names = Set(try files.list(directory.segments).map { "segments/\($0)" })
            if let missing = manifest.fileNames.subtracting(names).min() {
                throw StorageError.damaged(Damage(file: missing, offset: 0, reason: "the file is missing"))
            }
        }
        return try manifest.segments.map { reference in
            let reader = SegmentReader(library, reference)
            if !isWritable, library.files.hasRoom { try reader.open() }
            return reader
        }
    }

    /// A directory without a manifest: a new store, no store, or one that lost its manifests.
    ///
    /// The first manifest is there before anything else, so that files without one are never taken for the
    /// leftovers of an empty store and removed.
    private func begin(_ result: inout Result) throws {
        for folder in [directory.segments, directory.wal] {
            guard case .folder? = try files.kind(folder) else { continue }
            guard try files.list(folder).isEmpty else {
                let isBackup = try files.kind(directory.backupMark) != nil
                throw StorageError.damaged(
                    Damage(
                        file: DataDirectory.manifest(1), offset: 0,
                        reason: isBackup
                            ? "the backup was not finished, run it again with --incremental"
                            : "no manifest is there"))
            }
        }
        if isWritable {
            try keepFolders()
            result.view.manifest.number = 1
            result.manifestChecksum = try ManifestLog.commit(result.view.manifest, files, directory)
        } else if !mayBeMissing {
            throw StorageError.noStore(path: directory.path)
        }
    }

    /// Commits the manifest once more under the next number.
    private func commitNext(_ result: inout Result) throws {
        result.view.manifest.number += 1
        result.view.manifest.previousChecksum = result.manifestChecksum
        result.manifestChecksum = try ManifestLog.commit(result.view.manifest, files, directory)
    }

    /// Makes the names of the folders durable.
    ///
    /// A process before this one may have been killed between making them and that. With a manifest in them they are.
    private func keepFolders() throws {
        try files.syncDirectory(directory.path)
        var path = directory.path
        while parentFolder(of: path) != path, path != "." {
            path = parentFolder(of: path)
            do throws(FileError) {
                try files.syncDirectory(path)
            } catch {
                guard error.isForbidden else { throw error }
                // Made by someone else, then, and long ago.
                return
            }
        }
    }

    private func load(dictionary part: PartReference, into dictionary: SeriesDictionary) throws {
        let name = DataDirectory.immutable(part.id, .dictionary)
        let payload = try payload(part, name, .dictionary)
        try SealedFile.parse(payload, name) { try dictionary.load(&$0) }
    }

    /// The records of a receipts file.
    package static func receipts(
        _ part: PartReference, _ files: any FileSystem, _ directory: DataDirectory
    ) throws -> [BatchRecord] {
        let name = DataDirectory.immutable(part.id, .receipts)
        let payload = try Recovery(files, directory, isWritable: false).payload(part, name, .receipts)
        return try SealedFile.parse(payload, name) { try BatchRecord.decodeFile(&$0) }
    }

    private func payload(_ part: PartReference, _ name: String, _ kind: SealedFile.Kind) throws -> [UInt8] {
        let (payload, checksum, _) = try SealedFile.read(files, directory, name, kind)
        guard checksum == part.checksum else {
            throw StorageError.damaged(
                Damage(file: name, offset: 0, reason: "not the file the manifest names"))
        }
        return payload
    }

    private static func walFiles(
        from first: UInt64, _ files: any FileSystem, _ directory: DataDirectory
    ) throws -> [(number: UInt64, sealed: Bool)] {
        guard case .folder? = try files.kind(directory.wal) else { return [] }
        return try files.list(directory.wal).compactMap(DataDirectory.walNumber)
            .filter { $0.number >= first }.sorted { $0.number < $1.number }
    }

    private func loadWAL(_ result: inout Result) throws {
        let found = try Self.walFiles(from: result.view.manifest.firstWAL, files, directory)
        // The sealed name of the last file may not be durable: a later file could be there without it.
        if isWritable, !found.isEmpty { try files.syncDirectory(directory.wal) }
        result.nextWALFile = result.view.manifest.firstWAL
        for (position, file) in found.enumerated() {
            let name = DataDirectory.wal(file.number, sealed: file.sealed)
            guard file.number == result.nextWALFile else {
                throw StorageError.damaged(
                    Damage(
                        file: DataDirectory.wal(result.nextWALFile, sealed: true), offset: 0,
                        reason: "the file is missing"))
            }
            guard file.sealed || position == found.count - 1 else {
                throw StorageError.damaged(
                    Damage(file: name, offset: 0, reason: "a WAL file that is not the last was never sealed"))
            }
            let contents = try WALReader.read(number: file.number, sealed: file.sealed, files, directory)
            if position > 0, contents.tornAt != 0, contents.firstRecord != result.nextWALRecord {
                throw StorageError.damaged(
                    Damage(file: name, offset: 24, reason: "records before this file are missing"))
            }
            try apply(contents, &result)
            result.nextWALFile = file.number + 1
            result.walFiles.append(file.number)
            if contents.tornAt != 0 { result.nextWALRecord = contents.nextRecord }
            if isWritable, !file.sealed {
                try settle(file.number, contents, &result)
            }
        }
    }

    private func apply(_ contents: WALContents, _ result: inout Result) throws {
        let buffer = FewRowsBuffer()
        result.messages.reserve(contents.payloads.count)
        try contents.forEachRecord { record, offset in
            guard record.commit <= lastCommit else { return }
            do throws(CodecError) {
                try DictionaryFile.load(first: record.firstSeries, record.newSeries, into: result.dictionary)
            } catch {
                throw StorageError.damaged(Damage(file: contents.name, offset: offset, reason: error.reason))
            }
            let isKnown = try result.view.apply(&record, buffer) { [dictionary = result.dictionary] in
                dictionary.type($0) == $1
            }
            guard isKnown else {
                throw StorageError.damaged(
                    Damage(
                        file: contents.name, offset: offset, reason: "rows of a series that does not exist"))
            }
            if record.batch.isMessage {
                result.messages.add(record.batch.message)
            } else {
                result.replay.add(record.batch)
            }
        }
    }

    /// Gives a WAL file that a crash left open its proper end: written anew without the torn tail and with a seal
    /// record, then the sealed name.
    private func settle(
        _ number: UInt64, _ contents: WALContents, _ result: inout Result
    ) throws {
        let name = DataDirectory.wal(number, sealed: false)
        if contents.tornAt == 0 || contents.payloads.isEmpty {
            // Its creation was interrupted, or nothing came after it: it holds no record.
            try files.remove(directory.absolute(name))
            result.nextWALFile = number
            if contents.tornAt != 0 { result.nextWALRecord = contents.firstRecord }
            result.walFiles.removeLast()
            return
        }
        var whole = ByteWriter(capacity: contents.end + 64)
        contents.bytes.withUnsafeBytes { whole.append(bytes: .init(rebasing: $0[..<contents.end])) }
        if let torn = contents.tornAt {
            result.notes.append("\(name): cut an unfinished record at byte \(torn) that a crash left")
        }
        result.nextWALRecord = contents.nextRecord
        // An earlier recovery may have been interrupted between the seal and the rename.
        if !contents.hasSeal {
            WALWriter.encode(.seal, [], number: contents.nextRecord, place: 0, to: &whole)
            result.nextWALRecord += 1
        }
        do throws(FileError) {
            try files.replace(directory.absolute(name), whole.bytes)
        } catch {
            guard error.isDiskFull else { throw error }
            result.roomNeeded = whole.count
            return
        }
        try files.rename(
            directory.absolute(name), to: directory.absolute(DataDirectory.wal(number, sealed: true)))
        try files.syncDirectory(directory.wal)
    }

    /// A backup that is written to is a store of its own: no later backup may take it back.
    private func becomeStore(_ result: inout Result) throws {
        guard try files.kind(directory.backupMark) != nil else { return }
        // Without the mark there must be two manifests.
        try commitNext(&result)
        try files.remove(directory.backupMark)
        try files.syncDirectory(directory.path)
    }

    /// Removes files that a crash left and that nothing refers to, and says which of them had samples.
    static func removeOrphans(
        _ manifest: Manifest, _ files: any FileSystem, _ directory: DataDirectory
    ) throws -> [String] {
        var notes: [String] = []
        let live = manifest.fileNames
        for name in try files.list(directory.segments) where !live.contains("segments/\(name)") {
            try files.remove("\(directory.segments)/\(name)")
            notes.append("segments/\(name): removed, an unfinished import or compaction left it")
        }
        for name in try files.list(directory.wal) {
            if let (number, _) = DataDirectory.walNumber(name), number >= manifest.firstWAL {
                continue
            }
            try files.remove("\(directory.wal)/\(name)")
        }
        for name in try files.list(directory.manifests) where DataDirectory.manifestNumber(name) == nil {
            try files.remove("\(directory.manifests)/\(name)")
        }
        return notes
    }
}
