// DirectoryCheck.swift — whether the directory on disk is still the one that the open store writes to.
//
// Files can be removed, cut or moved away under a process that has them open, and its writes go on without an error.
// What is acknowledged then would not be there at the next opening. So before each group the lock and the two newest
// manifests are looked at, and behind each sync the WAL file: some microseconds. Once in a while the names of all files of
// the live set are looked at, too.
//
// Invariants:
// - Where lock, manifests or segments are gone nothing more is acknowledged: recovery would refuse the directory.
// - Where the WAL is gone its commits are still in memory: they are written as a segment, and nothing is lost.

import VarveFile

struct DirectoryCheck {
    private let store: Store
    private let state: WriterState

    init(_ store: Store, _ state: WriterState) {
        self.store = store
        self.state = state
    }

    /// Looks whether the directory is the one that was opened and has its newest manifests.
    ///
    /// - Throws: `StorageError.directoryChanged`; the store takes no more writes then.
    func run(_ manifest: UInt64) throws {
        let directory = store.directory
        guard try store.files.identity(directory.lock) == state.lockIdentity else {
            // Where the manifests are in their place only the lock is another: an opening takes it and goes on.
            let newest = directory.absolute(DataDirectory.manifest(manifest))
            if manifest > 0, try store.files.identity(newest) != nil {
                throw fail(
                    "\(directory.lock) was removed or replaced while it was in use; the store is opened again"
                )
            }
            throw fail("\(directory.path) was moved, removed or replaced while it was in use; put it back")
        }
        for number in [manifest, manifest - 1] where number > 0 {
            try expect(DataDirectory.manifest(number))
        }
    }

    /// Looks whether all files of the live set are there.
    ///
    /// Cost: one listing of a folder.
    func runWhole(_ manifest: Manifest) throws {
        try run(manifest.number)
        let names = (try? store.files.list(store.directory.segments)) ?? []
        let missing = manifest.fileNames.subtracting(names.map { "segments/\($0)" }).sorted()
        guard let first = missing.first else { return }
        throw fail(
            "\(first)\(missing.count > 1 ? " and \(missing.count - 1) more files" : "") of \(store.directory.path) "
                + "went missing while it was in use; restore from a backup, `varve verify` lists all damage")
    }

    /// Writes what is in the WAL as a segment where a WAL file is gone or was changed by somebody else.
    func rescueWAL(_ view: inout StoreView) throws {
        guard let name = lostWAL() else { return }
        guard !view.memtable.isEmpty else {
            throw fail("\(name) of \(store.directory.path) was removed or changed while it was in use")
        }
        let first = view.manifest.commit + 1
        let isOne = first >= view.commit
        let commits = isOne ? "commit \(view.commit)" : "commits \(first) to \(view.commit)"
        state.abandonWAL()
        do {
            try Flush(store, state).run(&view)
        } catch {
            throw fail(
                "\(name) of \(store.directory.path) was removed or changed while it was in use, and \(commits) cannot "
                    + "be written again: \(error)")
        }
        state.notes.append(
            "\(name) was removed or changed while it was in use: its \(commits) \(isOne ? "is" : "are") written again, as a segment, "
                + "nothing is lost; see to it that nobody else changes files in \(store.directory.path)")
    }

    /// A WAL file that is not what was written, or nil.
    func lostWAL() -> String? {
        if let wal = state.wal, !wal.isThere(store.files, store.directory) { return wal.name }
        for number in state.walFiles where number != state.wal?.number {
            let name = DataDirectory.wal(number, sealed: true)
            if (try? store.files.identity(store.directory.absolute(name))) == .some(nil) { return name }
        }
        return nil
    }

    private func expect(_ name: String) throws {
        guard try store.files.identity(store.directory.absolute(name)) == nil else { return }
        throw fail(
            "\(name) of \(store.directory.path) was removed while it was in use; put it back or restore from a backup"
        )
    }

    private func fail(_ reason: String) -> StorageError {
        state.failure = reason
        return .directoryChanged(reason)
    }
}
