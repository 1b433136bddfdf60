// Varve.swift — the tree of commands, and the entry point of the program.

import ArgumentParser
import VarveControl
import VarveFile

@main
struct Varve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "varve",
        abstract: "Append-only history store for device data that arrives late.",
        version: VarveVersion.current,
        subcommands: [
            ServeCommand.self, ImportCommand.self, QueryCommand.self, ExportCommand.self, StatsCommand.self,
            VerifyCommand.self, DigestCommand.self, BackupCommand.self, CompactCommand.self,
            DeleteCommand.self,
            InspectCommand.self, ModelCommand.self, ProductCommand.self, DeviceCommand.self,
            ChannelCommand.self, ScriptCommand.self, PolicyCommand.self, RetentionCommand.self,
            LogCommand.self, PublishCommand.self,
        ])

    /// Runs the command line.
    ///
    /// ArgumentParser's own `main` would print several lines for an error and exit with 64.
    static func main() {
        POSIXFile.occupyClosedStreams()
        POSIXFile.reportClosedPipes()
        do {
            var command = try parseAsRoot()
            try command.run()
            try POSIXFile.flushStandardOutput()
        } catch {
            CommandFailure(error).end()
        }
    }
}
