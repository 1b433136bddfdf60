// DirectoryCheck.swift — checks that the directory on disk is still the one that the open store writes to.
//
// Files can be removed, cut or moved away under a process that has them open, and its writes go on without an error.
// Commits acknowledged then would be missing at the next opening. So the lock and the two newest manifests are checked
// before each group, and the WAL file after each sync, which takes some microseconds. From time to time the names of
// all files of the live set are checked too.
//
// Invariants:
// - If the lock, a manifest or a segment is gone, nothing more is acknowledged: recovery would refuse the directory.
// - If a WAL file is gone, its commits are still in memory. They are written as a segment, and nothing is lost.

import VarveFile
import VarveSegment

struct DirectoryCheck {
    private let context: StoreContext
    private let state: WriterState

    init(_ context: StoreContext, _ state: WriterState) {
        self.context = context
        self.state = state
    }

    /// Checks that the directory is the one that was opened and has its newest manifests.
    ///
    /// - Throws: `StorageError.directoryChanged`, after which the store takes no more writes; `FileError`.
    func run(_ manifest: UInt64) throws {
        let folder = context.folder
        guard try folder.files.identity(folder.lock) == state.lockIdentity else {
            // If the manifests are in their place, only the lock has changed: the next opening takes the new lock and
            // goes on.
            if manifest > 0, try folder.identity(StoreFolder.manifest(manifest)) != nil {
                throw fail(
                    "\(folder.lock) was removed or replaced while it was in use; the store is opened again"
                )
            }
            throw fail("\(folder.path) was moved, removed or replaced while it was in use; put it back")
        }
        for number in [manifest, manifest - 1] where number > 0 {
            try expect(StoreFolder.manifest(number))
        }
    }

    /// Checks that all files of the live set are there.
    ///
    /// Cost: one listing of a folder.
    ///
    /// - Throws: As `run`.
    func runWhole(_ manifest: Manifest) throws {
        try run(manifest.number)
        let names = (try? context.folder.files.list(context.folder.segments)) ?? []
        let missing = manifest.fileNames.subtracting(names.map { "segments/\($0)" }).sorted()
        guard let first = missing.first else { return }
        throw fail(
            "\(first)\(missing.count > 1 ? " and \(missing.count - 1) more files" : "") of \(context.folder.path) "
                + "went missing while it was in use; restore from a backup")
    }

    /// Writes the commits of the WAL as a segment if a WAL file is gone or was changed by somebody else.
    ///
    /// - Throws: `StorageError.directoryChanged` if that fails, or if the memtable has no commits.
    func rescueWAL(_ view: inout StoreView) throws {
        guard let name = lostWAL() else { return }
        guard !view.memtable.isEmpty else {
            throw fail("\(name) of \(context.folder.path) was removed or changed while it was in use")
        }
        let first = view.manifest.commit + 1
        let isOne = first >= view.commit
        let commits = isOne ? "commit \(view.commit)" : "commits \(first) to \(view.commit)"
        state.abandonWAL()
        do {
            try Flush(context, state).run(&view)
        } catch {
            throw fail(
                "\(name) of \(context.folder.path) was removed or changed while it was in use, and \(commits) cannot "
                    + "be written again: \(error)")
        }
        state.notes.append(
            "\(name) was removed or changed while it was in use: its \(commits) \(isOne ? "is" : "are") written again, as a segment, "
                + "nothing is lost; see to it that nobody else changes files in \(context.folder.path)")
    }

    /// The name of a WAL file that is gone or was changed, or nil.
    func lostWAL() -> String? {
        if let wal = state.wal, !wal.isThere() { return wal.name }
        for number in state.walFiles where number != state.wal?.number {
            let name = StoreFolder.wal(number, sealed: true)
            if (try? context.folder.identity(name)) == .some(nil) { return name }
        }
        return nil
    }

    private func expect(_ name: String) throws {
        guard try context.folder.identity(name) == nil else { return }
        throw fail(
            "\(name) of \(context.folder.path) was removed while it was in use; put it back or restore from a backup"
        )
    }

    private func fail(_ reason: String) -> StorageError {
        state.failure = reason
        return .directoryChanged(reason)
    }
}
