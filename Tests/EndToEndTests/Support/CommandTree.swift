// CommandTree.swift — the commands of `varve`, as its own parser tells them.

import Foundation
import VarveTestSupport

/// A command with what is below it.
struct CommandTree: Decodable {
    private struct Root: Decodable { var command: CommandTree }

    var commandName: String
    var subcommands: [CommandTree]?

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

    private func paths(_ above: [String]) -> [String] {
        let path = above + [commandName]
        return [path.joined(separator: " ")] + (subcommands ?? []).flatMap { $0.paths(path) }
    }
}
