// CrashRecovery.swift — opens a store for the writer that holds its lock, after a clean stop or a crash.
//
// The steps, in order:
// 1. Load the newest manifest, or create the first one in a new directory. A new store gets a second manifest at once.
// 2. Read dictionary, receipts and messages (StoreLoader).
// 3. Check that the files of the manifest exist, without reading segments.
// 4. Read the WAL files from `firstWAL` on. Write the last one again without its torn tail, and seal it. If the disk
//    has no room for that, leave the file, and Store flushes its commits.
// 5. Check that the store has every commit that was acknowledged.
// 6. Remove files that no manifest names.
// 7. If the folder is a backup, commit a manifest of its own and remove the mark of a backup.
//
// Invariants:
// - Each step can be interrupted anywhere and repeated.
// - Only a torn tail is ever cut, never acknowledged data: a record is synced before its acknowledgement.
// - Data that was read is made durable before anything rests on it, as a process may have been killed before its sync,
//   or the sync may have failed. Names of manifests and WAL files are made durable by a sync of their folders. Records
//   are written again, because a second sync of pages that could not be written succeeds without writing them.

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
    /// - Parameter leastCommit: The store must have all commits up to this one.
    init(_ folder: StoreFolder, _ library: SegmentLibrary, leastCommit: UInt64 = 0) {
        self.folder = folder
        self.library = library
        self.leastCommit = leastCommit
    }

    /// Recovers the store.
    ///
    /// Durability: the returned state is on disk, unless `roomNeeded` is set: then the caller must flush it.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unfinishedBackup`; `StorageError.unknownVersion`;
    ///   `StorageError.commitsLost`; `FileError`.
    func run() throws -> OpenedStore {
        var loader = StoreLoader(folder, leastCommit: leastCommit)
        if try loader.loadManifest() {
            // A process that was killed right after creating it may not have made its name durable.
            try folder.files.syncDirectory(folder.manifests)
        } else {
            try createStore(&loader.store)
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
        try turnBackupIntoStore(&loader.store)
        return loader.store
    }

    /// Creates the readers of the segments; all files of the manifest must exist, and nothing is read.
    ///
    /// The names stay as long as the writer has a snapshot that uses them.
    private func segments(_ manifest: Manifest) throws -> [SegmentReader] {
        if !manifest.segments.isEmpty {
            let names = Set(try folder.files.list(folder.segments).map { "segments/\($0)" })
            if let missing = manifest.fileNames.subtracting(names).min() {
                throw StorageError.damaged(Damage(file: missing, offset: 0, reason: "the file is missing"))
            }
        }
        return manifest.segments.map { SegmentReader(library, $0) }
    }

    /// Creates a new store; its first manifest comes before any other file.
    private func createStore(_ store: inout OpenedStore) throws {
        try syncFolders()
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
    /// An earlier process may have been killed after it created them and before their sync. Once there is a manifest,
    /// they are durable.
    private func syncFolders() throws {
        try folder.files.syncDirectory(folder.path)
        var path = folder.path
        while parentFolder(of: path) != path, path != "." {
            path = parentFolder(of: path)
            do throws(FileError) {
                try folder.files.syncDirectory(path)
            } catch {
                guard error.isForbidden else { throw error }
                // Another user created this folder, so it is not new.
                return
            }
        }
    }

    /// Ends a WAL file that a crash left open: writes it again without the torn tail and with a seal record, and gives
    /// it its sealed name.
    private func seal(_ number: UInt64, _ contents: WALContents, _ store: inout OpenedStore) throws {
        let name = StoreFolder.wal(number, sealed: false)
        if contents.tornAt == 0 || contents.payloads.isEmpty {
            // The file holds no record: its creation was interrupted, or no record followed.
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

    /// Turns a backup that is opened for writing into a store, so that no later backup overwrites it.
    private func turnBackupIntoStore(_ store: inout OpenedStore) throws {
        guard try folder.files.kind(folder.backupMark) != nil else { return }
        // A store without the mark must have two manifests.
        try commitNext(&store)
        try folder.files.remove(folder.backupMark)
        try folder.files.syncDirectory(folder.path)
    }

    /// Removes files that a crash left and nothing refers to.
    ///
    /// - Returns: A note for the user about each file in `segments/`.
    /// - Throws: `FileError`.
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
