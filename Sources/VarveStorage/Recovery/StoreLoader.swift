// StoreLoader.swift — reads a store from disk into memory, for writers and readers.
//
// It reads the files of the manifest, then the WAL files from `firstWAL` on, record by record, into the memtable.
// CrashRecovery uses it for a writer, ReadOnlyOpening for a reader.
//
// Invariants:
// - Nothing on disk is changed.
// - A store that lacks an acknowledged commit is refused.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

/// The state of a store on disk.
struct OpenedStore {
    var view = StoreView()
    var dictionary = SeriesDictionary()
    var replay = ReplayIndex()
    var messages = MessageMemory()
    var manifestChecksum: UInt64 = 0
    var flushedSeries = 0
    var nextWALFile: UInt64 = 1
    var nextWALRecord: UInt64 = 1
    var walFiles: [UInt64] = []
    /// Set if the disk has too little room to write the last WAL file again: the bytes needed.
    ///
    /// The file is then as the crash left it, and its commits must be flushed.
    var roomNeeded: Int?
    var notes: [String] = []
}

struct StoreLoader {
    /// A WAL file without a seal: a writer is at work, or a crash left it.
    struct OpenWAL {
        var number: UInt64
        var contents: WALContents
    }

    var store = OpenedStore()
    private let folder: StoreFolder
    /// Records of later commits are left out.
    private let lastCommit: UInt64
    /// The newest acknowledged commit, as far as is known; read first, as a writer may go on meanwhile.
    private let acknowledged: UInt64

    /// Prepares a load.
    ///
    /// - Parameters:
    ///   - lastCommit: Records of later commits are left out.
    ///   - leastCommit: The store must have all commits up to this one.
    init(_ folder: StoreFolder, upTo lastCommit: UInt64 = .max, leastCommit: UInt64 = 0) {
        self.folder = folder
        self.lastCommit = lastCommit
        acknowledged = min(max(AcknowledgedMark.read(folder) ?? 0, leastCommit), lastCommit)
    }

    /// Reads the newest manifest, if there is one.
    ///
    /// - Returns: False in a folder without manifests.
    /// - Throws: `StorageError.damaged` if it is damaged, if one of the two newest is missing, or if there are files
    ///   but no manifest; `StorageError.unfinishedBackup`; `StorageError.unknownVersion`; `FileError`.
    mutating func loadManifest() throws -> Bool {
        guard let (manifest, checksum) = try ManifestLog.load(folder) else {
            try checkEmpty()
            return false
        }
        store.view.manifest = manifest
        store.manifestChecksum = checksum
        return true
    }

    /// Checks that a folder without a manifest has no files and is no unfinished backup: nothing there is ever taken
    /// for a leftover of an empty store.
    ///
    /// - Throws: `StorageError.damaged` or `StorageError.unfinishedBackup` if there are some; `FileError`.
    private func checkEmpty() throws {
        guard try folder.files.kind(folder.backupMark) == nil else {
            throw StorageError.unfinishedBackup(path: folder.path)
        }
        for path in [folder.segments, folder.wal] {
            guard case .folder? = try folder.files.kind(path) else { continue }
            guard try folder.files.list(path).isEmpty else {
                throw StorageError.damaged(
                    Damage(file: StoreFolder.manifest(1), offset: 0, reason: "no manifest is there"))
            }
        }
    }

    /// Reads the dictionary and receipts files of the manifest, and the headers of its messages files.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `FileError`.
    mutating func loadFiles() throws {
        let manifest = store.view.manifest
        for part in manifest.dictionary {
            try SealedFile.read(part, .dictionary, .dictionary, in: folder) {
                [dictionary = store.dictionary] in
                try dictionary.load(&$0)
            }
        }
        store.flushedSeries = store.dictionary.count
        try manifest.noteReplacements(in: store.dictionary)
        for part in manifest.receipts {
            for record in try ReceiptsFile.read(part, in: folder) {
                if record.isMessage {
                    store.messages.add(fromReceipts: record.message)
                } else {
                    store.replay.add(record)
                }
            }
        }
        store.messages.replaceFiles(with: try manifest.messages.map { try MessageFile(folder, $0) })
        store.view.commit = manifest.commit
        store.view.commitTimes = manifest.commitTimes
    }

