// CrashRecovery.swift — opens a store for its writer, which holds the lock, after a clean stop as after a crash.
//
// The steps, in order:
// 1. the newest manifest, or in a new directory the first;
// 2. what StoreLoader reads: dictionary, receipts, messages, then WAL files from `firstWAL` on;
// 3. the names of its segments, which are there, but not read;
// 4. the last WAL file: written again without its torn tail, if it has one, and sealed, or, where the disk has no room for
//    that, left for a flush of what is in it (Store);
// 5. what no manifest names is removed, and the mark of a backup.
//
// Invariants:
// - Each step can be interrupted anywhere and done again.
// - Only a torn tail is ever cut, and never acknowledged data: a record was synced before its acknowledgement.
// - What was read may be in the kernel's memory only: a process may have been killed before its sync, or the sync
//   may have failed. Before anything rests on it a writer makes it durable: the names of manifests and WAL files by a sync
//   of their folders, records by writing them again, as a second sync of pages that could not be written succeeds without
//   writing them.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct CrashRecovery {
    private let folder: StoreFolder
    private let library: SegmentLibrary
    private let leastCommit: UInt64

    /// Prepares a recovery.
    ///
    /// - Parameter leastCommit: A commit that must be there.
    init(_ folder: StoreFolder, _ library: SegmentLibrary, leastCommit: UInt64 = 0) {
        self.folder = folder
        self.library = library
        self.leastCommit = leastCommit
    }

    /// Recovers the store.
    ///
    /// Durability: what is returned is on disk, unless `roomNeeded` says that a flush must see to it.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.commitsLost`; `FileError`.
    func run() throws -> OpenedStore {
        var loader = StoreLoader(folder, leastCommit: leastCommit)
        if try loader.loadManifest() {
            // A process that was killed right after creating it may not have made its name durable.
            try folder.files.syncDirectory(folder.manifests)
        } else {
            try begin(&loader.store)
        }
        if loader.store.view.manifest.number == 1 { try commitNext(&loader.store) }
        try loader.loadFiles()
        let manifest = loader.store.view.manifest
        loader.store.view.segments = try segments(manifest)
        let files = try StoreLoader.walFiles(from: manifest.firstWAL, folder)
        // The sealed name of the last file may not be durable: a later file could be there without it.
        if !files.isEmpty { try folder.files.syncDirectory(folder.wal) }
        var attempts = ReadAttempts()
        if let open = try loader.loadWAL(files, &attempts) {
            try seal(open.number, open.contents, &loader.store)
        }
        try loader.checkAcknowledged()
        loader.store.notes += try Self.removeOrphans(manifest, folder)
        try becomeStore(&loader.store)
        return loader.store
    }

    /// The readers of the segments, whose names must be there; nothing is read.
    ///
    /// The names stay as long as the writer has a snapshot with them.
    private func segments(_ manifest: Manifest) throws -> [SegmentReader] {
        if !manifest.segments.isEmpty {
            let names = Set(try folder.files.list(folder.segments).map { "segments/\($0)" })
            if let missing = manifest.fileNames.subtracting(names).min() {
                throw StorageError.damaged(Damage(file: missing, offset: 0, reason: "the file is missing"))
            }
        }
        return manifest.segments.map { SegmentReader(library, $0) }
    }

    /// Makes a new store; its first manifest is there before anything else.
    private func begin(_ store: inout OpenedStore) throws {
        try keepFolders()
        store.view.manifest.number = 1
        store.manifestChecksum = try ManifestLog.commit(store.view.manifest, folder)
    }

    /// Commits the manifest once more under the next number.
    private func commitNext(_ store: inout OpenedStore) throws {
        store.view.manifest.number += 1
        store.view.manifest.previousChecksum = store.manifestChecksum
        store.manifestChecksum = try ManifestLog.commit(store.view.manifest, folder)
    }

    /// Makes the names of the folders durable.
    ///
    /// A process before this one may have been killed between making them and that. With a manifest in them they are.
    private func keepFolders() throws {
        try folder.files.syncDirectory(folder.path)
        var path = folder.path
        while parentFolder(of: path) != path, path != "." {
            path = parentFolder(of: path)
            do throws(FileError) {
                try folder.files.syncDirectory(path)
            } catch {
                guard error.isForbidden else { throw error }
                // Made by someone else, then, and long ago.
                return
            }
        }
    }

    /// Gives a WAL file that a crash left open its proper end: written again without the torn tail and with a seal
    /// record, then the sealed name.
    private func seal(_ number: UInt64, _ contents: WALContents, _ store: inout OpenedStore) throws {
        let name = StoreFolder.wal(number, sealed: false)
        if contents.tornAt == 0 || contents.payloads.isEmpty {
            // Its creation was interrupted, or nothing came after it: it holds no record.
            try folder.remove(name)
            store.nextWALFile = number
            if contents.tornAt != 0 { store.nextWALRecord = contents.firstRecord }
            store.walFiles.removeLast()
            return
        }
        var whole = ByteWriter(capacity: contents.end + 64)
        contents.bytes.withUnsafeBytes { whole.append(bytes: .init(rebasing: $0[..<contents.end])) }
        if let torn = contents.tornAt {
            store.notes.append("\(name): cut an unfinished record at byte \(torn) that a crash left")
        }
        store.nextWALRecord = contents.nextRecord
        // An earlier recovery may have been interrupted between the seal and the rename.
        if !contents.hasSeal {
            WALWriter.encode(.seal, [], number: contents.nextRecord, place: 0, to: &whole)
            store.nextWALRecord += 1
        }
        do throws(FileError) {
            try folder.files.replace(folder.absolute(name), whole.bytes)
        } catch {
            guard error.isDiskFull else { throw error }
            store.roomNeeded = whole.count
            return
        }
        try folder.files.rename(
            folder.absolute(name), to: folder.absolute(StoreFolder.wal(number, sealed: true)))
        try folder.files.syncDirectory(folder.wal)
    }

    /// A backup that is written to is a store of its own: no later backup may take it back.
    private func becomeStore(_ store: inout OpenedStore) throws {
        guard try folder.files.kind(folder.backupMark) != nil else { return }
        // Without the mark there must be two manifests.
        try commitNext(&store)
        try folder.files.remove(folder.backupMark)
        try folder.files.syncDirectory(folder.path)
    }

    /// Removes files that a crash left and that nothing refers to, and says which of them had samples.
    static func removeOrphans(_ manifest: Manifest, _ folder: StoreFolder) throws -> [String] {
        var notes: [String] = []
        let live = manifest.fileNames
        for name in try folder.files.list(folder.segments) where !live.contains("segments/\(name)") {
            try folder.files.remove("\(folder.segments)/\(name)")
            notes.append("segments/\(name): removed, an unfinished import or compaction left it")
        }
        for name in try folder.files.list(folder.wal) {
            if let (number, _) = StoreFolder.walNumber(name), number >= manifest.firstWAL {
                continue
            }
            try folder.files.remove("\(folder.wal)/\(name)")
        }
        for name in try folder.files.list(folder.manifests) where StoreFolder.manifestNumber(name) == nil {
            try folder.files.remove("\(folder.manifests)/\(name)")
        }
        return notes
    }
}
