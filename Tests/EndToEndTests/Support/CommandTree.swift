// CommandTree.swift — the commands of `varve` and their options, as its own parser describes them.

import Foundation
import VarveTestSupport

/// A command with what is below it.
struct CommandTree: Decodable {
    /// An option, a flag or a positional argument.
    struct Argument: Decodable {
        struct Name: Decodable { var name: String }

        var kind: String
        /// The heading in the help; nil for the common options.
        var sectionTitle: String?
        var names: [Name]?
        /// The values that are allowed, if there is a list of them.
        var allValues: [String]?
    }

    private struct Root: Decodable { var command: CommandTree }

    var commandName: String
    var subcommands: [CommandTree]?
    var arguments: [Argument]?

    /// The tree of the executable under test; the command `help`, which the parser adds, is left out.
    static let varve: CommandTree? = {
        // The sandbox holds the output until it is read.
        guard let sandbox = try? Sandbox(), let dump = try? sandbox.varve("--experimental-dump-help"),
            var root = try? JSONDecoder().decode(Root.self, from: Data(dump.output.utf8)).command
        else { return nil }
        withExtendedLifetime(sandbox) {}
        root.subcommands?.removeAll { $0.commandName == "help" }
        return root
    }()

    /// The words of every command below `varve`, such as "model create".
    static let commands: [String] = varve?.subcommands?.flatMap { $0.paths([]) } ?? []

    /// The options of a command that say how files are read, such as "--tz".
    static func readingOptions(of command: String) -> [String: Argument] {
        let arguments = varve?.subcommands?.first { $0.commandName == command }?.arguments ?? []
        return Dictionary(
            arguments.filter { $0.sectionTitle == "Reading options" }.map {
                ("--\($0.names?.first?.name ?? "")", $0)
            }
        ) { first, _ in first }
    }

    private func paths(_ above: [String]) -> [String] {
        let path = above + [commandName]
        return [path.joined(separator: " ")] + (subcommands ?? []).flatMap { $0.paths(path) }
    }
}