    /// Reads the WAL files, of which all but the last must be sealed.
    ///
    /// - Parameters:
    ///   - files: The existing files, ascending.
    ///   - attempts: The budget of reads for files that a writer changes meanwhile.
    /// - Returns: The last file, if it is not sealed.
    /// - Throws: `StorageError.damaged`, also if a file or a record is missing; `StorageError.unknownVersion`;
    ///   `StorageError.needsReopen`; `FileError`.
    mutating func loadWAL(
        _ files: [(number: UInt64, sealed: Bool)], _ attempts: inout ReadAttempts
    ) throws -> OpenWAL? {
        var open: OpenWAL?
        store.nextWALFile = store.view.manifest.firstWAL
        for (position, file) in files.enumerated() {
            let name = StoreFolder.wal(file.number, sealed: file.sealed)
            guard file.number == store.nextWALFile else {
                throw StorageError.damaged(
                    Damage(
                        file: StoreFolder.wal(store.nextWALFile, sealed: true), offset: 0,
                        reason: "the file is missing"))
            }
            guard file.sealed || position == files.count - 1 else {
                throw StorageError.damaged(
                    Damage(file: name, offset: 0, reason: "a WAL file that is not the last was never sealed"))
            }
            let contents = try WALReader.read(
                number: file.number, sealed: file.sealed, folder, attempts: &attempts)
            if position > 0, contents.tornAt != 0, contents.firstRecord != store.nextWALRecord {
                throw StorageError.damaged(
                    Damage(file: name, offset: 24, reason: "records before this file are missing"))
            }
            try apply(contents)
            store.nextWALFile = file.number + 1
            store.walFiles.append(file.number)
            if contents.tornAt != 0 { store.nextWALRecord = contents.nextRecord }
            if !file.sealed { open = OpenWAL(number: file.number, contents: contents) }
        }
        store.view.seriesCount = store.dictionary.count
        return open
    }

    private mutating func apply(_ contents: WALContents) throws {
        let buffer = SmallRowBuffer()
        store.messages.reserve(contents.payloads.count)
        try contents.forEachRecord { record, offset in
            guard record.commit <= lastCommit else { return }
            do throws(CodecError) {
                try DictionaryFile.load(first: record.firstSeries, record.newSeries, into: store.dictionary)
            } catch {
                throw StorageError.damaged(Damage(file: contents.name, offset: offset, reason: error.reason))
            }
            let isKnown = try store.view.apply(&record, buffer) { [dictionary = store.dictionary] in
                dictionary.type($0) == $1
            }
            guard isKnown else {
                throw StorageError.damaged(
                    Damage(
                        file: contents.name, offset: offset, reason: "rows of a series that does not exist"))
            }
            if record.batch.isMessage {
                store.messages.add(record.batch.message)
            } else {
                store.replay.add(record.batch)
            }
        }
    }

    /// Refuses a store that lacks acknowledged commits.
    ///
    /// - Throws: `StorageError.commitsLost`.
    func checkAcknowledged() throws {
        guard store.view.commit >= acknowledged else {
            throw StorageError.commitsLost(store.view.commit + 1...acknowledged, path: folder.path)
        }
    }

    /// The WAL files in a folder from a number on, ascending.
    ///
    /// - Throws: `FileError` if the folder cannot be listed.
    static func walFiles(
        from first: UInt64, _ folder: StoreFolder
    ) throws -> [(number: UInt64, sealed: Bool)] {
        guard case .folder? = try folder.files.kind(folder.wal) else { return [] }
        return try folder.files.list(folder.wal).compactMap(StoreFolder.walNumber)
            .filter { $0.number >= first }.sorted { $0.number < $1.number }
    }

    /// Names that change whenever a writer exchanges files; data read between two equal fingerprints is of one moment.
    ///
    /// - Throws: `FileError` if a folder cannot be listed.
    static func fingerprint(_ folder: StoreFolder) throws -> [String] {
        let wal = try walFiles(from: 0, folder).map { StoreFolder.wal($0.number, sealed: $0.sealed) }
        return wal + [try ManifestLog.numbers(folder).last.map(StoreFolder.manifest) ?? ""]
    }
}
