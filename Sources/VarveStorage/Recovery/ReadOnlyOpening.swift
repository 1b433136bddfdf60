// ReadOnlyOpening.swift — opens a store for reading, beside a writer or without one.
//
// A reader takes no lock. If a writer exchanges files meanwhile, files may be missing, seem out of sequence, or hold
// records twice. In every such case the reader starts again.
//
// Invariants:
// - Nothing on disk is changed.
// - The returned state was on disk at one moment.
// - One budget of attempts serves the whole opening, its WAL files included.

import VarveFile
import VarveModel
import VarveSegment

struct ReadOnlyOpening {
    private let folder: StoreFolder
    private let library: SegmentLibrary
    private let options: StoreOptions

    /// Prepares an opening.
    ///
    /// - Parameter options: Only `mayBeMissing`, `lastCommit` and `leastCommit` are used.
    init(_ folder: StoreFolder, _ library: SegmentLibrary, _ options: StoreOptions) {
        self.folder = folder
        self.library = library
        self.options = options
    }

    /// Opens the store.
    ///
    /// - Throws: `StorageError.noStore` in a folder without a store; `StorageError.damaged`;
    ///   `StorageError.unfinishedBackup`; `StorageError.unknownVersion`; `StorageError.commitsLost`;
    ///   `StorageError.needsReopen` if the folder changes faster than it can be read; `FileError`.
    func run() throws -> OpenedStore {
        var failure: (any Error)?
        var attempts = ReadAttempts()
        while attempts.useOne() {
            let before = try StoreLoader.fingerprint(folder)
            do {
                let store = try load(&attempts)
                if try StoreLoader.fingerprint(folder) == before { return store }
            } catch {
                let isGone = (error as? FileError)?.isNotFound == true
                if try !isGone && StoreLoader.fingerprint(folder) == before { throw error }
                failure = error
            }
        }
        throw failure ?? StorageError.needsReopen("the directory changes faster than it can be read")
    }

    private func load(_ attempts: inout ReadAttempts) throws -> OpenedStore {
        var loader = StoreLoader(
            folder, upTo: options.lastCommit ?? .max, leastCommit: options.leastCommit)
        guard try loader.loadManifest() || options.mayBeMissing else {
            throw StorageError.noStore(path: folder.path)
        }
        try loader.loadFiles()
        loader.store.view.segments = try segments(loader.store.view.manifest)
        let files = try StoreLoader.walFiles(from: loader.store.view.manifest.firstWAL, folder)
        _ = try loader.loadWAL(files, &attempts)
        try loader.checkAcknowledged()
        return loader.store
    }

    /// Creates the readers of the segments; nothing is read.
    ///
    /// As many files as allowed are opened, so that they can be read even after a compaction removes their names.
    private func segments(_ manifest: Manifest) throws -> [SegmentReader] {
        try manifest.segments.map { reference in
            let reader = SegmentReader(library, reference)
            if library.hasRoom { try reader.openFile() }
            return reader
        }
    }
}
