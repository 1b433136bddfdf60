// HistoryCommandTests.swift — `--as-of`, `varve retention` and `varve policy`, alone and beside a service.

import Foundation
import Testing
import VarveFile
import VarveTestSupport

extension EndToEndTests {
    @Suite struct HistoryCommandTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func importRows(_ rows: [String], _ name: String) throws {
            let file = try sandbox.write(lines: ["device,point,time,value"] + rows, name)
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
        }

        private func values(_ more: String...) throws -> [String] {
            let ending = try sandbox.varve(
                ["query", "--device", "T0", "--point", "p", "--format", "csv"] + more)
            #expect(ending.code == 0, "\(ending.errors)")
            return ending.output.split(separator: "\n").dropFirst().map {
                String($0.split(separator: ",", omittingEmptySubsequences: false)[3])
            }
        }

        @Test(
            "earlier states are read by query, export and digest, until history ends",
            arguments: [false, true])
        func states(isBesideService: Bool) throws {
            let service = isBesideService ? try StandInService(sandbox.data) : nil
            try importRows((0..<5).map { "T0,p,\(1_700_000_000 + $0),\($0)" }, "a.csv")
            let first = try #require(try sandbox.varve("stats", "--json").object()["commit"] as? Int)
            let digest = try sandbox.varve("digest", "--by", "all", "--format", "csv").output
            try importRows(["T0,p,1700000002,20", "T0,p,1700000009,9"], "b.csv")
            #expect(try values() == ["0", "1", "20", "3", "4", "9"])
            #expect(try values("--as-of", "\(first)") == ["0", "1", "2", "3", "4"])
            #expect(try values("--as-of", "2020-01-01") == [])
            #expect(try values("--as-of", "2200-01-01") == values())
            #expect(try sandbox.varve("compact", "--wait", "--quiet").code == 0)
            #expect(try values("--as-of", "\(first)") == ["0", "1", "2", "3", "4"])
            let past = ["--as-of", "\(first)"]
            #expect(try sandbox.varve(["digest", "--by", "all", "--format", "csv"] + past).output == digest)
            let export = try sandbox.varve(["export", "--format", "csv", "--out", "-"] + past)
            #expect(export.output.split(separator: "\n").count == 6)
            let none = try sandbox.varve("query", "--device", "T0", "--as-of", "99")
            #expect(none.code == 1 && none.errors.contains("--as-of: there is no commit 99 yet"))
            #expect(try sandbox.varve("query", "--device", "T0", "--as-of", "then").code == 2)
            withExtendedLifetime(service) {}
        }

        @Test("without history a merge drops the earlier states")
        func noHistory() throws {
            try importRows(["T0,p,1700000001,1"], "a.csv")
            try importRows(["T0,p,1700000001,2"], "b.csv")
            let kept = try sandbox.varve("compact", "--wait", "--quiet").output
            #expect(kept.contains("\nkept 1 older versions"), "\(kept)")
            #expect(try sandbox.varve("retention", "set", "--history", "0s").code == 0)
            let dropped = try sandbox.varve("compact", "--wait", "--quiet").output
            #expect(dropped.contains("\ndropped 1 older versions") && !dropped.contains("kept"), "\(dropped)")
            let past = try sandbox.varve("query", "--device", "T0", "--as-of", "1")
            #expect(past.code == 1 && past.errors.contains("the oldest is that of commit 2"))
            let statistics = try sandbox.varve("stats", "--json").object()
            #expect(statistics["historyBytes"] as? Int == 0 && statistics["historyFromCommit"] as? Int == 2)
        }

        @Test("samples older than the rule are removed, and sending them again does not bring them back")
        func retention() throws {
            let now = Int(Date().timeIntervalSince1970)
            let rows = (1...40).map { "T0,p,\(now - $0 * 86_400),\($0)" }
            try importRows(rows, "a.csv")
            try importRows(["T1,q,\(now - 90 * 86_400),1"], "b.csv")
            #expect(try sandbox.varve("retention", "set", "--model", "default", "--keep", "60d").code == 0)
            let set = try sandbox.varve("retention", "set", "--product", "default", "--keep", "10d")
            #expect(set.output == "samples of product default: kept for 10d, by event\n")
            let shown = try sandbox.varve("retention", "show")
            #expect(
                shown.output == """
                    corrected versions: kept for 7d
                    samples of model default: kept for 60d, by event
                    samples of product default: kept for 10d, by event

                    """)
            let applied = try sandbox.varve("retention", "apply")
            #expect(applied.output == "let go of 31 samples of 2 series\n")
            #expect(try values().count == 10)
            #expect(try sandbox.varve("stats", "--json").object()["segments"] as? Int == 1)
            try importRows(rows, "a.csv")
            #expect(try values().count == 10)
            #expect(try sandbox.varve("compact", "--wait", "--quiet").code == 0)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["historySamples"] as? Int == 0)

            for arguments in [
                ["--keep", "3d"], ["--product", "default"], ["--product", "default", "--keep", "3q"],
                ["--history", "1d", "--product", "default"], ["--product", "default", "--keep", "0s"],
            ] {
                let refused = try sandbox.varve(["retention", "set"] + arguments)
                #expect(refused.code == 2 && refused.errors.split(separator: "\n").count == 1)
            }
            let forever = try sandbox.varve("retention", "set", "--product", "default", "--keep", "forever")
            #expect(forever.output == "samples of product default: kept forever\n")
        }

        @Test("a policy that is set later applies to rows that come later")
        func policy() throws {
            try importRows(["T0,p,1700000001,1"], "a.csv")
            #expect(try sandbox.varve("policy", "set", "default", "--duplicates", "first").code == 0)
            try importRows(["T0,p,1700000001,2"], "b.csv")
            #expect(try values() == ["1"])
            #expect(
                try sandbox.varve("policy", "show", "--json").output
                    == "{\"product\":\"default\",\"duplicates\":\"first\"}\n")
            #expect(try sandbox.varve("policy", "set", "none", "--duplicates", "last").code == 1)
        }
    }
}
