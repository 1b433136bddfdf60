// PolicyCommandTests.swift — `varve policy`: files and messages store the same, and a change takes effect at once.

import Foundation
import Glibc
import Testing
import VarveControl
import VarveTestSupport

extension EndToEndTests {
    @Suite struct PolicyCommandTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func run(_ arguments: [String], in other: Sandbox? = nil) throws -> Ending {
            let ending = try (other ?? sandbox).varve(arguments)
            #expect(ending.code == 0, "\(arguments): \(ending.output)\(ending.errors)")
            return ending
        }

        private func values(_ point: String) throws -> [String] {
            try run(["query", "--device", "A", "--point", point, "--format", "csv"]).output.split(
                separator: "\n"
            )
            .dropFirst().map { String($0.split(separator: ",", omittingEmptySubsequences: false)[3]) }
        }

        /// A line of a random policy, and what it makes of a value, calculated in the plainest way.
        private struct Line {
            var point: String
            var json: String
            var name: String
            var isStored = true
            var change: (String) -> String = { $0 }

            init(_ point: String, _ random: inout SeededGenerator) {
                self.point = point
                name = point
                var members = ["\"point\":\"\(point)\""]
                if Int.random(in: 0..<4, using: &random) == 0 {
                    isStored = false
                    members.append("\"stored\":false")
                } else {
                    if Bool.random(using: &random) {
                        name = "\(point)_stored"
                        members.append("\"name\":\"\(name)\"")
                    }
                    if point == "d" {
                        let scale = Double(Int.random(in: 1...40, using: &random)) / 8
                        let offset = Double(Int.random(in: -40...40, using: &random)) / 16
                        let top = Double(Int.random(in: 50...200, using: &random))
                        members.append("\"scale\":\(scale),\"offset\":\(offset),\"max\":\(top)")
                        change = { "\(min((Double($0) ?? .nan) * scale + offset, top))" }
                    } else if point == "n" {
                        let (scale, offset) = (
                            Int.random(in: -5...5, using: &random) | 1, Int.random(in: -9...9, using: &random)
                        )
                        members.append("\"scale\":\(scale),\"offset\":\(offset),\"min\":-20")
                        change = { "\(max((Int($0) ?? 0) * scale + offset, -20))" }
                    }
                }
                json = "{" + members.joined(separator: ",") + "}"
            }
        }

        /// A random policy, rows of its points, and what is to be stored of them.
        private struct Case {
            static let points = ["d", "n", "s", "b"]
            var policy: String
            var rows: [String] = []
            var expected: [String] = []

            init(_ seed: UInt64) {
                var random = SeededGenerator(seed: seed)
                let lines = Self.points.filter { _ in Int.random(in: 0..<4, using: &random) > 0 }.map {
                    Line($0, &random)
                }
                let storesOthers = Bool.random(using: &random)
                let others = "{\"others\":\"\(storesOthers ? "store" : "drop")\"}"
                policy = "[" + ([others] + lines.map(\.json)).joined(separator: ",\n") + "]"
                for second in 0..<30 {
                    for point in Self.points where Bool.random(using: &random) {
                        let value = Self.value(of: point, second, &random)
                        rows.append("A\(seed),\(point),\(1_700_000_000 + second),\(value)")
                        let line = lines.first { $0.point == point }
                        guard line?.isStored ?? storesOthers else { continue }
                        let stored = line?.change(value) ?? value
                        expected.append(
                            "\(line?.name ?? point) \(second) \(PolicyCommandTests.plain(stored))")
                    }
                }
            }

            private static func value(
                of point: String, _ second: Int, _ random: inout SeededGenerator
            ) -> String {
                switch point {
                case "d": "\(Double(Int.random(in: -400...400, using: &random)) / 8)"
                case "n": "\(Int.random(in: -100...100, using: &random))"
                case "s": "text \(second)"
                default: Bool.random(using: &random) ? "true" : "false"
                }
            }
        }

