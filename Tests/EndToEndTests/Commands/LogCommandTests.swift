// LogCommandTests.swift — the message log as a table and as JSON lines, filtered and followed.

import Foundation
import Testing
import VarveMessageLog
import VarveModel
import VarveTestSupport

extension EndToEndTests {
    @Suite struct LogCommandTests {
        private let sandbox: Sandbox
        private let log: MessageLog

        init() throws {
            sandbox = try Sandbox()
            try FileManager.default.createDirectory(
                atPath: sandbox.data, withIntermediateDirectories: true)
            log = MessageLog.open(path: "\(sandbox.data)/log.sqlite") {
                // One test removes the log while it is in use, so this message is expected.
                if !"\($0)".contains("a new log begins") { Issue.record("\($0)") }
            }
        }

        private func run(_ line: String) throws -> Ending {
            try sandbox.varve(line.split(separator: " ").map(String.init))
        }

        private func entry(
            _ kind: LogEntry.Kind, _ event: LogEntry.Event, hour: Int64 = 0, device: String? = nil
        ) -> LogEntry {
            let time = Timestamp(nanoseconds: (1_714_521_600 + hour * 3600) * 1_000_000_000)
            var entry = LogEntry(kind, event, time: time)
            (entry.channel, entry.product, entry.client, entry.device) = ("farm", "wind", "gateway", device)
            return entry
        }

