// SecondWriterTests.swift — one process writes; a second one is refused with the first one's id, and readers go on.

import Foundation
import Testing
import VarveQuery
import VarveSegment
import VarveStorage
import VarveTestSupport

extension EndToEndTests {
    @Suite struct SecondWriterTests {
        @Test("if a process holds the directory, an import names it and changes nothing, and readers go on")
        func heldDirectory() throws {
            let sandbox = try Sandbox()
            let header = "device,point,time,value"
            let first = try sandbox.write(lines: [header, "T1,p,2024-01-01T00:00:00Z,1"], "first.csv")
            let second = try sandbox.write(lines: [header, "T1,p,2024-01-02T00:00:00Z,2"], "second.csv")
            #expect(try sandbox.varve("import", "--register", first).code == 0)
            let readers = [
                ["query", "--device", "T1", "--format", "csv"], ["stats", "--json"], ["verify"],
                ["export", "--format", "csv", "--out", "-"], ["import", "--status", "--json"],
                ["device", "list", "--json"], ["import", "--dry-run", second],
            ]
            let answers = try readers.dropLast().map { try sandbox.varve($0).output }
            let holder = try Store.open(sandbox.data)
            for command in [
                ["import", second], ["import", "--register", "--json", second], ["compact", "--wait"],
            ] {
                let refused = try sandbox.varve(command)
                #expect(refused.code == 1, "\(command)")
                #expect(refused.errorLines.count == 1, "\(refused.errors)")
                #expect(refused.errors.contains("process \(getpid())"), "\(refused.errors)")
                #expect(refused.output.isEmpty)
            }
            // The reader sees the last commit, and the open WAL of the writer does not disturb it.
            for (command, answer) in zip(readers, answers) {
                let ending = try sandbox.varve(command)
                #expect(ending.code == 0, "\(command): \(ending.errors)")
                #expect(ending.output == answer, "\(command)")
            }
            #expect(try sandbox.varve(readers[readers.count - 1]).code == 0)
            try holder.close()
            #expect(try sandbox.varve("import", "--json", second).receipt()["accepted"] == 1)
        }

        @Test("what a writer has committed is seen by others before it ends")
        func liveCommits() throws {
            let sandbox = try Sandbox()
            let lines = (0..<50).map { "T\($0 % 2),p,\(1_700_000_000 + $0),\($0)" }
            let file = try sandbox.write(lines: ["device,point,time,value"] + lines, "a.csv")
            let known = try sandbox.write(
                lines: ["device,point,time,value", "T0,p,1600000000,1", "T1,p,1600000000,1"], "known.csv")
            #expect(try sandbox.varve("import", "--register", known).code == 0)
            // The writer waits for the pipe after the first file. With --register it would wait before it,
            // because types are decided over all files.
            let pipe = "\(sandbox.path)/pipe.csv"
            #expect(mkfifo(pipe, 0o600) == 0)
            let writer = try sandbox.start(["import", "--json", "--quiet", file, pipe])
            // Opening the pipe blocks until the writer opens it too, and by then the first file is committed.
            let end = try #require(FileHandle(forWritingAtPath: pipe))
            let stats = try sandbox.varve("stats", "--json")
            #expect(try stats.object()["samples"] as? Int == 52, "\(stats.errors)")
            #expect(try sandbox.varve("query", "--device", "T1", "--format", "csv").output.contains(",49,"))
            let refused = try sandbox.varve("import", "--register", file)
            #expect(
                refused.code == 1 && refused.errors.contains("process \(writer.identifier)"),
                "\(refused.errors)")
            try end.write(contentsOf: Data("device,point,time,value\nT0,p,1800000000,7\n".utf8))
            try end.close()
            let ending = writer.wait()
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(try ending.receipt()["accepted"] == 51)
        }
    }
}
