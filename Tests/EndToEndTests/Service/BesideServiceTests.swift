// BesideServiceTests.swift — commands do the same beside a running service as without one.

import Foundation
import Testing
import VarveFile
import VarvePlatform
import VarveServer
import VarveTestSupport

extension EndToEndTests {
    @Suite struct BesideServiceTests {
        /// Rows of two devices: enough for a segment, repeats, corrections, a text point, bad rows.
        private func file(_ sandbox: Sandbox, rows: Int = 40_000, name: String = "a.csv") throws -> String {
            var lines = ["device,point,time,value,quality"]
            for row in 0..<rows {
                let time = 1_700_000_000 + (row / 2 - (row % 100 == 99 ? 3 : 0)) * 10
                lines.append("T\(row % 2),p,\(time),\(Double(row % 977) / 8),")
                if row % 5 == 0 { lines.append("T\(row % 2),state,\(time),run \(row % 3),\(row % 2)") }
                if row % 1000 == 7 { lines.append("T0,p,not a time,1,") }
            }
            return try sandbox.write(lines: lines, name)
        }

        private func answers(_ sandbox: Sandbox) throws -> [String] {
            try [
                ["query", "--device", "T0", "--device", "T1", "--format", "csv"],
                ["query", "--device", "T1", "--every", "1h", "--agg", "avg,min,max,sum,count,first,last"],
                ["export", "--format", "csv", "--out", "-"], ["device", "list"], ["model", "list"],
            ].map { command in
                let ending = try sandbox.varve(command)
                #expect(ending.code == 0, "\(command): \(ending.errors)")
                return ending.output
            }
        }

        @Test(
            "import, the same import again, query, export, stats and verify give the same results as without a service"
        )
        func sameResults() throws {
            let alone = try Sandbox()
            let beside = try Sandbox()
            let service = try StandInService(beside.data)
            var receipts: [[PrintedReceipt]] = []
            for sandbox in [alone, beside] {
                let first = try file(sandbox)
                let second = try sandbox.write(
                    lines: ["device,point,time,value", "T0,p,1700000000,99.5", "T0,p,1600000000,1"], "b.csv")
                receipts.append(
                    try [["--register", first], [first], [second], ["--reapply", second]].map { arguments in
                        let ending = try sandbox.varve(["import", "--json", "--quiet"] + arguments)
                        #expect([0, 3].contains(ending.code), "\(arguments): \(ending.errors)")
                        return try ending.receipt()
                    })
            }
            #expect(receipts[0] == receipts[1])
            #expect(receipts[1][0]["accepted"] > 40_000 && receipts[1][0]["rejected"] == 40)
            #expect(receipts[1][1]["accepted"] == 0 && receipts[1][2]["corrected"] == 1)
            #expect(try answers(alone) == answers(beside))
            let statistics = try [alone, beside].map { try $0.varve("stats", "--json").object() }
            for name in ["series", "samples", "commit", "firstTime", "lastTime"] {
                #expect("\(statistics[0][name] ?? "-")" == "\(statistics[1][name] ?? "-")", "\(name)")
            }
            #expect(statistics[1]["commit"] as? UInt64 == service.store.lastCommit)
            #expect(try beside.varve("verify", "--deep").code == 0)
            #expect(try beside.varve("import", "--status", "--json").output.contains("\"finished\":true"))
            service.stop()
            #expect(try answers(alone) == answers(beside))
            #expect(try beside.varve("verify", "--deep").code == 0)
        }

        @Test("the next command sees what a message committed, and the service sees an import's rows")
        func bothWays() throws {
            let sandbox = try Sandbox()
            let service = try StandInService(sandbox.data)
            for second in 0..<20 {
                try service.message("T0", second: second, value: Double(second))
                let ending = try sandbox.varve("query", "--device", "T0", "--format", "csv")
                #expect(ending.output.split(separator: "\n").count == second + 2, "\(ending.errors)")
            }
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T0,p,3,3", "T0,p,1000,5"], "a.csv")
            let receipt = try sandbox.varve("import", "--register", "--json", file).receipt()
            #expect(receipt["identical"] == 1 && receipt["accepted"] == 1)
            #expect(service.store.lastCommit == 21)
        }

        @Test("compact merges in the service, with and without --wait")
        func compact() throws {
            let sandbox = try Sandbox()
            let service = try StandInService(sandbox.data)
            #expect(try sandbox.varve("import", "--register", "--quiet", file(sandbox)).code == 3)
            try service.message("T0", second: 1, value: 1)
            let before = try answers(sandbox)
            let merged = try sandbox.varve("compact", "--wait", "--json", "--quiet")
            #expect(try merged.object()["segments"] as? Int == 2, "\(merged.errors)")
            #expect(try sandbox.varve("stats", "--json").object()["segments"] as? Int == 1)
            #expect(try sandbox.varve("stats", "--json").object()["walBytes"] as? Int == 0)
            try service.message("T0", second: 2, value: 1)
            let started = try sandbox.varve("compact")
            #expect(started.code == 0 && started.output.contains("process \(getpid())"), "\(started.errors)")
            let end = SystemClock.monotonicNanoseconds() + 20_000_000_000
            var segments: [Int?] = []
            repeat {
                segments = try ["walBytes", "segments"].map {
                    try sandbox.varve("stats", "--json").object()[$0] as? Int
                }
            } while segments != [0, 1] && SystemClock.monotonicNanoseconds() < end
            #expect(segments == [0, 1])
            #expect(try answers(sandbox).dropFirst(3) == before.dropFirst(3))
        }