        private func fill() throws {
            var refused = entry(.connection, .refused, hour: 1)
            refused.category = .login
            refused.reason = "wrong password"
            refused.address = "10.1.2.3"
            var received = entry(.payload, .received, hour: 2, device: "T1")
            received.setPayload(Array(#"{"id":"é"}"#.utf8))
            received.counts = LogEntry.Counts(accepted: 20, identical: 3)
            received.code = 200
            (received.items, received.commit, received.latency) = (2, 7, 1_234_567)
            var rejected = entry(.error, .rejected, hour: 3, device: "T9")
            rejected.code = 1257
            rejected.category = .device
            rejected.client = "g2|securemode=4|"
            rejected.reason = "params[0]: no device \"T9\""
            rejected.topic = "/sys/wind/integration/measurepoint/post"
            rejected.setPayload([0xFF, 0x00])
            try log.append([refused, received, rejected])
        }

        private func lines(_ ending: Ending) throws -> [[String: Any]] {
            try ending.output.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
        }

        @Test("the table has time, kind, client, code and what happened; the newest is last")
        func table() throws {
            try fill()
            let ending = try run("log")
            #expect(ending.code == 0, "\(ending.errors)")
            let rows = ending.output.split(separator: "\n")
            #expect(rows.count == 4)
            #expect(rows[0].hasPrefix("TIME") && rows[1].hasPrefix("2024-05-01T01:00:00Z  connection  farm"))
            for word in ["gateway", "refused", "wrong password", "10.1.2.3"] {
                #expect(rows[1].contains(word), "\(rows[1])")
            }
            for word in ["payload", "200", "20 accepted", "3 identical", "commit 7, 1.235 ms"] {
                #expect(rows[2].contains(word), "\(rows[2])")
            }
            for word in [
                "error", "1257", "rejected", "no device \"T9\"", "measurepoint/post", "payload ff00",
            ] {
                #expect(rows[3].contains(word), "\(rows[3])")
            }
            #expect(try run("log --tz Asia/Kolkata").output.contains("2024-05-01T06:30:00+05:30"))
        }

        @Test(
            "a JSON line has all fields of the entry, with the payload as text or, if it is not text, in base 64"
        )
        func jsonLines() throws {
            try fill()
            let rows = try lines(run("log --format ndjson"))
            #expect(rows.map { $0["event"] as? String } == ["refused", "received", "rejected"])
            #expect(rows[0]["reason"] as? String == "wrong password" && rows[0]["payload"] == nil)
            #expect(rows[1]["payload"] as? String == #"{"id":"é"}"# && rows[1]["accepted"] as? Int == 20)
            #expect(rows[1]["payloadCut"] as? Bool == false && rows[1]["bytes"] as? Int == 11)
            #expect(rows[1]["commit"] as? Int == 7 && rows[1]["latencyMs"] as? Double == 1.235)
            #expect(rows[1]["items"] as? Int == 2 && rows[1]["category"] == nil)
            #expect(rows[2]["payloadBase64"] as? String == "/wA=" && rows[2]["code"] as? Int == 1257)
            #expect(rows[2]["payloadHex"] as? String == "ff00" && rows[2]["category"] as? String == "device")
            #expect(rows[2]["time"] as? String == "2024-05-01T03:00:00Z")
        }

        @Test(
            "options select entries",
            arguments: [
                ("--kind payload", ["received"]),
                ("--kind connection --kind error", ["refused", "rejected"]),
                ("--device T9", ["rejected"]), ("--device wind/T1", ["received"]), ("--device sea/T1", []),
                ("--channel farm --limit 1", ["rejected"]), ("--channel other", []),
                ("--from 2024-05-01T02:00:00Z", ["received", "rejected"]),
                ("--from 2024-05-01T04:00 --to 2024-05-01T05:00 --tz Europe/Paris", ["received"]),
                ("--to 2024-05-01T02:00:00Z", ["refused"]), ("--code 200", ["received"]),
                ("--code 200 --code 1257", ["received", "rejected"]), ("--code 1204", []),
                ("--category login", ["refused"]),
                ("--event received --event refused", ["refused", "received"]),
                ("--client gateway", ["refused", "received"]), ("--client g2", ["rejected"]),
                ("--text WRONG", ["refused"]), ("--text \"id\":\"é\"", ["received"]),
                ("--kind error --text wrong", []), ("--all --kind error", ["rejected"]),
                ("--client gateway --client g2 --device T9 --device T1", ["received", "rejected"]),
                ("--channel other --channel farm --text WRONG --text nothing", ["refused"]),
                ("--product wind --kind error", ["rejected"]), ("--product sea", []),
            ])
        func filters(options: String, events: [String]) throws {
            try fill()
            let ending = try run("log --format ndjson \(options)")
            #expect(ending.code == 0 && ending.errors.isEmpty, "\(ending.errors)")
            #expect(try lines(ending).map { $0["event"] as? String } == events)
        }

        @Test("a list that ends at 1000 entries says so, and a name that the registry lacks too")
        func silence() throws {
            try log.append((0..<1000).map { entry(.payload, .received, hour: $0) })
            #expect(try run("log --format csv").errors.isEmpty)
            try log.append([entry(.payload, .received, hour: 2000)])
            let ending = try run("log --format csv")
            #expect(ending.code == 0 && ending.output.split(separator: "\n").count == 1001)
            #expect(ending.errors == "varve: these are the newest 1000 entries; --all shows the rest\n")
            #expect(try run("log --all --format csv").errors.isEmpty)
            #expect(try run("log --limit 5").errors.isEmpty)
            #expect(try run("model create m --point p:double").code == 0)
            let device = try run("log --device nosuch")
            #expect(device.code == 0 && device.errors.contains("no device \"nosuch\""), "\(device.errors)")
            #expect(try run("log --channel nosuch").code == 1)
        }

        @Test("the payload of a raw topic is in hex, also if it happens to be text")
        func rawPayload() throws {
            var raw = entry(.error, .rejected)
            raw.topic = "/sys/wind/T1/thing/model/up_raw"
            raw.setPayload(Array("AB".utf8))
            try log.append([raw])
            let row = try #require(try lines(run("log --format ndjson")).first)
            #expect(row["payloadHex"] as? String == "4142" && row["payload"] as? String == "AB")
            #expect(try run("log").output.contains("payload 4142"))
        }

        @Test("CSV has a header, all columns in each line, and quotes where they are needed")
        func csv() throws {
            try fill()
            let ending = try run("log --format csv")
            let rows = ending.output.split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            #expect(
                ending.output.hasPrefix(
                    "id,time,kind,event,category,channel,product,client,address,device,messageId,code,topic,"
                        + "bytes,items,accepted,identical,corrected,superseded,expired,replayed,rejected,skipped,"
                        + "commit,latencyMs,scriptLine,reason,payload,payloadBase64,payloadHex,payloadCut\n"))
            #expect(rows.map(\.count) == [31, 31, 31, 31], "\(ending.output)")
            #expect(
                rows[1].joined(separator: ",")
                    == "1,2024-05-01T01:00:00Z,connection,refused,login,farm,wind,gateway,10.1.2.3,"
                    + String(repeating: ",", count: 17) + "wrong password,,,,")
            #expect(rows[2][23...25] == ["7", "1.235", ""] && rows[2][27] == #""{""id"":""é""}""#)
            #expect(rows[3][28...30] == ["/wA=", "ff00", "false"])
        }

        @Test("--json and --format json print the entries as one JSON array, also an empty one")
        func jsonArray() throws {
            try fill()
            let lines = try lines(run("log --format ndjson"))
            for options in ["--json", "--format json", "--json --all"] {
                let ending = try run("log \(options)")
                let array =
                    try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [[String: Any]]
                #expect((array as NSArray?) == lines as NSArray, "\(ending.output)")
                #expect(ending.output.hasPrefix("[\n{") && ending.output.hasSuffix("}\n]\n"))
            }
            #expect(try run("log --json --code 1").output == "[]\n")
        }

        @Test(
            "a whole log of many pages is printed, each entry once and in order, and --limit takes the newest"
        )
        func whole() throws {
            for start in stride(from: 0, to: 3000, by: 500) {
                try log.append((start..<start + 500).map { entry(.payload, .received, hour: Int64($0)) })
            }
            #expect(try lines(run("log --all --format ndjson")).map { $0["id"] as? Int } == Array(1...3000))
            let newest = try lines(run("log --limit 1500 --format ndjson")).map { $0["id"] as? Int }
            #expect(newest == Array(1501...3000))
            #expect(try lines(run("log --format ndjson")).count == 1000)
            let array = try run("log --all --json")
            let object = try JSONSerialization.jsonObject(with: Data(array.output.utf8)) as? [[String: Any]]
            #expect(object?.count == 3000)
        }

