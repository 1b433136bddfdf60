// CommandLineTests.swift — help, exit codes and directories that cannot be used.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct CommandLineTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test("help ends with code 0 and has an example", arguments: CommandTree.commands)
        func help(command: String) throws {
            let words = command.split(separator: " ").map(String.init)
            let ending = try sandbox.varve(words + ["--help"])
            #expect(ending.code == 0 && ending.errors.isEmpty, "\(ending.errors)")
            #expect(ending.output.contains("Example"), "\(ending.output)")
            #expect(ending.output.contains("\n  varve \(words[0])"), "\(ending.output)")
            // The number of a word on disk means nothing to a user.
            #expect(!ending.output.contains("default: 0)"), "\(ending.output)")
            #expect(!ending.output.contains(" - \n"), "\(ending.output)")
        }

        @Test("help lists every command, and the version is a version")
        func overview() throws {
            let help = try sandbox.varve("--help")
            #expect(help.code == 0)
            let commands = try #require(CommandTree.varve?.subcommands)
            // A parser that told nothing would pass the loop.
            #expect(commands.contains { $0.commandName == "import" } && CommandTree.commands.count > 40)
            for name in commands.map(\.commandName) {
                #expect(help.output.contains("\n  \(name) "), "\(name)")
            }
            let version = try sandbox.varve("--version")
            #expect(version.code == 0 && version.output.split(separator: ".").count == 3, "\(version.output)")
        }

        @Test(
            "a wrong command line ends with exit code 2 and one line that names the fault",
            arguments: [
                (["import"], "file"), (["import", "--no-such-option", "a.csv"], "--no-such-option"),
                (["import", "--format", "xml", "a.csv"], "xml"),
                (["import", "--time-unit", "h", "a.csv"], "h"),
                (["frobnicate"], "frobnicate"), (["query"], "--device"),
                (["query", "--device", "T1", "--every", "soon"], "soon"),
                (["query", "--device", "T1", "--fill", "null"], "--every"),
                (["query", "--device", "T1", "--every", "1h", "--agg", "mode"], "mode"),
                (["query", "--device", "T1", "--from", "yesterday"], "yesterday"),
                (["query", "--device", "T1", "--from", "2024-01-02", "--to", "2024-01-01"], "--to"),
                (["query", "--device", "T1", "--tz", "Mars/Olympus"], "Mars/Olympus"),
                (["query", "--device", "T1", "--limit", "0"], "--limit"),
                (["query", "--device", "T1", "--format", "xml"], "xml"),
                (["export", "--format", "csv"], "--out"), (["export", "--out", "a"], "--format"),
                (["query", "--device", "A", "--tz", "UTC", "--tz", "UTC"], "--tz is given twice"),
                (["device", "create", "T1", "--product=a", "--product=b"], "--product is given twice"),
                (["device", "create", "T1"], "--product"), (["stats", "--data", ""], "--data"),
            ])
        func wrongCommandLine(arguments: [String], fault: String) throws {
            let ending = try sandbox.varve(arguments)
            #expect(ending.code == 2, "\(ending.errors)")
            #expect(ending.errorLines.count == 1 && ending.errors.contains(fault), "\(ending.errors)")
            #expect(ending.output.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: sandbox.data))
        }

        @Test(
            "reading a directory without a store ends with exit code 1 and creates nothing",
            arguments: [
                ["query", "--device", "T1"], ["stats"], ["stats", "--json"], ["verify"],
                ["compact", "--wait"],
                ["export", "--format", "csv", "--out", "-"], ["import", "--status"], ["device", "list"],
                ["model", "show", "m"], ["inspect", "data/segments/none.segment"],
            ])
        func noStore(arguments: [String]) throws {
            let ending = try sandbox.varve(arguments)
            #expect(ending.code == 1)
            #expect(ending.errorLines.count == 1 && ending.errors.hasPrefix("varve: "), "\(ending.errors)")
            #expect(ending.output.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: sandbox.data))
        }

        @Test("a data directory that is a file, or below one, ends with exit code 1")
        func dataIsFile() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1"], "a.csv")
            let before = try Data(contentsOf: URL(fileURLWithPath: file))
            for data in [file, file + "/below"] {
                for command in [
                    ["import", "--register", file], ["query", "--device", "T1"], ["stats"], ["verify"],
                ] {
                    let ending = try sandbox.varve(command, data: data)
                    #expect(ending.code == 1, "\(command)")
                    #expect(
                        ending.errorLines.count == 1 && ending.errors.contains(file),
                        "\(command): \(ending.errors)")
                }
            }
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
        }

        @Test("the remembered imports are listed without naming a file")
        func status() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1"], "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let status = try sandbox.varve("import", "--status", "--json")
            #expect(status.code == 0, "\(status.errors)")
            let imports = try status.array()
            #expect(imports.count == 1 && imports[0]["finished"] as? Bool == true, "\(status.output)")
            #expect(imports.first?["accepted"] as? Int == 1, "\(status.output)")
        }

        @Test("a dry run shows what an import would do and changes nothing")
        func dryRun() throws {
            let lines = [
                "device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1", "T1,p,2024-01-01T00:00:00Z,1",
            ]
            let file = try sandbox.write(lines: lines, "a.csv")
            let dry = try sandbox.varve("import", "--dry-run", "--register", "--json", file)
            #expect(dry.code == 0, "\(dry.errors)")
            #expect(!FileManager.default.fileExists(atPath: sandbox.data))
            let receipt = try sandbox.varve("import", "--register", "--json", file).receipt()
            #expect(try dry.receipt().counts == receipt.counts)
            let again = try sandbox.varve("import", "--dry-run", "--json", file).receipt()
            #expect(again["accepted"] == 0 && again["replayed"] == 2, "\(again)")
        }

        @Test("standard input is imported like a file")
        func standardInput() throws {
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,p,2024-01-01T00:00:00Z,1"], "a.csv")
            let ending = try sandbox.varve(["import", "--register", "--json", "-"], input: file)
            #expect(try ending.code == 0 && ending.receipt()["accepted"] == 1, "\(ending.errors)")
            let empty = try sandbox.varve(["import", "--register", "--json", "-"])
            #expect(
                empty.code == 1 && empty.errorLines.count == 1 && empty.errors.contains("empty"),
                "\(empty.errors)")
        }
    }
}
