// StoreBackup.swift — copies a store as of one commit while a writer goes on; a later backup copies only new files.
//
// Files in `segments/` never change and no name is used twice, so a file that is there already is kept. The order makes
// the copy a store at every moment: first files that no manifest names yet, then the manifest, then the WAL after it.
//
// Invariants:
// - The source is only read. If a writer replaces files meanwhile, the backup starts again, so the copy is of one
//   moment.
// - After an interruption at any point the copy opens as the earlier backup, as the new one, or as the new one without
//   the commits of its WAL. The next backup continues from there.
// - Every file is read back from the copy, with all its checksums, before a manifest names it.

public import VarveFile
import VarveModel
import VarveSegment

/// The result of a backup.
public struct BackupReport: Hashable, Sendable {
    /// The newest commit in the copy.
    public var commit: UInt64 = 0
    /// The number of distinct samples in the copy.
    public var samples: UInt64 = 0
    /// The number of files that were copied.
    public var copiedFiles = 0
    /// The bytes of the copied files.
    public var copiedBytes: UInt64 = 0
    /// The number of files that an earlier backup had copied.
    public var keptFiles = 0
    /// The bytes of these files.
    public var keptBytes: UInt64 = 0
    /// The changes of the folder's access rights, one line each.
    public var rightsNotes: [String] = []
}

/// A backup of a store to a folder.
public struct StoreBackup {
    /// The most starts of a backup whose files a writer exchanges.
    private static let attempts = 100

    let source: StoreFolder
    let target: StoreFolder
    private let lastCommit: UInt64

    /// Prepares a backup.
    ///
    /// - Parameters:
    ///   - source: The data directory; a writer may be at work in it.
    ///   - target: The folder of the copy; it becomes a data directory.
    ///   - lastCommit: The newest commit of the open WAL file to include; see `StoreOptions.lastCommit`.
    ///   - files: The disk of source and target.
    public init(
        of source: String, into target: String, upTo lastCommit: UInt64? = nil,
        files: any FileSystem = POSIXFileSystem()
    ) {
        self.source = StoreFolder(source, on: files)
        self.target = StoreFolder(target, on: files)
        self.lastCommit = lastCommit ?? .max
    }

    /// Makes the copy.
    ///
    /// Durability: when it returns, the copy is on disk. Cost: reads and writes all new files, and reads them once
    /// more.
    ///
    /// - Parameters:
    ///   - isIncremental: Whether the folder may hold an earlier backup of this store, which is brought up to date.
    ///   - beside: Copies files that belong to the store but are not its own, before the copy is complete; called again
    ///     at each new start.
    ///   - progress: Called with the bytes copied so far and the bytes to copy in all.
    /// - Throws: `BackupError` if the folder is not suitable; `DirectoryInUse` if another process uses it;
    ///   `StorageError.damaged` if the source is damaged, in which case the copy keeps its earlier state;
    ///   `StorageError.needsReopen` if the source changes faster than it can be copied; `FileError`; what `beside`
    ///   throws.
    public func run(
        isIncremental: Bool, beside: (_ folder: String) throws -> Void = { _ in },
        progress: (_ copied: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws -> BackupReport {
        let place = BackupPlace(self)
        try place.check(isIncremental: isIncremental)
        let rightsNotes = try target.files.checkDirectory(target.path, forWriting: true)
        let lock = try place.prepare()
        defer { lock.release() }
        var report = BackupReport()
        for _ in 0..<Self.attempts {
            let before = try StoreLoader.fingerprint(source)
            do {
                let state = try BackupState(source, upTo: lastCommit)
                guard try StoreLoader.fingerprint(source) == before else { continue }
                try place.checkLineage(of: state)
                report = try copy(state, progress)
                try beside(target.path)
                try complete(state)
                let copy = try Store.open(target.path, options: .reading, files: target.files).view
                guard copy.commit == state.commit else { throw BackupError.otherStore(target.path) }
                report.commit = state.commit
                report.samples = copy.samples
                report.rightsNotes = rightsNotes
                return report
            } catch {
                let isGone = (error as? FileError)?.isNotFound == true
                guard try isGone && StoreLoader.fingerprint(source) != before else { throw error }
            }
        }
        throw StorageError.needsReopen("the directory changes faster than it can be copied")
    }

    /// Copies and checks the files of the manifest that the copy does not have yet.
    private func copy(
        _ state: BackupState, _ progress: (UInt64, UInt64) -> Void
    ) throws -> BackupReport {
        var report = BackupReport()
        var missing: [String] = []
        for (name, size) in state.manifest.fileSizes.sorted(by: { $0.key < $1.key }) {
            if case .file(Int(size))? = try target.kind(name) {
                report.keptFiles += 1
                report.keptBytes += size
            } else {
                missing.append(name)
                report.copiedBytes += size
            }
        }
        report.copiedFiles = missing.count
        var copied: UInt64 = 0
        for name in missing {
            try copy(name) { count in
                copied += UInt64(count)
                progress(copied, report.copiedBytes)
            }
        }
        try target.files.syncDirectory(target.segments)
        let damage = Verification(target, isDeep: false).checkUncommitted(missing, of: state.manifest)
        if let first = damage.first {
            // Files of a damaged source must not look like a good copy.
            for name in missing { try target.remove(name) }
            throw StorageError.damaged(first)
        }
        return report
    }

    /// Copies a file under a temporary name, syncs it, and renames it.
    private func copy(_ name: String, _ progress: (Int) -> Void) throws {
        let from = try source.open(name, .read)
        defer { from.close() }
        let path = target.absolute(name)
        let partial = path + ".partial"
        let copy = try target.files.open(partial, .replace)
        defer { copy.close() }
        do {
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            var offset = 0
            while true {
                let count = try buffer.withUnsafeMutableBytes { bytes throws in
                    let count = try from.read(into: bytes, at: offset)
                    try copy.append(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
                    return count
                }
                if count == 0 { break }
                offset += count
                progress(count)
            }
            try copy.sync()
            try target.files.rename(partial, to: path)
        } catch {
            try? target.files.remove(partial)
            throw error
        }
    }

    /// Makes the new state the state of the copy, and removes files that only an earlier state had.
    ///
    /// A first backup gets its manifest last, so it is complete or not a store. An incremental one gets it before its
    /// WAL files, because these do not continue the WAL of the earlier state.
    private func complete(_ state: BackupState) throws {
        let isFirst = try ManifestLog.numbers(target).isEmpty
        if isFirst {
            let names = Set(state.walFiles.map { StoreFolder.wal($0.number, sealed: true) })
            for name in try target.files.list(target.wal) where !names.contains("wal/\(name)") {
                try target.files.remove("\(target.wal)/\(name)")
            }
            try copyWAL(of: state)
        }
        let name = StoreFolder.manifest(state.manifest.number)
        if try target.createIfAbsent(name, state.manifestBytes) == false,
            try target.readAll(name) != state.manifestBytes
        {
            throw BackupError.otherStore(target.path)
        }
        if !isFirst { try copyWAL(of: state) }
        ManifestLog.removeOld(before: state.manifest.number + 1, target)
        _ = try CrashRecovery.removeOrphans(state.manifest, target)
    }

    /// Writes the WAL files of a state that the copy does not have yet.
    private func copyWAL(of state: BackupState) throws {
        for file in state.walFiles {
            let path = target.absolute(StoreFolder.wal(file.number, sealed: true))
            if try target.files.kind(path) != nil,
                try target.files.readAll(path, limit: file.bytes.count) == file.bytes
            {
                continue
            }
            try target.files.replace(path, file.bytes)
        }
    }
}
