// OptionValueTests.swift — values that look like options, and local times in the ranges of every command.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct OptionValueTests {
        @Test(
            "a negative number, zone or epoch is taken as a value, and an option in its place is an error")
        func negativeValues() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "T,p,2024-01-01 00:00:00,-9999", "T,p,2024-01-01 01:00:00,2",
                    "T,p,1969-12-31 00:00:00,3",
                ], "a.csv")
            let ending = try sandbox.varve(
                "import", "--register", "--json", "--missing", "-9999", "--tz", "-03:30", file)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(try ending.receipt()["accepted"] == 2 && ending.receipt()["skipped"] == 1)
            let rows = try sandbox.varve(
                "query", "--device", "T", "--format", "csv", "--from", "-86400", "--to", "2025-01-01", "--tz",
                "-03:30")
            #expect(rows.output.contains("1969-12-31T0"), "\(rows.output)\(rows.errors)")
            let compared = try sandbox.varve(
                "digest", "--compare", "--missing", "-9999", "--tz", "-03:30", file)
            #expect(compared.code == 0, "\(compared.errors)")
            let wrong = try sandbox.varve("import", "--missing", "--json", file)
            #expect(wrong.code == 2 && wrong.errors.contains("--missing: a list of words"), "\(wrong.errors)")
        }

        @Test("a day of export, digest and delete is that of --tz")
        func localDays() throws {
            let sandbox = try Sandbox()
            let rows = (0..<72).map { "T,p,\(1_711_756_800 + $0 * 3600),\($0)" }
            let file = try sandbox.write(lines: ["device,point,time,value"] + rows, "a.csv")
            #expect(try sandbox.varve("import", "--register", "--json", file).receipt()["accepted"] == 72)
            // 31 March 2024 has 23 hours in Paris, from 30 March 23:00 to 31 March 22:00 UTC.
            let day = ["--from", "2024-03-31", "--to", "2024-04-01", "--tz", "Europe/Paris"]
            let export = try sandbox.varve(["export", "--format", "csv", "--out", "-"] + day)
            #expect(export.output.split(separator: "\n").count == 24, "\(export.errors)")
            #expect(export.output.contains("\nT,p,2024-03-30T23:00:00Z,23,\n"))
            let digest = try sandbox.varve(["digest", "--by", "all", "--format", "csv"] + day)
            #expect(digest.output.contains("\n23,"), "\(digest.output)\(digest.errors)")
            let deleted = try sandbox.varve(["delete", "--device", "T", "--json"] + day).object()
            #expect(deleted["samples"] as? Int == 23)
            let twice = try sandbox.varve(
                "export", "--format", "csv", "--out", "-", "--from", "2024-10-27 02:30", "--tz",
                "Europe/Paris")
            #expect(twice.errors.contains("comes twice in this time zone: the earlier one is meant"))
            let none = try sandbox.varve(
                "delete", "--device", "T", "--from", "2024-03-31 02:30", "--to", "2024-04-01", "--tz",
                "Europe/Paris")
            #expect(
                none.code == 2 && none.errors.contains("does not exist in this time zone"), "\(none.errors)")
        }

        @Test("lines to paste are safe in a shell with any names")
        func quotedHints() throws {
            let sandbox = try Sandbox()
            let header = "device,point,time,value"
            let names = ["P avg", "-p", "it's", "$(exit 7)"]
            let texts = names.map { "T,\($0),2024-01-01T00:00:00Z,run" }
            let numbers = names.map { "T,\($0),2024-01-02T00:00:00Z,5" }
            let first = try sandbox.write(lines: [header] + texts, "a.csv")
            let second = try sandbox.write(lines: [header] + numbers, "b.csv")
            #expect(try sandbox.varve("import", "--register", first).code == 0)
            let notes = try sandbox.varve("import", "--quiet", second).errorLines.filter {
                $0.contains("varve model change")
            }
            #expect(notes.count == names.count)
            for note in notes {
                let line = try #require(note.range(of: "varve model change")).lowerBound
                let script = "set -- \(note[line...]); for word; do echo \"$word\"; done"
                let shell = try ChildProcess(
                    ["/bin/sh", "-c", script], environment: [:], folder: sandbox.path,
                    printsTo: "\(sandbox.path)/shell"
                ).wait().output
                let words = shell.split(separator: "\n").map(String.init)
                #expect(
                    Array(words.prefix(4)) == ["varve", "model", "change", "default"]
                        && words.last == "--dry-run")
                let point = words[4] == "--point" ? words[5] : String(words[4].dropFirst("--point=".count))
                #expect(names.contains { point == $0 + ":double" }, "\(note)")
            }
        }

        @Test("--missing takes words that look like options in the form that the error advises")
        func advisedWords() throws {
            let sandbox = try Sandbox()
            let rows = ["--", "---", "-"].enumerated().map {
                "T,p,\(1_700_000_005 + $0.offset),\($0.element)"
            }
            let lines = ["device,point,time,value"] + (0..<5).map { "T,p,\(1_700_000_000 + $0),\($0)" } + rows
            let file = try sandbox.write(lines: lines, "a.csv")
            let first = try sandbox.varve("import", "--register", "--quiet", file)
            #expect(first.code == 3 && first.errors.contains("import with --missing="), "\(first.errors)")
            let again = try sandbox.varve("import", "--json", "--missing=---", "--missing=--,-", file)
            #expect(again.code == 0 && again.errors.isEmpty, "\(again.errors)")
        }

        @Test("epochs near 1970 are reported, and are read back with their unit")
        func earlyEpochs() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T,p,1970-01-01T00:00:05Z,1"], "a.csv")
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
            let out = "\(sandbox.path)/o.csv"
            let export = try sandbox.varve(
                "export", "--format", "csv", "--time-format", "epoch-ns", "--out", out)
            #expect(export.errors.contains("import this file with --time-unit ns"), "\(export.errors)")
            let again = try sandbox.varve("import", "--json", "--time-unit", "ns", out)
            #expect(try again.receipt()["replayed"] == 1)
        }

        @Test("a receipt names its commit, and the reason of the first rejected row")
        func commitAndReason() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T,p,1,1", "T,p,never,2", "T,p,3,x"], "a.csv")
            let ending = try sandbox.varve("import", "--register", "--quiet", file)
            #expect(ending.code == 3 && ending.output.contains("\ncommit"), "\(ending.output)")
            #expect(
                ending.errors.contains("a.csv, line 3, the first of the rejected: the time \"never\""),
                "\(ending.errors)")
            let dry = try sandbox.varve("import", "--dry-run", "--reapply", "--quiet", file)
            #expect(!dry.output.contains("\ncommit"), "\(dry.output)")
        }
    }
}
