// StoreBackup.swift — a copy of a store as of one commit, made beside a writer; a later one copies only what is new.
//
// Files of segments never change and no name comes twice, so one that is there already is kept. The order makes the
// copy a store at every moment: files that no manifest names yet, then the manifest, then the WAL after it.
//
// Invariants:
// - The source is read only. What a writer replaces meanwhile is looked for anew: the copy is of one moment.
// - The copy opens as the earlier backup or as the new one, or as the new one without the commits of its WAL,
//   wherever the work is interrupted; the next backup goes on from there.
// - Every file is read back from the copy, with all its checksums, before a manifest names it.

public import VarveFile
import VarveModel
import VarveSegment

/// What a backup did.
public struct BackupReport: Hashable, Sendable {
    /// The newest commit in the copy.
    public var commit: UInt64 = 0
    /// Distinct samples in the copy.
    public var samples: UInt64 = 0
    /// Files that were copied.
    public var copiedFiles = 0
    /// Their bytes.
    public var copiedBytes: UInt64 = 0
    /// Files that an earlier backup had copied.
    public var keptFiles = 0
    /// Their bytes.
    public var keptBytes: UInt64 = 0
    /// What was changed of the folder's rights, one line each.
    public var rightsNotes: [String] = []
}

/// Copies stores.
public struct StoreBackup {
    /// How often it starts again when a writer exchanges files under it.
    private static let attempts = 100

    let source: StoreFolder
    let target: StoreFolder
    private let lastCommit: UInt64

    /// Prepares a backup.
    ///
    /// - Parameters:
    ///   - source: The data directory; a writer may be at work in it.
    ///   - target: The folder of the copy; it becomes a data directory.
    ///   - lastCommit: The newest commit of the open WAL file to take in, as `StoreOptions.lastCommit`.
    ///   - files: The disk of both.
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
    /// Durability: when it returns the copy is on disk. Cost: reads and writes what is new, and reads that once more.
    ///
    /// - Parameters:
    ///   - isIncremental: Whether the folder may hold an earlier backup of this store, which is brought up to date.
    ///   - beside: Copies what belongs to the store and is not in it, before the copy is complete; called again where a
    ///     writer made it start again.
    ///   - progress: Is told the bytes that are copied and all that will be.
    /// - Throws: `BackupError` if the folder will not do; `DirectoryInUse` if another process is in it;
    ///   `StorageError.damaged` if the source is damaged, of which the copy then has nothing; `FileError`.
    public func run(
        isIncremental: Bool, beside: (_ folder: String) throws -> Void = { _ in },
        progress: (_ copied: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws -> BackupReport {
        let place = BackupPlace(self)
        try place.check(isIncremental: isIncremental)
        let rightsNotes = try target.files.admit(target.path, forWriting: true)
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

    /// Copies the files that the manifest names and that are not there yet, and checks them.
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
            // Of a damaged source nothing is to look like a good copy.
            for name in missing { try target.remove(name) }
            throw StorageError.damaged(first)
        }
        return report
    }

    /// Copies a file under a temporary name, syncs it and gives it its name.
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

    /// Makes the new state the state of the copy, and removes what only an earlier one had.
    private func complete(_ state: BackupState) throws {
        let name = StoreFolder.manifest(state.manifest.number)
        if try target.createIfAbsent(name, state.manifestBytes) == false,
            try target.readAll(name) != state.manifestBytes
        {
            throw BackupError.otherStore(target.path)
        }
        for file in state.walFiles {
            let path = target.absolute(StoreFolder.wal(file.number, sealed: true))
            if try target.files.kind(path) != nil,
                try target.files.readAll(path, limit: file.bytes.count) == file.bytes
            {
                continue
            }
            try target.files.replace(path, file.bytes)
        }
        ManifestLog.removeOld(before: state.manifest.number + 1, target)
        _ = try CrashRecovery.removeOrphans(state.manifest, target)
    }
}
