// BadFileTests.swift — a file that is wrong as a whole: exit code 1, one line with the reason, nothing stored.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct BadFileTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private static let row = "T1,p,2024-01-01T00:00:00Z,1"

        /// A file that cannot be imported, and a word that the reason must have.
        struct BadFile: Sendable, CustomStringConvertible {
            var description: String
            var lines: [String]
            var reason: String
            var options: [String] = []
        }

        static let badFiles = [
            BadFile(
                description: "a missing column", lines: ["device,point,time", "T1,p,0"], reason: "value"),
            BadFile(
                description: "an unknown column", lines: ["device,point,time,value,colour", row + ",red"],
                reason: "colour"),
            BadFile(
                description: "a column that stands twice",
                lines: ["device,point,time,value,value", row + ",1"],
                reason: "twice"),
            BadFile(description: "no line", lines: [], reason: "empty"),
            BadFile(description: "blank lines", lines: ["", "", ""], reason: "empty"),
            BadFile(description: "no header", lines: [row], reason: "device"),
            BadFile(
                description: "a header of zero bytes", lines: [String(repeating: "\0", count: 64)],
                reason: "zero bytes"),
            BadFile(
                description: "integer times of two units",
                lines: ["device,point,time,value", "T1,p,1700000000,1", "T1,p,1700000000000,1"],
                reason: "--time-unit"),
            BadFile(
                description: "--wide without a point", lines: ["time,device", "2024-01-01T00:00:00Z,T1"],
                reason: "point", options: ["--wide"]),
        ]

        @Test("a bad file is refused with one line and exit code 1", arguments: badFiles)
        func refused(_ bad: BadFile) throws {
            let file = try sandbox.write(lines: bad.lines, "bad.csv")
            let ending = try sandbox.varve(["import", "--register", "--json", file] + bad.options)
            try expectRefusal(ending, naming: file, bad.reason)
        }

        @Test("a header longer than a row may be is refused")
        func endlessHeader() throws {
            let header = "device,point,time,value," + String(repeating: "x", count: 3 << 20)
            let file = try sandbox.write(lines: [header, Self.row], "bad.csv")
            try expectRefusal(
                try sandbox.varve("import", "--register", "--json", file), naming: file, "header")
        }

        @Test("a compressed file that was cut or altered is refused before anything is stored")
        func damagedPacking() throws {
            let lines = (0..<50_000).map { "T1,p,\(1_700_000_000 + $0),\($0 &* 7919 % 1013)" }
            let plain = try sandbox.write(lines: ["device,point,time,value"] + lines, "history.csv")
            let gzip = try #require(Installation.find("gzip"))
            #expect(try sandbox.start(program: [gzip, plain]).wait().code == 0)
            let packed = try Data(contentsOf: URL(fileURLWithPath: plain + ".gz"))
            for (name, length) in [("half", packed.count / 2), ("tail", packed.count - 1), ("head", 12)] {
                let file = try sandbox.write(packed.prefix(length), "\(name).csv.gz")
                try expectRefusal(
                    try sandbox.varve("import", "--register", "--json", file), naming: file, "gzip")
            }
            var altered = packed
            altered[packed.count / 2] ^= 0x10
            let file = try sandbox.write(altered, "altered.csv.gz")
            try expectRefusal(try sandbox.varve("import", "--register", "--json", file), naming: file, "gzip")
            let more = try sandbox.write(packed + Data("more".utf8), "more.csv.gz")
            try expectRefusal(try sandbox.varve("import", "--register", "--json", more), naming: more, "gzip")
            let whole = try sandbox.write(packed, "whole.csv.gz")
            #expect(
                try sandbox.varve("import", "--register", "--json", whole).receipt()["accepted"] == 50_000)
        }

        @Test("a folder and a missing file are refused")
        func noFile() throws {
            try FileManager.default.createDirectory(
                atPath: "\(sandbox.path)/folder.csv", withIntermediateDirectories: true)
            for (path, reason) in [("folder.csv", "folder"), ("missing.csv", "no such file"), ("", "folder")]
            {
                let ending = try sandbox.varve("import", "--register", "--json", "\(sandbox.path)/\(path)")
                try expectRefusal(ending, naming: "\(sandbox.path)/\(path)", reason)
            }
        }

        @Test("files before the bad one are imported, and their receipt is printed")
        func worstCounts() throws {
            let good = try sandbox.write(lines: ["device,point,time,value", Self.row], "good.csv")
            let ending = try sandbox.varve(
                "import", "--register", "--json", good, "\(sandbox.path)/missing.csv", good)
            #expect(ending.code == 1)
            #expect(ending.errorLines.count == 1)
            #expect(try ending.receipt()["accepted"] == 1)
        }

        @Test("a file or directory that may not be read or written is refused", .enabled(if: Nobody.exists))
        func noPermission() throws {
            // The user nobody may enter the folder, but not read the file in it.
            #expect(chmod(sandbox.path, 0o777) == 0)
            let file = try sandbox.write(lines: ["device,point,time,value", Self.row], "secret.csv")
            #expect(chmod(file, 0o600) == 0)
            let unreadable = try Nobody.varve(["import", "--register", "--json", file], sandbox)
            #expect(unreadable.code == 1 && unreadable.errorLines.count == 1, "\(unreadable.errors)")
            #expect(
                unreadable.errors.contains("ermission") && unreadable.errors.contains(file),
                "\(unreadable.errors)")
            #expect(chmod(file, 0o644) == 0)
            // An import of a file that cannot be read creates no data directory.
            #expect(!FileManager.default.fileExists(atPath: sandbox.data))
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            #expect(chmod(sandbox.data, 0o700) == 0)
            for command in [
                ["import", "--register", file], ["query", "--device", "T1"], ["stats"], ["verify"],
            ] {
                let ending = try Nobody.varve(command, sandbox)
                #expect(ending.code == 1, "\(command)")
                #expect(ending.errorLines.count <= 1, "\(command): \(ending.errors)")
                #expect((ending.errors + ending.output).contains("ermission"), "\(command): \(ending.errors)")
            }
        }

        /// Expects one line on standard error, exit code 1, no receipt, and a store without samples.
        private func expectRefusal(_ ending: Ending, naming name: String, _ reason: String) throws {
            #expect(ending.code == 1)
            #expect(ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.hasPrefix("varve: ") && ending.errors.contains(name), "\(ending.errors)")
            #expect(ending.errors.contains(reason), "\(ending.errors)")
            #expect(ending.output.isEmpty)
            let stored =
                (try? FileManager.default.contentsOfDirectory(atPath: "\(sandbox.data)/segments")) ?? []
            let logged = (try? FileManager.default.contentsOfDirectory(atPath: "\(sandbox.data)/wal")) ?? []
            #expect(stored.isEmpty && logged.isEmpty)
            let devices = try? sandbox.varve("device", "list", "--json").array()
            #expect(devices?.isEmpty ?? true)
        }
    }
}

/// A user without rights, for tests that run as root.
private enum Nobody {
    private static let setpriv = Installation.find("setpriv")

    /// Whether a command can be run as that user.
    static let exists = geteuid() != 0 || setpriv != nil

    static func varve(_ arguments: [String], _ sandbox: Sandbox) throws -> Ending {
        guard geteuid() == 0, let setpriv else { return try sandbox.varve(arguments) }
        let user = [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups"]
        return try sandbox.start(
            program: user + [Installation.varve] + arguments, environment: ["VARVE_DATA": sandbox.data]
        ).wait()
    }
}
