// ImportedFiles.swift — what a store would hold that these files alone were imported into.
//
// The digest of a file is that of its samples as an import sees them: rows in file order, repeats dropped, corrections
// applied. So the file goes through the importer, into a store that is thrown away.

import VarveFile
import VarveModel
import VarveRegistry
import VarveStorage
import VarveTransfer

/// Files in a store of their own.
struct ImportedFiles {
    /// The state after all of them.
    let snapshot: StoreSnapshot
    /// Rows that are in no digest, as they were rejected.
    let rejected: UInt64
    /// What the snapshot's files lie in.
    private let folder: TemporaryFolder

    /// Imports files; disk: a few bytes for each sample, in TMPDIR.
    init(_ paths: [String], _ options: ImportOptions, showsProgress: Bool) throws {
        folder = try TemporaryFolder("varve-digest")
        let store = try Store.open(folder.path)
        let registry = try Registry.open(path: folder.path + "/registry.sqlite", create: true)
        var rejected: UInt64 = 0
        for path in paths {
            let progress =
                showsProgress ? ImportProgressLine(path == "-" ? "standard input" : path) : nil
            defer { progress?.end() }
            let importer = Importer(
                sink: store, directory: registry, files: POSIXFileSystem(), spoolFolder: folder.path,
                options: options, progress: progress)
            let place = folder.path + "/rejected.csv"
            let result =
                path == "-"
                ? try importer.importStream(POSIXFile.standardInput(), rejectedPath: place)
                : try importer.importFile(path, rejectedPath: place)
            rejected += result.receipt.rejected
        }
        snapshot = store.snapshot()
        self.rejected = rejected
    }
}
