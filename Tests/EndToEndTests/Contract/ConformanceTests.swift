// ConformanceTests.swift — the contract of the channel as data: every case of Conformance/*.json, through a real broker.
//
// One service takes the messages of all cases at once. The answers are judged first; samples and log are read when the
// service has ended, so that all of them are on disk. A case that awaits a part of Varve is skipped and counted.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ConformanceTests {
        /// Commands that make the products of the cases.
        private struct Registry: Decodable {
            var commands: [Command]
            /// The products that get a channel.
            var products: [String]

            struct Command: Decodable {
                var run: [String]
                var awaits: String?
            }
        }

        private static let folder = Installation.resource("Conformance")
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        @Test("every case of the contract holds, through a real broker")
        func cases() throws {
            let paths = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
                .filter { $0.hasSuffix(".json") && $0 != "registry.json" }.sorted()
                .map { "\(Self.folder)/\($0)" }
            let files = try paths.map { try read(ConformanceFile.self, $0) }
            let all = files.flatMap { file in
                file.cases.map { (product: $0.product ?? file.product, case: $0) }
            }
            let cases = all.filter { $0.case.awaits == nil }
            #expect(Set(all.map(\.case.name)).count == all.count, "names are unique")
            let passwords = try register(cases)
            let service = try RunningService(in: sandbox)
            let results = try send(cases.map(\.case), paths, passwords, port: service.port)
            #expect(service.stop()?.code == 0)
            var judge = try judge()
            var failed = 0
            for (product, one) in cases {
                judge.product = product
                let problems = results[one.name].map { judge.problems(of: one, $0) } ?? ["it did not run"]
                if !problems.isEmpty { failed += 1 }
                #expect(problems.isEmpty, "\(one.name): \(one.fact)")
            }
            let waiting = all.count - cases.count
            print(
                "conformance: \(cases.count) cases, \(cases.count - failed) passed, \(failed) failed, \(waiting) waiting"
            )
        }

        private func read<Content: Decodable>(_ type: Content.Type, _ path: String) throws -> Content {
            do {
                return try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
            } catch {
                throw Overdue(description: "\(path): \(error)")
            }
        }

        private func varve(_ arguments: [String]) throws -> String {
            let ending = try sandbox.varve(arguments)
            guard ending.code == 0 else { throw Overdue(description: "\(arguments): \(ending.errors)") }
            return ending.output
        }

        /// Makes models, products, channels, and two devices for each case; returns the channels' passwords by product.
        private func register(_ cases: [(product: String, case: ConformanceCase)]) throws -> [String: String]
        {
            let registry = try read(Registry.self, "\(Self.folder)/registry.json")
            for command in registry.commands where command.awaits == nil {
                _ = try varve(
                    command.run.map { $0.replacingOccurrences(of: "$FOLDER", with: Self.folder) })
            }
            let devices = cases.flatMap { product, one in
                [one.name, one.name + "2"].map { "\($0),\(product),\($0)-secret" }
            }
            let file = try sandbox.write(lines: ["device,product,secret"] + devices, "devices.csv")
            _ = try varve(["device", "import", file])
            var passwords: [String: String] = [:]
            for product in registry.products {
                let channel = try DemoChannel("channel_\(product)", product: product, in: sandbox)
                passwords[product] = channel.password
            }
            return passwords
        }

        /// Sends the messages of the cases; returns what came back, by case.
        private func send(
            _ cases: [ConformanceCase], _ paths: [String], _ passwords: [String: String], port: Int
        ) throws -> [String: ConformanceResult] {
            let names = try sandbox.write(lines: cases.map(\.name), "names")
            let words = String(decoding: try JSONEncoder().encode(passwords), as: UTF8.self)
            let client = Installation.resource("Clients/conformance.py")
            let ending = try sandbox.start(
                program: ["/usr/bin/python3", "-B", client, String(port), words, Installation.varve, names]
                    + paths,
                environment: ["VARVE_DATA": sandbox.data]
            ).wait()
            guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            let results = try ending.output.split(separator: "\n").map {
                try JSONDecoder().decode(ConformanceResult.self, from: Data($0.utf8))
            }
            return Dictionary(uniqueKeysWithValues: results.map { ($0.case, $0) })
        }

        private func lines(_ arguments: [String]) throws -> [(object: [String: Any], line: String)] {
            try varve(arguments).split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return (object ?? [:], String(line))
            }
        }

        /// Reads samples, events, attributes and log.
        private func judge() throws -> ConformanceJudge {
            let exported = try lines(["export", "--format", "ndjson", "--out", "-"])
            let points = Dictionary(grouping: exported) { $0.object["device"] as? String ?? "" }
                .mapValues { rows in Set(rows.compactMap { $0.object["point"] as? String }) }
            let measured = points.filter { !$0.value.allSatisfy { $0.hasPrefix("$") } }.keys.sorted()
            let rows = try lines(["query", "--format", "ndjson"] + measured.flatMap { ["--device", $0] })
            return ConformanceJudge(
                product: "",
                samples: Dictionary(grouping: rows) { $0.object["device"] as? String ?? "" }
                    .mapValues { $0.map(\.line) },
                log: try logEntries(),
                reserved: points.mapValues { $0.filter { $0.hasPrefix("$") } },
                listed: { try listed($0) })
        }

        /// The objects that a command prints, one a line; the brackets of an array are passed over.
        private func listed(_ arguments: [String]) throws -> [[String: Any]] {
            try varve(arguments).split(separator: "\n").filter { $0.hasPrefix("{") }.map { line in
                let text = line.hasSuffix(",") ? line.dropLast() : line
                return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
            }
        }

        /// The entries of the log, by client.
        private func logEntries() throws -> [String: [(entry: [String: Any], line: String)]] {
            let entries = try lines(["log", "--limit", "1000000", "--format", "ndjson"])
            return Dictionary(grouping: entries.map { (entry: $0.object, line: $0.line) }) {
                $0.entry["client"] as? String ?? ""
            }
        }
    }
}
