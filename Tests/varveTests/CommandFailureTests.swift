// CommandFailureTests.swift — how errors become a line and an exit code.

import ArgumentParser
import Testing
import VarveModel
import VarveRegistry
import VarveSegment
import VarveStorage

@testable import varve

@Suite struct CommandFailureTests {
    private func failure(_ arguments: [String]) -> CommandFailure? {
        do {
            var command = try Varve.parseAsRoot(arguments)
            try command.run()
            return nil
        } catch {
            return CommandFailure(error)
        }
    }

    @Test(
        "a wrong command line gives exit code 2 and one line that says where to read on",
        arguments: [
            (["nonsense"], "(see varve --help)"),
            (["model", "create"], "(see varve model create --help)"),
            (["model", "create", "m", "--point", "p"], "(see varve model create --help)"),
            (["model", "add", "m"], "(see varve model add --help)"),
            (
                ["product", "create", "p", "--model", "m", "--format", "xml"],
                "(see varve product create --help)"
            ),
            (["device", "create", "d"], "(see varve device create --help)"),
            (["model", "list", "--data", ""], "(see varve model list --help)"),
            (["model", "list", "--unknown\noption"], "(see varve model list --help)"),
        ])
    func usage(arguments: [String], hint: String) throws {
        let failure = try #require(self.failure(arguments))
        let line = try #require(failure.line)
        #expect(failure.code == 2)
        #expect(failure.output == nil)
        #expect(line.hasPrefix("varve: "))
        #expect(line.hasSuffix(hint))
        #expect(!line.contains("\n"))
    }

    @Test("help and version go to stdout with exit code 0", arguments: ["--help", "--version"])
    func help(flag: String) throws {
        let failure = try #require(self.failure([flag]))
        #expect(failure.code == 0)
        #expect(failure.line == nil)
        #expect(failure.output?.isEmpty == false)
    }

    @Test("a failed command gives exit code 1 and the error in one line")
    func failed() {
        let failure = CommandFailure(RegistryError(.notFound, "first\nsecond"))
        #expect(failure.code == 1)
        #expect(failure.line == "varve: first second")
        #expect(failure.output == nil)
    }

    @Test("to an error of the engine the line adds the command or the option that helps")
    func remedies() {
        let damage = StorageError.damaged(Damage(file: "a", offset: 7, reason: "torn"))
        let errors: [(error: any Error, remedy: String)] = [
            (StorageError.noStore(path: "d"), "import some with `varve import --data d --register FILE`"),
            (StorageError.unfinishedBackup(path: "d"), "run `varve backup` again with --incremental"),
            (damage, "`varve verify` lists all damage"),
            (StorageError.segmentGone(file: "a"), "`varve verify` lists all damage"),
            (BackupError.isBackup("d"), "bring it up to date with --incremental, or name a new folder"),
            (
                UnfitValues(report: RetypingReport(), type: .double),
                "name words that mean no reading in --missing, or delete what does not fit with --drop-unfit"
            ),
        ]
        for (error, remedy) in errors {
            #expect(CommandFailure(error).line == "varve: \(error); \(remedy)")
        }
        #expect(CommandFailure(StorageError.overtaken).line == "varve: \(StorageError.overtaken)")
    }

    @Test("an exit code that a command chose passes without a line")
    func chosenCode() {
        let failure = CommandFailure(ExitCode(3))
        #expect(failure.code == 3)
        #expect(failure.line == nil)
    }

    @Test("the help of every command has an example")
    func examples() {
        func check(_ command: any ParsableCommand.Type) {
            let configuration = command.configuration
            if command != Varve.self {
                #expect(configuration.discussion.contains("varve "), "\(command)")
            }
            for subcommand in configuration.subcommands { check(subcommand) }
        }
        check(Varve.self)
    }
}
