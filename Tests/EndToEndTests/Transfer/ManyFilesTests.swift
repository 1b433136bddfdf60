// ManyFilesTests.swift — several files in one command, and the files of rejected rows among them.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ManyFilesTests {
        private let sandbox: Sandbox
        private static let header = "device,point,time,value"

        init() throws {
            sandbox = try Sandbox()
        }

        private func row(_ day: Int, _ value: String) -> String { "T1,p,2024-07-0\(day) 12:00:00,\(value)" }

        @Test(
            "a second run passes over the files of rejected rows of the first, with any names"
        )
        func secondRun() throws {
            let a = try sandbox.write(lines: [Self.header, row(1, "1"), "T1,p,never,2"], "a.csv")
            let b = try sandbox.write(lines: [Self.header, row(2, "2")], "b.csv")
            let first = try sandbox.varve("import", "--register", "--json", a, b)
            #expect(first.code == 3)
            #expect(first.errors.contains("a.csv: 1 rows rejected, see \(a).rejected.csv"))
            let other = "\(sandbox.path)/other.csv"
            try FileManager.default.copyItem(atPath: a + ".rejected.csv", toPath: other)
            let second = try sandbox.varve("import", "--json", a, a + ".rejected.csv", b, other)
            #expect(second.code == 3, "\(second.errors)")
            #expect(try second.receipt()["rows"] == 3)
            #expect(second.errors.contains("\(other) holds rejected rows and is passed over"))
            #expect(try sandbox.varve("digest", a, other).output.contains("1 series"))
        }

        @Test("mended rows are imported with the header, zone and options of their source")
        func mended() throws {
            let file = try sandbox.write(
                lines: ["time,device,p,q", "2024-07-01 12:00:00,T1,1,x", "yesterday,T1,2,\"a,b\""], "wide.csv"
            )
            #expect(
                try sandbox.varve("import", "--register", "--wide", "--tz", "Europe/Paris", "--quiet", file)
                    .code == 3)
            let rejects = file + ".rejected.csv"
            let text = try String(contentsOfFile: rejects, encoding: .utf8)
            #expect(text.contains("#option,--tz,Europe/Paris\n") && text.contains("#option,--wide,\n"))
            let copy = try sandbox.write(
                text.replacing("yesterday", with: "2024-07-02 12:00:00").utf8, "mended.csv")
            let ending = try sandbox.varve("import", "--json", copy)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(try ending.receipt()["accepted"] == 2)
            let answer = try sandbox.varve("query", "--device", "T1", "--format", "csv").output
            #expect(answer.contains("T1,p,2024-07-02T10:00:00Z,2,"))
            #expect(answer.contains("T1,q,2024-07-02T10:00:00Z,\"a,b\","))
            // A row that is not mended is rejected again, with its line number in the source.
            #expect(try sandbox.varve("import", "--json", rejects).code == 3)
            let again = try String(contentsOfFile: rejects + ".rejected.csv", encoding: .utf8)
            #expect(again.contains("\n3,") && again.contains("#option,--tz,Europe/Paris"))
            let piped = try sandbox.varve(["import", "-"], input: rejects)
            #expect(piped.code == 1 && piped.errors.contains("options"))
        }

        @Test(
            "a mended row has the unit of its source, and not the pass of a repeated hour that only the source showed"
        )
        func mendedAlone() throws {
            let numbers = try sandbox.write(
                lines: [
                    Self.header, "T1,p,1704067200,1", "T1,p,20240101,x", "T1,p,1704067201,1",
                    "T1,p,1704067202,1",
                ],
                "n.csv")
            #expect(try sandbox.varve("import", "--register", "--quiet", numbers).code == 3)
            try mend(numbers, "20240101,x", "20240101,5")
            #expect(
                try sandbox.varve("import", "--json", numbers + ".rejected.csv").receipt()["accepted"] == 1)
            let rows = try sandbox.varve("query", "--device", "T1", "--format", "csv").output
            #expect(rows.contains("1970-08-23T06:15:01Z,5"), "\(rows)")
            let hours = try sandbox.write(
                lines: [
                    Self.header, "T2,p,2024-10-27 04:00,4", "T2,p,2024-10-27 03:00,3",
                    "T2,p,2024-10-27 02:00,x",
                    "T2,p,2024-10-27 02:00,y", "T2,p,2024-10-27 01:00,1", "T2,p,2024-10-27 00:00,0",
                ], "h.csv")
            #expect(
                try sandbox.varve("import", "--register", "--quiet", "--tz", "Europe/Paris", hours).code == 3)
            try mend(hours, "02:00,x", "02:00,22")
            try mend(hours, "02:00,y", "02:00,11")
            let mended = try sandbox.varve("import", "--json", hours + ".rejected.csv")
            #expect(try mended.receipt()["rejected"] == 2, "\(mended.errors)")
            #expect(mended.errors.contains("mended rows alone do not show which pass they belong to"))
        }

        /// Replaces a text in the file of a source's rejected rows.
        private func mend(_ source: String, _ old: String, _ new: String) throws {
            let path = source + ".rejected.csv"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(old))
            try text.replacing(old, with: new).write(toFile: path, atomically: true, encoding: .utf8)
        }

        // The encoding is not carried, because a file of rejected rows is UTF-8.
        @Test(
            "a file of rejected rows carries every reading option except the encoding",
            arguments: CommandTree.readingOptions(of: "import").keys.filter { $0 != "--encoding" }.sorted())
        func carriedOptions(option: String) throws {
            let argument = try #require(CommandTree.readingOptions(of: "import")[option])
            let freeValues = ["--tz": "Europe/Paris", "--tz-column": "zone", "--missing": "none"]
            var value = ""
            if argument.kind == "option" {
                value = try #require(argument.allValues?.last ?? freeValues[option], "name a value to try")
            }
            let file = try sandbox.write(
                lines: [Self.header + ",zone", row(1, "1") + ",UTC", "T1,p,never,2,UTC"], "a.csv")
            let others = option == "--ignore-columns" ? [] : ["--ignore-columns"]
            let ending = try sandbox.varve(
                ["import", "--register", "--quiet", option] + [value].filter { !$0.isEmpty } + others + [file]
            )
            #expect(ending.code == 3, "\(ending.errors)")
            let rejects = try String(contentsOfFile: file + ".rejected.csv", encoding: .utf8)
            #expect(rejects.contains("\n#option,\(option),\(value)\n"), "\(rejects)")
        }

        @Test("a bad and a missing file do not stop the others, and the end lists them")
        func badFiles() throws {
            let bad = try sandbox.write(lines: ["a,b", "1,2"], "bad.csv")
            let good = try sandbox.write(lines: [Self.header, row(1, "1")], "good.csv")
            let missing = "\(sandbox.path)/missing.csv"
            let ending = try sandbox.varve("import", "--register", "--json", bad, missing, good)
            #expect(ending.code == 1)
            #expect(try ending.receipt()["accepted"] == 1)
            #expect(ending.errorLines.count == 2, "\(ending.errors)")
            #expect(ending.errors.contains(bad) && ending.errors.contains(missing))
        }

        @Test("several files of rejected rows are counted, and cells of wide files are called samples")
        func severalRejects() throws {
            let files = try ["a", "b", "c"].map { name in
                try sandbox.write(
                    lines: ["time,device,p,q", "2024-07-01 12:00:00,T1,1,2", "\(name),T1,3,4"], name + ".csv")
            }
            let ending = try sandbox.varve(["import", "--register", "--wide"] + files)
            #expect(ending.code == 3)
            #expect(ending.errors.contains("a.csv: 2 samples rejected"), "\(ending.errors)")
            #expect(
                ending.output.contains("see \(files[0]).rejected.csv and 2 more files"), "\(ending.output)")
        }

        @Test("--rejects names another folder, also for standard input")
        func folder() throws {
            let file = try sandbox.write(lines: [Self.header, row(1, "1"), "T1,p,never,2"], "a.csv")
            let folder = "\(sandbox.path)/rejects"
            #expect(try sandbox.varve("import", "--register", "--rejects", folder, file).code == 1)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(try sandbox.varve("import", "--register", "--rejects", folder, file).code == 3)
            #expect(try sandbox.varve(["import", "--rejects", folder, "-"], input: file).code == 3)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
                    == ["a.csv.rejected.csv", "stdin.rejected.csv"])
            #expect(!FileManager.default.fileExists(atPath: file + ".rejected.csv"))
        }
    }
}
