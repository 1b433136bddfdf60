// Varve.swift — the tree of commands, and the entry point of the program.

import ArgumentParser
import Foundation
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
            try RepeatedOption.refuse(Array(CommandLine.arguments.dropFirst()), of: type(of: command))
            try command.run()
            try POSIXFile.flushStandardOutput()
        } catch {
            CommandFailure(error).end()
        }
    }
}

/// Refuses an option that is given twice although it has one value: the parser would take the last one in silence.
enum RepeatedOption {
    /// The parser's description of a command, as far as it is used here.
    private struct Dump: Decodable {
        struct Command: Decodable { var arguments: [Argument]? }

        struct Argument: Decodable {
            struct Name: Decodable { var name: String }

            var kind: String
            var isRepeating: Bool
            var names: [Name]?
        }

        var command: Command
    }

    /// Looks for an option that is given twice.
    ///
    /// The parser describes the command only if a word that looks like an option comes twice.
    ///
    /// - Throws: `ValidationError` that names the option.
    static func refuse(_ words: [String], of command: any ParsableCommand.Type) throws {
        let named = words.filter { $0.hasPrefix("--") }.map(name)
        guard Set(named).count < named.count,
            let dump = try? JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
        else { return }
        let options = (dump.command.arguments ?? []).filter { $0.kind == "option" }
        func names(_ isRepeating: Bool) -> Set<String> {
            Set(options.filter { $0.isRepeating == isRepeating }.flatMap { $0.names ?? [] }.map(\.name))
        }
        if let twice = first(words, single: names(false), repeatable: names(true)) {
            throw ValidationError("--\(twice) is given twice: leave one out")
        }
    }

    /// The first option of `single` that comes twice; a word behind an option without `=` is its value.
    private static func first(
        _ words: [String], single: Set<String>, repeatable: Set<String>
    ) -> String? {
        var seen: Set<String> = []
        var isValue = false
        for word in words {
            if isValue {
                isValue = false
                continue
            }
            if word == "--" { return nil }
            guard word.hasPrefix("--") else { continue }
            let name = name(word)
            guard single.contains(name) || repeatable.contains(name) else { continue }
            isValue = !word.contains("=")
            if single.contains(name), !seen.insert(name).inserted { return name }
        }
        return nil
    }

    /// The name of an option without dashes and value.
    private static func name(_ word: String) -> String {
        String(word.dropFirst(2).prefix { $0 != "=" })
    }
}
