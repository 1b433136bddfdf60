// ImportedFiles.swift — what a store would hold if only these files were imported into it.
//
// The digest of a file is the digest of its samples as an import sees them: rows in file order, repeats dropped,
// corrections applied. So the file is imported into a temporary store.

import VarveFile
import VarveModel
import VarveRegistry
import VarveStorage
import VarveTransfer

/// Files imported into a temporary store, which is removed with this value.
struct ImportedFiles {
    /// What decides the meaning of rows.
    struct Terms {
        /// Knows products, devices, points, zones and policies.
        ///
        /// Nil: they follow from the files, as with `--register`.
        var directory: (any PointDirectory)?
        /// The rules by which rows are too old to be stored.
        var retention: RetentionRules?
    }

    /// The state after all files.
    let snapshot: StoreSnapshot
    /// What became of the rows.
    let result: ImportResult
    /// The file of the first rejected row.
    let firstRejecting: String?
    /// The folder of the temporary store.
    private let folder: TemporaryFolder

    /// Imports the files.
    ///
    /// Cost: a few bytes on disk for each sample, in TMPDIR.
    ///
    /// - Throws: The first error that stopped an import. Rejected rows are not errors; `result` counts them.
    init(_ paths: [String], _ options: ImportOptions, _ terms: Terms, showsProgress: Bool) throws {
        folder = try TemporaryFolder("varve-digest")
        let store = try Store.open(folder.path)
        if let retention = terms.retention { store.setRetention(retention) }
        var options = options
        options.registers = terms.directory == nil
        let directory =
            try terms.directory
            ?? Registry.open(path: folder.path + "/" + DirectoryNames.registry, create: true)
        func name(_ index: Int) -> String { paths[index] == "-" ? "standard input" : paths[index] }
        let progress = ImportRunProgress(paths, isQuiet: !showsProgress)
        defer { progress.end() }
        let importer = Importer(
            sink: store, directory: directory, files: POSIXFileSystem(), spoolFolder: folder.path,
            options: options, progress: progress)
        let place = folder.path + "/rejected.csv"
        let sources = paths.map { path in
            ImportSource(
                path == "-" ? .stream(POSIXFile.standardInput()) : .file(path), rejectedPath: place)
        }
        var total = ImportResult()
        var firstRejecting: String?
        var failure: (any Error)?
        importer.importAll(sources, begun: { progress.begin($0) }) { index, one in
            do {
                let one = try one.get()
                if one.firstRejected != nil { firstRejecting = firstRejecting ?? name(index) }
                total.add(one)
                return true
            } catch {
                failure = error
                return false
            }
        }
        if let failure { throw failure }
        snapshot = store.snapshot()
        result = total
        self.firstRejecting = firstRejecting
    }
}
