// BackupCommand.swift — `varve backup`: a copy of the data directory as of one commit, beside a running service.

import ArgumentParser
import VarveFile
import VarveRegistry
import VarveStorage
import VarveText

struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the store and the registry, as of one commit, to a folder.",
        discussion: """
            The service may go on meanwhile: the copy has everything acknowledged before it began. With --incremental \
            only files are copied that the folder does not have yet. Every file is read back and checked. The copy \
            has no broker state and no message log. To restore, use a copy of the folder as data directory. The \
            folder itself works too, but it is no longer a backup once something was written to it.

            Examples:
              varve backup /backup/plant
              varve backup /backup/plant --incremental
              varve stats --data /backup/plant
            """)

    @OptionGroup var data: DataOptions
    @Argument(help: ArgumentHelp("The folder of the copy; made if it is missing.", valueName: "dir"))
    var folder: String
    @Flag(help: "Bring the backup in the folder up to date, or make the first.") var incremental = false
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        if folder.isEmpty { throw ValidationError("the folder is empty: name one") }
    }

    func run() throws {
        let backup = StoreBackup(of: data.path, into: folder, upTo: RunningService.horizon(data))
        let line = quiet ? nil : ProgressLine("backup")
        let report = try backup.run(isIncremental: incremental) { folder in
            try copyRegistry(to: folder)
        } progress: { copied, total in
            line?.show(fraction: Double(copied) / Double(max(total, 1)), count: copied, unit: "bytes")
        }
        line?.end()
        var errors = StandardErrors()
        for note in report.rightsNotes { print("varve: \(note)", to: &errors) }
        show(report)
    }

    /// Copies the registry after the rows, so that it has all of their devices.
    private func copyRegistry(to folder: String) throws {
        guard try POSIXFileSystem().kind(data.registryPath) != nil else { return }
        try data.openRegistry(to: .read).backUp(to: folder + "/" + DirectoryNames.registry)
    }

    private func show(_ report: BackupReport) {
        if json {
            print(
                JSONText.object([
                    ("commit", .integer(Int64(report.commit))), ("samples", .integer(Int64(report.samples))),
                    ("copiedFiles", .integer(Int64(report.copiedFiles))),
                    ("copiedBytes", .integer(Int64(report.copiedBytes))),
                    ("keptFiles", .integer(Int64(report.keptFiles))),
                    ("keptBytes", .integer(Int64(report.keptBytes))),
                ]).line())
            return
        }
        let grouped = ImportSummary.grouped
        print("backed up \(grouped(report.samples)) samples, as of commit \(report.commit), to \(folder)")
        if report.copiedFiles > 0 {
            let bytes = grouped(report.copiedBytes)
            print("copied \(report.copiedFiles) files, \(bytes) bytes, and checked them")
        }
        if report.keptFiles > 0 {
            print("kept \(report.keptFiles) files, \(grouped(report.keptBytes)) bytes, of earlier backups")
        }
    }
}
