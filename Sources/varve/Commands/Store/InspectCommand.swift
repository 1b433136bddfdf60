// InspectCommand.swift — `varve inspect`: shows the contents of one file of the store to people.

import ArgumentParser
import VarveStorage

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what is inside a segment, manifest, dictionary, receipts, messages or WAL file.",
        discussion: """
            Example:
              varve inspect varve-data/segments/0f3a….segment
            """)

    @Argument(help: "The file.") var file: String
    @Option(help: "At most this many blocks, series or records.") var limit = 40

    func run() throws {
        for line in try Inspection.lines(of: file, limit: limit) { print(line) }
    }
}