        @Test(
            "text from a client cannot control the terminal", arguments: ["table", "ndjson", "csv", "json"])
        func hostileTexts(format: String) throws {
            var hostile = entry(.error, .rejected)
            let text = "a\u{1B}[2J\u{9B}1m\r\n\u{7F}\u{202E}b\u{2028}c"
            (hostile.client, hostile.reason, hostile.topic) = (text, text, text)
            hostile.channel = text
            hostile.messageID = text
            hostile.setPayload(Array(text.utf8))
            try log.append([hostile])
            let ending = try run("log --format \(format)")
            let lines = ["table": 2, "csv": 2, "json": 3][format] ?? 1
            #expect(ending.output.split(separator: "\n").count == lines)
            let bad = ending.output.unicodeScalars.filter {
                $0 != "\n" && ($0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E)
            }
            #expect(bad.isEmpty, "\(ending.output)")
            if format == "ndjson" {
                #expect(try self.lines(ending).first?["reason"] as? String == text)
                #expect(try self.lines(ending).first?["payload"] as? String == text)
            }
        }

        @Test("a long client id is cut in the table and whole in JSON")
        func longClient() throws {
            var long = entry(.connection, .connected)
            long.client = String(repeating: "x", count: 600)
            try log.append([long])
            let table = try run("log").output.split(separator: "\n")
            #expect(table[0].count < 200 && table[1].contains("xxx…  "), "\(table)")
            #expect(try lines(run("log --format ndjson")).first?["client"] as? String == long.client)
        }

        @Test("a payload cut inside a character is still text")
        func cutPayload() throws {
            var long = entry(.payload, .received)
            long.setPayload(Array("abé".utf8), limit: 3)
            try log.append([long])
            let row = try #require(try lines(run("log --format ndjson")).first)
            #expect(row["payload"] as? String == "ab" && row["payloadCut"] as? Bool == true)
        }

        @Test("follow prints entries as they come, each once, and goes on in a new log")
        func follow() throws {
            try fill()
            let stem = "\(sandbox.path)/follow"
            let process = try ChildProcess(
                [
                    Installation.varve, "log", "--follow", "--format", "ndjson", "--client", "gateway",
                    "--kind", "connection",
                ],
                environment: ["VARVE_DATA": sandbox.data], folder: sandbox.path, printsTo: stem)
            let listener = Listener(process: process)
            _ = try listener.waitForLine { $0.contains("refused") }
            try log.append([entry(.error, .failed), entry(.connection, .connected)])
            _ = try listener.waitForLine { $0.contains("\"connected\"") }
            for end in ["", "-wal", "-shm"] {
                try FileManager.default.removeItem(atPath: "\(sandbox.data)/log.sqlite\(end)")
            }
            try log.append([entry(.connection, .disconnected)])
            _ = try listener.waitForLine { $0.contains("disconnected") }
            #expect(listener.lines.count == 3, "\(listener.lines)")
            #expect(process.kill(after: 0).errors.isEmpty)
        }

        @Test("follow ends without a message when nobody reads any more")
        func closedPipe() throws {
            try fill()
            let line = "'\(Installation.varve)' log --follow | head -n 1"
            let ending = try sandbox.start(
                program: ["/bin/sh", "-c", line], environment: ["VARVE_DATA": sandbox.data]
            ).wait()
            #expect(ending.code == 0 && ending.errors.isEmpty, "\(ending.errors)")
            #expect(ending.output.hasPrefix("TIME"))
        }

        @Test("a directory without a log, and one with a file that is not a log, say so in one line")
        func missing() throws {
            let missing = try sandbox.varve(["log"], data: "\(sandbox.path)/none")
            #expect(missing.code == 1 && missing.errorLines.count == 1, "\(missing.errors)")
            #expect(missing.errors.contains("varve serve"), "\(missing.errors)")
            let other = "\(sandbox.path)/other"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
            try sandbox.write(String(repeating: "no database. ", count: 500).utf8, "other/log.sqlite")
            let foreign = try sandbox.varve(["log"], data: other)
            #expect(foreign.code == 1 && foreign.errorLines.count == 1, "\(foreign.errors)")
        }

        @Test(
            "a wrong option ends with exit code 2 and is named",
            arguments: [
                ("--kind all", "all"), ("--limit 0", "--limit"), ("--from soon", "soon"),
                ("--tz Mars/X", "Mars/X"),
                ("--format xml", "xml"), ("--json --format csv", "--format csv"),
                ("--all --limit 3", "--all"),
                ("--follow --json", "--follow"), ("--category x", "--category"), ("--code many", "--code"),
                ("--text=", "--text"), ("--limit 1 --limit=2", "--limit is given twice"),
                ("--from 2024-01-02 --to 2024-01-01", "--to"),
            ])
        func usage(options: String, name: String) throws {
            let ending = try run("log \(options)")
            #expect(ending.code == 2 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains(name), "\(ending.errors)")
        }
    }
}
