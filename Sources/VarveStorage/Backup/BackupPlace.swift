// BackupPlace.swift — the folder of a backup: whether it is suitable, and the mark that makes it a backup.
//
// A folder is a backup as long as the file `backup` is in it. An opening for writing turns it into a store and removes
// the mark (CrashRecovery), so that no later backup ever overwrites what was written there.
//
// Invariants:
// - A folder with a file that no backup wrote is refused and not changed.

import Glibc
import VarveFile
import VarveModel
import VarveSegment

/// The reason why a folder cannot take a backup.
public enum BackupError: Error, Hashable, CustomStringConvertible {
    /// The folder has files and is not a backup.
    case notEmpty(String)
    /// The folder has a backup, but the backup was not to be incremental.
    case isBackup(String)
    /// The folder has the backup of another store, or a newer backup.
    case otherStore(String)
    /// The folder is the store itself, or inside it.
    case inside(String)

    /// One line that says what is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .notEmpty(let path): "\(path) is not empty and no backup: name a new folder"
        case .isBackup(let path):
            "\(path) has a backup already, which only an incremental backup may change"
        case .otherStore(let path):
            "\(path) has a backup of another store, or a later state than this store's: name a new folder"
        case .inside(let path): "\(path) is in the data directory: name a folder elsewhere"
        }
    }
}

struct BackupPlace {
    /// The text of the mark, for people.
    private static let text =
        "A backup of a Varve store. To restore it use a copy of this folder as data directory.\n"

    private let source: StoreFolder
    private let target: StoreFolder

    init(_ backup: StoreBackup) {
        source = backup.source
        target = backup.target
    }

    /// Checks that the folder is empty or, for an incremental backup, is a backup.
    ///
    /// - Throws: `BackupError`; `FileError`.
    func check(isIncremental: Bool) throws {
        guard try Store.exists(source) else {
            throw StorageError.noStore(path: source.path)
        }
        let (store, copy) = (try location(source.path), try location(target.path))
        guard copy != store, !copy.hasPrefix(store + "/") else { throw BackupError.inside(target.path) }
        switch try target.files.kind(target.path) {
        case nil: return
        case .folder: break
        default: throw BackupError.notEmpty(target.path)
        }
        let names = try target.files.list(target.path)
        if names.allSatisfy({ target.absolute($0) == target.lock || isLeftover($0) }) { return }
        guard case .file? = try target.files.kind(target.backupMark) else {
            throw BackupError.notEmpty(target.path)
        }
        guard isIncremental else { throw BackupError.isBackup(target.path) }
    }

    /// The path without symbolic links, even if it does not exist yet.
    private func location(_ path: String) throws -> String {
        guard try target.files.kind(path) == nil else { return target.files.resolved(path) }
        let above = parentFolder(of: path)
        guard above != path, let name = path.split(separator: "/").last else { return path }
        // A path that does not exist has no parent to go back to.
        guard name != ".." else { throw FileError("find", path, code: ENOENT) }
        return name == "." ? try location(above) : try location(above) + "/" + name
    }

    /// Whether a name is that of an unfinished mark.
    private func isLeftover(_ name: String) -> Bool {
        target.absolute(name).hasPrefix(target.backupMark) && name.hasSuffix(".partial")
    }

    /// Creates the folders and the mark, and takes the folder's lock.
    ///
    /// - Throws: `DirectoryInUse` if a process writes to the folder; `DirectoryRefused`; `FileError`.
    func prepare() throws -> any HeldLock {
        try target.files.createDirectory(target.path)
        let lock = try target.files.lock(target.lock, directory: target.path)
        do {
            // The mark comes first, so that an interruption leaves a backup that can be continued.
            _ = try target.files.createIfAbsent(target.backupMark, Array(Self.text.utf8))
            for name in try target.files.list(target.path) where isLeftover(name) {
                try target.files.remove(target.absolute(name))
            }
            for path in [target.manifests, target.segments, target.wal] {
                try target.files.createDirectory(path)
            }
        } catch {
            lock.release()
            throw error
        }
        return lock
    }

    /// Checks, by names and numbers, that the backup is of an earlier state of this store.
    ///
    /// - Throws: `BackupError.otherStore`; errors of reading the backup's manifest.
    func checkLineage(of state: BackupState) throws {
        guard let (earlier, _) = try ManifestLog.load(target) else { return }
        guard earlier.number <= state.manifest.number, earlier.commit <= state.manifest.commit else {
            throw BackupError.otherStore(target.path)
        }
        let known = try Store.open(target.path, options: .reading, files: target.files).context.dictionary
        let all = try Store.open(source.path, options: .reading, files: source.files).context.dictionary
        guard known.count <= all.count,
            (0..<SeriesID(known.count)).allSatisfy({ known.info($0) == all.info($0) })
        else {
            throw BackupError.otherStore(target.path)
        }
    }
}