        @Test(
            "the service is notified of each registry change, and an unconfirmed change is still made")
        func registryChanges() throws {
            let sandbox = try Sandbox()
            let service = try StandInService(sandbox.data)
            let file = try sandbox.write(lines: ["device,point,time,value", "T9,q,1,1"], "a.csv")
            for (index, command) in [
                ["model", "create", "m", "--point", "p:double"], ["model", "add", "m", "--point", "q:bool"],
                ["product", "create", "P", "--model", "m"], ["device", "create", "D", "--product", "P"],
                ["device", "delete", "D"], ["import", "--register", "--quiet", file],
            ].enumerated() {
                let ending = try sandbox.varve(command)
                #expect(ending.code == 0 && ending.errors.isEmpty, "\(command): \(ending.errors)")
                #expect(service.registryNotices.count == index + 1, "\(command)")
            }
            #expect(try sandbox.varve("device", "list").code == 0)
            #expect(service.registryNotices.count == 6)
            service.registryNotices.fail()
            let warned = try sandbox.varve("device", "create", "E", "--product", "P")
            #expect(warned.code == 0 && warned.errorLines.count == 1, "\(warned.errors)")
            #expect(warned.errors.contains("the credentials file is gone"))
            #expect(try sandbox.varve("device", "show", "E").code == 0)
        }

        @Test(
            "a second import is refused with the first one's process; after its end the next may start")
        func twoImports() throws {
            let sandbox = try Sandbox()
            let service = try StandInService(sandbox.data)
            let lines = (0..<50).map { "T\($0 % 2),p,\(1_700_000_000 + $0),\($0)" }
            let file = try sandbox.write(lines: ["device,point,time,value"] + lines, "a.csv")
            let pipe = "\(sandbox.path)/pipe.csv"
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
            let first = try sandbox.start(["import", "--quiet", file, pipe])
            // Opening the pipe blocks until the importer opens it too, and by then the first file is committed.
            let end = try #require(FileHandle(forWritingAtPath: pipe))
            let refused = try sandbox.varve("import", "--register", file)
            #expect(refused.code == 1 && refused.errorLines.count == 1, "\(refused.errors)")
            #expect(refused.errors.contains("process \(first.identifier) is importing"), "\(refused.errors)")
            #expect(try sandbox.varve("query", "--device", "T1").code == 0)
            _ = first.kill(after: 0)
            try end.close()
            let limit = SystemClock.monotonicNanoseconds() + 10_000_000_000
            var next = try sandbox.varve("import", "--json", file)
            while next.code != 0, SystemClock.monotonicNanoseconds() < limit {
                next = try sandbox.varve("import", "--json", file)
            }
            #expect(try next.receipt()["replayed"] == 50, "\(next.errors)")
            #expect(service.store.lastCommit == 1)
        }

        @Test("an import killed at any moment is finished by the next one, with or without the service")
        func killedImport() throws {
            let sandbox = try Sandbox()
            let file = try file(sandbox, rows: 400_000)
            let alone = try Sandbox()
            let total = try alone.varve("import", "--register", "--json", "--quiet", file).receipt()
            var service: StandInService? = try StandInService(sandbox.data)
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<4 {
                let seconds = Double.random(in: 0.05...1.5, using: &random)
                _ = try sandbox.start(["import", "--register", "--quiet", file]).kill(after: seconds)
            }
            service?.stop()
            service = nil
            let last = try sandbox.varve("import", "--register", "--json", "--quiet", file)
            let receipt = try last.receipt()
            #expect(receipt["rows"] == total["rows"], "seed \(seed): \(last.errors)")
            let samples = try sandbox.varve("stats", "--json").object()["samples"] as? Int
            #expect(samples == total["accepted"], "seed \(seed)")
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test("if a service stops during an import, the import ends with one line and can go on without it")
        func stoppedService() throws {
            let sandbox = try Sandbox()
            let service = try StandInService(sandbox.data)
            let lines = (0..<50).map { "T\($0 % 2),p,\(1_700_000_000 + $0),\($0)" }
            let file = try sandbox.write(lines: ["device,point,time,value"] + lines, "a.csv")
            let pipe = "\(sandbox.path)/pipe.csv"
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(try sandbox.varve("import", "--register", "--quiet", file).code == 0)
            let importing = try sandbox.start(["import", "--quiet", file, pipe])
            let end = try #require(FileHandle(forWritingAtPath: pipe))
            service.stop()
            try end.write(contentsOf: Data("device,point,time,value\nT0,p,1800000000,7\n".utf8))
            try end.close()
            let ending = importing.wait()
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains("ended or stopped answering"), "\(ending.errors)")
            #expect(try sandbox.varve("import", "--json", file).receipt()["replayed"] == 50)
        }

        @Test("a data directory with a path longer than a socket address holds works the same")
        func longPath() throws {
            let sandbox = try Sandbox()
            let data = sandbox.path + "/" + String(repeating: "d", count: 200)
            let service = try StandInService(data)
            let file = try sandbox.write(lines: ["device,point,time,value", "T0,p,1,1"], "a.csv")
            let ending = try sandbox.varve(["import", "--register", "--json", file], data: data)
            #expect(try ending.receipt()["accepted"] == 1, "\(ending.errors)")
            #expect(service.store.lastCommit == 1)
        }

        @Test("a socket on which somebody listens and never answers is treated as absent")
        func otherSockets() throws {
            let sandbox = try Sandbox()
            let file = try sandbox.write(lines: ["device,point,time,value", "T0,p,1,1"], "a.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            // This service listens and never answers.
            let mute = try LocalSocketListener(path: sandbox.data + "/control.sock")
            #expect(try sandbox.varve("query", "--device", "T0").code == 0)
            #expect(try sandbox.varve("import", "--json", file).receipt()["replayed"] == 1)
            mute.close()
        }
    }
}
