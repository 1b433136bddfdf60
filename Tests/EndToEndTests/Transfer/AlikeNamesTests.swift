// AlikeNamesTests.swift — two devices whose keys differ only by Unicode composition, from a file to a file.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct AlikeNamesTests {
        private let sandbox: Sandbox
        /// "Gerät" with "ä" in one scalar and in two.
        private let names = ["Ger\u{E4}t", "Gera\u{308}t"]

        init() throws { sandbox = try Sandbox() }

        private func rows(_ arguments: [String]) throws -> [String] {
            let ending = try sandbox.varve(arguments)
            #expect(ending.code == 0, "\(ending.errors)")
            return ending.output.split(separator: "\n").dropFirst().map(String.init)
        }

        @Test("they are registered, stored, queried, deleted and exported apart")
        func apart() throws {
            let lines = names.enumerated().map {
                "\($0.element),\($0.element),2024-01-01T00:00:00Z,\($0.offset)"
            }
            let file = try sandbox.write(lines: ["device,point,time,value"] + lines, "a.csv")
            let ending = try sandbox.varve("import", "--register", "--quiet", file)
            #expect(ending.code == 0, "\(ending.errors)")
            let devices = try sandbox.varve("device", "list", "--json").output.split(separator: "\n")
            #expect(devices.filter { $0.contains("\"key\"") || $0.contains("Ger") }.count == 2, "\(devices)")
            for (number, name) in names.enumerated() {
                let found = try rows(["query", "--device", name, "--point", name, "--format", "csv"])
                #expect(found.count == 1 && found[0].utf8.elementsEqual("\(lines[number]),".utf8), "\(found)")
                #expect(try sandbox.varve("query", "--device", name, "--point", names[1 - number]).code == 1)
            }
            // Both in one answer: the second series has its own names.
            let both = try rows(["query", "--device", names[0], "--device", names[1], "--format", "csv"])
            #expect(Set(both.map { Array($0.utf8) }) == Set(lines.map { Array("\($0),".utf8) }))
            let out = "\(sandbox.path)/out.csv"
            #expect(
                try sandbox.varve("export", "--device", names[1], "--format", "csv", "--out", out).code == 0)
            let exported = try String(contentsOfFile: out, encoding: .utf8).split(separator: "\n")
            #expect(exported.count == 2 && exported[1].utf8.starts(with: lines[1].utf8), "\(exported)")
            #expect(
                try sandbox.varve(
                    "delete", "--device", names[0], "--from", "2024-01-01", "--to", "2024-01-02"
                ).code == 0)
            let left = try rows(["export", "--format", "csv", "--out", "-"])
            #expect(left.count == 1 && left[0].utf8.starts(with: lines[1].utf8), "\(left)")
        }
    }
}
