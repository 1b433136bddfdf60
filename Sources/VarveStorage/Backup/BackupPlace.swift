// BackupPlace.swift — the folder of a backup: whether it will do, and the mark that makes it one.
//
// A folder is a backup as long as the file `backup` is in it. Whoever opens it for writing makes it a store of its
// own and removes the mark (Recovery), so that no later backup ever takes back what was written there.
//
// Invariants:
// - A folder with anything in it that no backup put there is refused, and left as it is.

import Glibc
import VarveFile
import VarveModel
import VarveSegment

/// Why a folder cannot take a backup.
public enum BackupError: Error, Hashable, CustomStringConvertible {
    /// It has files, and is no backup.
    case notEmpty(String)
    /// It has a backup, and none was expected.
    case isBackup(String)
    /// It has the backup of another store, or a newer one.
    case otherStore(String)
    /// It is the store itself, or in it.
    case inside(String)

    /// One line: what, where, what to do.
    public var description: String {
        switch self {
        case .notEmpty(let path): "\(path) is not empty and no backup: name a new folder"
        case .isBackup(let path):
            "\(path) has a backup already: bring it up to date with --incremental, or name a new folder"
        case .otherStore(let path):
            "\(path) has a backup of another store, or a later state than this store's: name a new folder"
        case .inside(let path): "\(path) is in the data directory: name a folder elsewhere"
        }
    }
}

struct BackupPlace {
    /// What the mark says, for people.
    private static let text =
        "A backup of a Varve store. To restore it use a copy of this folder as data directory.\n"

    private let source: StoreFolder
    private let target: StoreFolder

    init(_ backup: StoreBackup) {
        source = backup.source
        target = backup.target
    }

    /// Refuses a folder that has something else in it.
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

    /// The path without symbolic links, also of what is not there yet.
    private func location(_ path: String) throws -> String {
        guard try target.files.kind(path) == nil else { return target.files.resolved(path) }
        let above = parentFolder(of: path)
        guard above != path, let name = path.split(separator: "/").last else { return path }
        // Where nothing is, nothing leads back from it.
        guard name != ".." else { throw FileError("find", path, code: ENOENT) }
        return name == "." ? try location(above) : try location(above) + "/" + name
    }

    /// Whether it is a mark that was not finished.
    private func isLeftover(_ name: String) -> Bool {
        target.absolute(name).hasPrefix(target.backupMark) && name.hasSuffix(".partial")
    }

    /// Makes the folders and the mark, and takes the folder's lock.
    func prepare() throws -> any HeldLock {
        try target.files.createDirectory(target.path)
        let lock = try target.files.lock(target.lock, directory: target.path)
        do {
            // The mark comes first: what an interruption leaves is a backup that can be gone on with.
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

    /// Refuses a backup that is not of an earlier state of this store, as far as its names and numbers tell.
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