        @Test("a file that is imported and the same file as messages give what a naive calculation gives")
        func sameByEveryWay() throws {
            let other = try Sandbox()
            let service = try RunningService(in: sandbox)
            for seed in 0..<6 as Range<UInt64> {
                let (product, model, one) = ("P\(seed)", "M\(seed)", Case(seed))
                for place in [sandbox, other] {
                    let file = try place.write(lines: [one.policy], "policy.json")
                    for command in [
                        [
                            "model", "create", model, "--point", "d:double", "--point", "n:int64", "--point",
                            "s:string", "--point", "b:bool",
                        ],
                        ["product", "create", product, "--model", model],
                        ["device", "create", "A\(seed)", "--product", product],
                        ["policy", "set", product, "--file", file],
                    ] { _ = try run(command, in: place) }
                }
                let file = ["device,point,time,value"] + one.rows
                _ = try run(["import", "--quiet", other.write(lines: file, "\(seed).csv")], in: other)
                _ = try DemoChannel("channel\(seed)", product: product, in: sandbox)
                let sent = try sandbox.write(lines: file, "\(seed).csv")
                _ = try run(["publish", "--quiet", "--batch-rows", "7", "--channel", "channel\(seed)", sent])
                for (way, place) in [("messages", sandbox), ("file", other)] {
                    let output = try run(["query", "--device", "A\(seed)", "--format", "csv"], in: place)
                        .output
                    let stored = output.split(separator: "\n").dropFirst().map(Self.read)
                    #expect(
                        stored.sorted() == one.expected.sorted(), "seed \(seed), \(way), policy \(one.policy)"
                    )
                }
                let compared = try sandbox.varve("digest", "--compare", sent)
                #expect(compared.code == 0, "seed \(seed): \(compared.output)\(compared.errors)")
            }
            #expect(service.stop()?.code == 0)
        }

        fileprivate static func plain(_ value: String) -> String { Double(value).map { "\($0)" } ?? value }

        /// Point, second and value of a row of a query.
        private static func read(_ row: Substring) -> String {
            let fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let time = (try? Date.ISO8601FormatStyle().parse(fields[2]).timeIntervalSince1970) ?? 0
            return "\(fields[1]) \(Int(time) - 1_700_000_000) \(plain(fields[3]))"
        }

        @Test(
            "beside a running service a change holds for the next message, and a batch under it is no replay")
        func besideService() throws {
            for command in DigestKind.model("x:double", "y:int64") { _ = try run(command) }
            let service = try RunningService(in: sandbox)
            _ = try DemoChannel("channel", product: "P", in: sandbox)
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "A,x,1700000000,1", "A,x,1700000001,2", "A,y,1700000000,7",
                ], "a.csv")
            func send() throws {
                _ = try run(["publish", "--quiet", "--again", "--channel", "channel", file])
            }
            func commit() throws -> UInt64 {
                try run(["stats", "--json"]).object()["commit"] as? UInt64 ?? 0
            }
            try send()
            #expect(try values("x") == ["1", "2"])
            let first = try commit()
            _ = try run(["policy", "set", "P", "--point", "x", "--scale", "10"])
            #expect(try values("x") == ["1", "2"])
            try send()
            #expect(try values("x") == ["10", "20"])
            let second = try commit()
            #expect(second > first)
            try send()
            #expect(try commit() == second)
            _ = try run(["policy", "set", "P", "--point", "x", "--remove"])
            try send()
            #expect(try values("x") == ["1", "2"])
            let third = try commit()
            _ = try run(["policy", "set", "P", "--point", "x", "--drop"])
            let later = try sandbox.write(
                lines: ["device,point,time,value", "A,x,1700000009,1", "A,y,1700000009,8"], "b.csv")
            _ = try run(["publish", "--quiet", "--channel", "channel", later])
            #expect(try values("x") == ["1", "2"] && values("y") == ["7", "8"])
            let log = try run(["log", "--format", "ndjson"]).output
            #expect(log.contains("1 not stored, by policy"), "\(log)")
            let history = try run(["policy", "show", "P", "--history", "--json"]).output.split(
                separator: "\n"
            ).map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
            #expect(history.map { $0["version"] as? Int } == [3, 2, 1])
            #expect(history.map { $0["commit"] as? UInt64 } == [third, second, first])
            #expect(service.stop()?.code == 0)
        }

        @Test("under another rule for duplicates a file and a message are no replays, and the answer counts")
        func duplicates() throws {
            for command in DigestKind.model("x:double") { _ = try run(command) }
            let header = "device,point,time,value"
            let first = try sandbox.write(lines: [header, "A,x,1700000000,1"], "a.csv")
            let second = try sandbox.write(lines: [header, "A,x,1700000000,2"], "b.csv")
            _ = try run(["policy", "set", "P", "--duplicates", "first"])
            _ = try run(["import", "--quiet", first])
            #expect(try run(["import", second]).output.contains("superseded  1"))
            _ = try run(["policy", "set", "P", "--duplicates", "last"])
            #expect(try run(["import", second]).output.contains("corrected  1"))
            #expect(try values("x") == ["2"])
            #expect(try run(["import", second]).output.contains("replayed   1"))
        }

        @Test("a policy that is set during an import ends it, and no row of the import is under the new one")
        func duringImport() throws {
            for command in DigestKind.model("x:double", "s:string") { _ = try run(command) }
            // Long texts, so that few rows make several batches.
            let text = String(repeating: "x", count: 60_000)
            let lines = (0..<2000).flatMap { row in
                let time = 1_700_000_000 + row
                return ["A,x,\(time),\(row + 1)", "A,s,\(time),\(text)"]
            }
            let file = try sandbox.write(lines: ["device,point,time,value"] + lines, "a.csv")
            let service = try RunningService(in: sandbox)
            let importing = try sandbox.start(["import", "--quiet", file])
            let control = try #require(try ControlClient.connect(directory: sandbox.data))
            try eventually("the first batch is committed; \(importing.errors)", every: 0) {
                try control.horizon() > 0
            }
            kill(importing.identifier, SIGSTOP)
            _ = try run(["policy", "set", "P", "--point", "x", "--scale", "1000"])
            kill(importing.identifier, SIGCONT)
            let ended = importing.wait()
            #expect(ended.code == 1 && ended.errors.contains("a policy was changed"), "\(ended.errors)")
            let before = try values("x").compactMap { Int($0) }
            #expect(!before.isEmpty && before == Array(1...before.count) && before.count < 2000)
            let commit = try run(["stats", "--json"]).object()["commit"] as? UInt64 ?? 0
            let recorded = try run(["policy", "show", "P", "--history", "--json"]).object()
            let since = recorded["commit"] as? UInt64 ?? 0
            #expect(recorded["version"] as? Int == 1 && since > 0 && since <= commit, "\(recorded)")
            _ = try run(["import", "--quiet", file])
            #expect(try values("x") == (1...2000).map { "\($0 * 1000)" })
            #expect(service.stop()?.code == 0)
        }

        @Test("a point is kept by its own rule, which is shown, and old rows of it expire on arrival")
        func retention() throws {
            for command in DigestKind.model("x:double", "y:double") { _ = try run(command) }
            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "A,x,2001-01-01T00:00:00Z,1", "A,y,2001-01-01T00:00:00Z,2",
                ], "a.csv")
            _ = try run(["import", file])
            _ = try run(["policy", "set", "P", "--point", "x", "--keep", "1y"])
            let shown = try run(["retention", "show"]).output
            #expect(shown.contains("samples of point x of product P: kept for 1y, by event"))
            let json = try run(["retention", "show", "--json"]).output
            #expect(
                json.contains(
                    #"{"scope":"point","name":"x","product":"P","seconds":31536000,"by":"event"}"#), "\(json)"
            )
            #expect(try run(["retention", "apply"]).output.contains("let go of 1 samples of 1 series"))
            #expect(try values("y") == ["2"])
            let again = try sandbox.write(
                lines: [
                    "device,point,time,value", "A,x,2002-01-01T00:00:00Z,1", "A,y,2002-01-01T00:00:00Z,2",
                ], "b.csv")
            let receipt = try run(["import", again]).output
            #expect(
                receipt.contains("expired   1  not stored, too old: point x of product P keeps 1y"),
                "\(receipt)")
        }

        @Test("options that do not go together are refused, and the reason of a file names it and its line")
        func refused() throws {
            for command in DigestKind.model("x:double", "n:int64") { _ = try run(command) }
            let file = try sandbox.write(lines: ["[", "{\"point\":\"x\",\"scales\":2}]"], "policy.json")
            let cases: [([String], String)] = [
                (["--scale", "2"], "name the point that this is for: --point"), ([], "say what to set"),
                (["--point", "x", "--remove", "--drop"], "leave out what it would say"),
                (["--point", "x", "--remove"], "the policy has no line of point x"),
                (["--point", "x", "--by", "arrival"], "belongs to --keep"),
                (["--point", "x", "--keep", "0d"], "is not a time such as"),
                (["--point", "n", "--scale", "0.5"], "0.5 is not an integer"),
                (["--point", "n", "--offset", "9007199254740993"], "is not a number that is kept exactly"),
                (["--point", "z"], "has no point"),
                (["--file", file], "policy.json, line 2: unknown member"),
                (["--file", file, "--others", "drop"], "--file is a whole policy"),
            ]
            for (options, reason) in cases {
                let ending = try sandbox.varve(["policy", "set", "P"] + options)
                #expect(ending.code != 0 && ending.errors.contains(reason), "\(options): \(ending.errors)")
            }
        }
    }
}
