// DigestCommandTests.swift — `varve digest` compares stores with each other and with files.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct DigestCommandTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        private static let header = "device,point,time,value,quality"
        private static let rows = (0..<400).map { index in
            let hour = "\(index % 24 / 10)\(index % 24 % 10)"
            let day = "\(index / 24 / 10)\(index / 24 % 10 + 1)".suffix(2)
            return "T\(index % 2),P_avg,2024-03-\(day)T\(hour):00:00Z,\(Double(index) / 8),0"
        }

        private func file(_ rows: [String], _ name: String) throws -> String {
            let text = ([Self.header] + rows).joined(separator: "\n") + "\n"
            return try sandbox.write(Data(text.utf8), name)
        }

        @Test("a store and the file it was imported from are equal, with the rows in any order")
        func equal() throws {
            let file = try file(Self.rows, "a.csv")
            let other = try self.file(Self.rows.reversed(), "b.csv")
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
            let comparison = try sandbox.varve("digest", "--compare", other)
            #expect(comparison.code == 0, "\(comparison.errors)")
            #expect(comparison.output.hasPrefix("equal: 400 samples of 2 series"))
            for grouping in ["series", "day", "all"] {
                let asked = ["digest", "--format", "csv", "--by", grouping]
                let store = try sandbox.varve(asked).output
                #expect(try sandbox.varve(asked + [other]).output == store)
            }
            #expect(!FileManager.default.fileExists(atPath: other + ".rejected.csv"))
        }

        @Test("days with a different, a missing and an extra value are named; the exit code is 1")
        func different() throws {
            #expect(try sandbox.varve("import", "--register", "--quiet", file(Self.rows, "a.csv")).code == 0)
            var changed = Self.rows
            changed[30] = changed[30].replacingOccurrences(of: ",3.75,", with: ",3.76,")
            changed.remove(at: 100)
            let comparison = try sandbox.varve("digest", "--compare", file(changed, "b.csv"))
            #expect(comparison.code == 1)
            let lines = comparison.output.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            }
            #expect(lines.count == 4)
            #expect(lines[1] == ["T0", "P_avg", "2024-03-02", "12", "12"])
            #expect(lines[2] == ["T0", "P_avg", "2024-03-05", "11", "12"])
            #expect(lines[3].first == "different:")
            #expect(try sandbox.varve("digest", "--compare").code == 2)
        }

        @Test(
            "occurrences of an event at one time count together, as in the store, also after the device is deleted"
        )
        func events() throws {
            for command in [
                ["model", "create", "M", "--event", "trip", "--attribute", "owner:json"],
                ["product", "create", "P", "--model", "M", "--duplicates", "first"],
                ["device", "create", "A", "--product", "P"],
            ] { #expect(try sandbox.varve(command).code == 0) }
            func file(_ name: String, _ rows: [String]) throws -> String {
                try sandbox.write(lines: ["device,point,time,value"] + rows.map { "A,\($0)" }, name)
            }
            let apart = try file(
                "apart.csv",
                [
                    #"$event/trip,1,"[{""a"":1}]""#, #"$event/trip,1,"[{""a"":2}]""#, "$attribute/owner,1,1",
                    "$attribute/owner,1,2",
                ])
            let together = try file(
                "together.csv", [#"$event/trip,1,"[{""a"":2},{""a"":1}]""#, "$attribute/owner,1,2"])
            #expect(try sandbox.varve("import", "--quiet", apart).code == 0)
            func check() throws {
                let digests = try [apart, together].map {
                    try sandbox.varve("digest", "--by", "series", $0).output
                }
                #expect(digests[0] == digests[1] && digests[0].contains("$event/trip"), "\(digests)")
                for file in [apart, together] {
                    let compared = try sandbox.varve("digest", "--compare", file)
                    #expect(
                        compared.code == 0 && compared.output.hasPrefix("equal: 2 samples"),
                        "\(compared.output)\(compared.errors)")
                }
            }
            try check()
            let dry = try sandbox.varve(
                ["import", "--register", "--dry-run", "--json", apart], data: "\(sandbox.path)/none")
            #expect(try dry.receipt()["accepted"] == 3, "\(dry.output)\(dry.errors)")
            #expect(try sandbox.varve("device", "delete", "A", "--keep-data").code == 0)
            try check()
        }
    }
}
