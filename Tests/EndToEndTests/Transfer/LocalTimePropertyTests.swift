// LocalTimePropertyTests.swift — local times around clock changes are imported as Python's zoneinfo computes them.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct LocalTimePropertyTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        /// Long and wide CSV and NDJSON, in rising and falling order, of 28 zones named by column, option or device.
        @Test(
            "random local series over clock changes keep every sample once and at its time",
            arguments: Installation.isThorough ? Array(1...20) : [1, 2])
        func changes(seed: Int) throws {
            let plan = try IndependentCalculation.python(
                "local_times.py", [String(seed), sandbox.path], input: "/dev/null", in: sandbox
            ).object()
            let steps = try #require(plan["steps"] as? [[String: Any]])
            for step in steps {
                let arguments = try #require(step["arguments"] as? [String])
                let ending = try sandbox.varve(arguments)
                let counts = step["counts"] as? [String: Int]
                let isComplete = counts.map { $0["rejected"] == 0 } ?? true
                try #require(ending.code == (isComplete ? 0 : 3), "seed \(seed): \(ending.errors)")
                guard let counts else { continue }
                var printed = try ending.receipt().counts
                let zones = try ending.object()["zones"] as? [[String: Any]] ?? []
                printed["repeatedRows"] = zones.reduce(0) { $0 + ($1["repeated"] as? Int ?? 0) }
                printed["missingRows"] = zones.reduce(0) { $0 + ($1["missing"] as? Int ?? 0) }
                #expect(printed == counts, "seed \(seed): \(arguments)")
            }
            let found = "\(sandbox.path)/found.csv"
            let export = try sandbox.varve(
                "export", "--format", "csv", "--time-format", "epoch-ns", "--quiet", "--out", found)
            #expect(export.code == 0, "\(export.errors)")
            let (lost, more) = try difference("\(sandbox.path)/expected.csv", found)
            #expect(lost.isEmpty, "seed \(seed): lost or moved")
            #expect(more.isEmpty, "seed \(seed): doubled or moved")
            // The series are able to show a fault: enough of them have passes that the rules can tell apart.
            #expect(try #require(plan["clear"] as? Int) > 50)
            #expect(try #require(plan["samples"] as? Int) > 5000)
        }

        /// The first lines that are in only one of two files.
        private func difference(
            _ expected: String, _ found: String
        ) throws -> (lost: [Substring], more: [Substring]) {
            let texts = try [expected, found].map { try String(contentsOfFile: $0, encoding: .utf8) }
            guard texts[0] != texts[1] else { return ([], []) }
            let lines = texts.map { $0.split(separator: "\n") }
            let sets = lines.map(Set.init)
            let lost = lines[0].filter { !sets[1].contains($0) }
            let more = lines[1].filter { !sets[0].contains($0) }
            // The files have the same lines, but in another order or number.
            guard !lost.isEmpty || !more.isEmpty else { return ([], ["the order or number of lines"]) }
            return (Array(lost.prefix(5)), Array(more.prefix(5)))
        }
    }
}
