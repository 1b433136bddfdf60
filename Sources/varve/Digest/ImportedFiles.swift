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
    /// Who tells what rows mean.
    struct Terms {
        /// Knows products, devices, points, zones and policies; nil: the files themselves tell, as with `--register`.
        var directory: (any PointDirectory)?
        /// The rules by which rows are too old to be stored.
        var retention: RetentionRules?
    }

    /// The state after all of them.
    let snapshot: StoreSnapshot
    /// What became of the rows.
    let result: ImportResult
    /// The file of the first rejected row.
    let firstRejecting: String?
    /// What the snapshot's files lie in.
    private let folder: TemporaryFolder

    /// Imports files; disk: a few bytes for each sample, in TMPDIR.
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
