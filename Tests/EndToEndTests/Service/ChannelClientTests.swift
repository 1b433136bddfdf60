// ChannelClientTests.swift — third-party clients log in, post messages and get answers; failures are in the log.
//
// The clients share no code with Varve. They are mosquitto's own, and paho with a signature computed in Python.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ChannelClientTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel
        private let secret = "pSecret01"

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double:quality", "--point", "state:string"],
                ["product", "create", "wind", "--model", "turbine", "--secret", secret],
                ["product", "create", "sun", "--model", "turbine"],
                ["device", "create", "T1", "--product", "wind", "--secret", "dSecret01"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        @Test("mosquitto_pub with the fixed credentials posts, and mosquitto_sub reads 200")
        func mosquittoClients() throws {
            let reply = try post(Self.message(id: "\"m-1\"", time: 1_704_067_200_000, value: "3.25"))
            #expect(reply == #"{"id":"m-1","code":200,"data":{}}"#)
            let rows = try sandbox.varve("query", "--device", "T1", "--point", "power", "--format", "csv")
            #expect(
                rows.output.hasSuffix("T1,power,2024-01-01T00:00:00Z,3.25,7\n"),
                "\(rows.output)\(rows.errors)")
        }

        @Test(
            "a client that signs its login as EnOS does posts and reads 200",
            arguments: [("4", "sha256"), ("4", "hmacsha1"), ("2", "sha1"), ("4", "md5")])
        func signedLogin(mode: String, method: String) throws {
            let ending = try enosClient("%channel%", secret: secret, mode, method)
            #expect(ending.code == 0, "\(ending.output)\(ending.errors)")
            #expect(ending.output == #"{"id":7,"code":200,"data":{}}"# + "\n")
        }

        @Test(
            "refused logins, denied topics, unknown devices and broken payloads are in the log, with the reason"
        )
        func log() throws {
            let wrong = try enosClient("%channel%", secret: "guessed", "4", "sha256")
            #expect(wrong.code == 4, "\(wrong.output)")
            let unknown = try enosClient("%channel%", product: "moon", secret: secret, "4", "sha256")
            #expect(unknown.code == 4, "\(unknown.output)")
            let publish = try mosquitto(
                "mosquitto_pub", "other-topic",
                [
                    "-t", "/sys/sun/integration/measurepoint/post", "-m", "{}",
                ])
            #expect(publish.wait().code == 0, "a client of version 3.1.1 is not told of a denied publish")
            let missing = try post(Self.message(id: "8", device: "T9", time: 1, value: "1"))
            #expect(missing.contains(#""code":1257"#) && missing.contains("T9"), "\(missing)")
            let broken = try post(#"{"id":"9","method":"integration.measurepoint.post","params":[{"#)
            #expect(broken.contains(#""code":1220"#), "\(broken)")
            try eventually("the log has all five") {
                let lines = try sandbox.varve("log", "--format", "ndjson").output.split(separator: "\n")
                func has(_ texts: String...) -> Bool {
                    lines.contains { line in
                        texts.allSatisfy { line.contains($0) } && line.contains("\"time\"")
                    }
                }
                return has("refused", "wind|securemode=4", "signature")
                    && has("refused", "moon", "unknown or has no channel")
                    && has("denied", "other-topic", "/sys/sun/integration/measurepoint/post")
                    && has("1257", "T9", #""client":"sender""#) && has("1220", #""client":"sender""#)
            }
            let stats = try sandbox.varve("log", "--kind", "error")
            #expect(
                stats.output.contains("1257") && stats.output.contains("T9"), "\(stats.output)\(stats.errors)"
            )
            // A refused message is an error, whether the service or the broker refused it; a login is not.
            for (category, count) in [("login", 0), ("topic", 1), ("device", 1), ("json", 1), ("model", 0)] {
                let found = try sandbox.varve(
                    "log", "--kind", "error", "--category", category, "--format", "ndjson")
                #expect(found.output.split(separator: "\n").count == count, "\(category): \(found.output)")
            }
            let logins = try sandbox.varve("log", "--category", "login", "--format", "ndjson").output
            #expect(logins.split(separator: "\n").count == 2, "\(logins)")
        }

        @Test("a client id with invisible characters is refused, and shown escaped")
        func invisibleClient() throws {
            let refused = try mosquitto("mosquitto_pub", "a\u{202E}b", ["-t", "/sys/wind/x", "-m", "1"])
                .wait()
            #expect(refused.code == 5, "\(refused.errors)")
            try eventually("the log has it") {
                let table = try sandbox.varve("log").output
                return table.contains("a\\u{202E}b") && table.contains("leave it out")
            }
        }

        @Test("a client that the broker cuts off by itself has the reason in the log of its channel")
        func cutOff() throws {
            let large = try sandbox.write(Data(count: 4_300_000), "large")
            // The broker's own limit is above Varve's, which is answered with 1008.
            let sender = try mosquitto(
                "mosquitto_pub", "closed its connection.", ["-t", "/sys/wind/x", "-q", "1", "-f", large])
            defer { _ = sender.kill(after: 0) }
            try eventually("the log has the reason") {
                let entries = try sandbox.varve("log", "--channel", "windfarm", "--format", "ndjson").output
                return entries.split(separator: "\n").contains { line in
                    ["disconnected", "packet above the broker's limit", "\"closed its connection.\""]
                        .allSatisfy { line.contains($0) }
                }
            }
            service.stop()
            let reasons = try sandbox.varve("log", "--channel", "windfarm").output.split(separator: "\n")
                .filter { $0.contains("disconnected") }
            #expect(
                reasons.allSatisfy { $0.contains("cut off: packet above") || $0.contains("stopping") },
                "\(reasons)")
        }

        @Test("a device that is registered while the service runs is known at once")
        func newDevice() throws {
            let message = Self.message(id: "1", device: "T2", time: 1_704_067_200_000, value: "1")
            #expect(try post(message).contains("1257"))
            #expect(try sandbox.varve("device", "create", "T2", "--product", "wind").code == 0)
            #expect(try post(message).contains("200"))
        }

        @Test("nobody can log in to a disabled channel, and its clients are disconnected")
        func disabled() throws {
            let listener = try mosquitto("mosquitto_sub", "listener", ["-d", "-t", "/sys/wind/x_reply"])
            try eventually("the listener is in") { listener.output.contains("Subscribed") }
            #expect(try sandbox.varve("channel", "disable", "windfarm").code == 0)
            let refused = try mosquitto("mosquitto_pub", "late", ["-t", "/sys/wind/x", "-m", "1"]).wait()
            #expect(refused.code == 5, "\(refused.errors)")
            #expect(try sandbox.varve("channel", "enable", "windfarm").code == 0)
            #expect(
                try mosquitto("mosquitto_pub", "back", ["-t", "/sys/wind/x", "-m", "1"]).wait().code == 0)
        }

        @Test(
            "samples too old for a rule are answered as expired and not stored; without the rule they are stored"
        )
        func expired() throws {
            let rule = ["retention", "set", "--product", "wind", "--keep"]
            #expect(try sandbox.varve(rule + ["1y"]).code == 0)
            // 2001-01-01 is too old for the rule, 2100-01-01 is not.
            let old = Self.message(id: "1", time: 978_307_200_000, value: "1.5")
            let new = Self.message(id: "2", time: 4_102_444_800_000, value: "2.5")
            #expect(try post(old) == #"{"id":1,"code":200,"data":{"expired":2}}"#)
            #expect(try post(new) == #"{"id":2,"code":200,"data":{}}"#)
            #expect(try post(old) == #"{"id":1,"code":200,"data":{"expired":2}}"#)
            let query = ["query", "--device", "T1", "--point", "power", "--format", "csv"]
            let header = "device,point,time,value,quality\n"
            #expect(try sandbox.varve(query).output == header + "T1,power,2100-01-01T00:00:00Z,2.5,7\n")
            try eventually("the log names the rule") {
                try sandbox.varve("log", "--format", "ndjson").output.contains("product wind keeps 1y")
            }
            #expect(try sandbox.varve(rule + ["forever"]).code == 0)
            #expect(try post(old) == #"{"id":1,"code":200,"data":{}}"#)
            #expect(try post(new) == #"{"id":2,"code":200,"data":{"replayed":2}}"#)
            #expect(
                try sandbox.varve(query).output
                    == header + "T1,power,2001-01-01T00:00:00Z,1.5,7\n"
                    + "T1,power,2100-01-01T00:00:00Z,2.5,7\n")
        }

        @Test(
            "after a change of a type the next message is read with the new type, and an earlier message is applied again"
        )
        func typeChange() throws {
            func payload(_ id: Int, _ state: String) -> String {
                """
                {"id":\(id),"version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"T1",\
                "measurepoints":{"state":\(state)},"time":\(1_704_067_200_000 + id * 1000)}]}
                """
            }
            #expect(try post(payload(0, "\"5.25\"")) == #"{"id":0,"code":200,"data":{}}"#)
            #expect(try post(payload(1, "6.5")).contains(#""code":1204"#))
            let change = try sandbox.varve("model", "change", "turbine", "--point", "state:double", "--quiet")
            #expect(change.code == 0 && change.output.contains("1 samples of 1 series"), "\(change.errors)")
            #expect(try post(payload(1, "6.5")) == #"{"id":1,"code":200,"data":{}}"#)
            #expect(try post(payload(0, "5.25")) == #"{"id":0,"code":200,"data":{}}"#)
            let rows = try sandbox.varve("query", "--device", "T1", "--point", "state", "--format", "csv")
            #expect(
                rows.output == "device,point,time,value,quality\nT1,state,2024-01-01T00:00:00Z,5.25,\n"
                    + "T1,state,2024-01-01T00:00:01Z,6.5,\n", "\(rows.output)")
        }

        /// Posts a message with mosquitto's clients and returns the reply.
        private func post(_ payload: String) throws -> String {
            let topic = "/sys/wind/integration/measurepoint/post"
            let listener = try mosquitto(
                "mosquitto_sub", "listener-\(UInt32.random(in: 0 ... .max))",
                ["-d", "-q", "1", "-C", "1", "-W", "60", "-F", "reply: %p", "-t", "\(topic)_reply"])
            try eventually("the listener is in") { listener.output.contains("Subscribed") }
            let sender = try mosquitto("mosquitto_pub", "sender", ["-q", "1", "-t", topic, "-m", payload])
            let sent = sender.wait()
            #expect(sent.code == 0, "\(sent.errors)")
            let lines = listener.wait().output.split(separator: "\n")
            return lines.first { $0.hasPrefix("reply: ") }.map { String($0.dropFirst(7)) } ?? ""
        }

        private func mosquitto(
            _ program: String, _ client: String, _ arguments: [String]
        ) throws -> ChildProcess {
            try sandbox.start(
                // Without stdbuf, mosquitto_sub would write to a file only at its end.
                program: [
                    "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", String(service.port), "-i", client,
                    "-u", channel.username, "-P", channel.password,
                ] + arguments)
        }

        private func enosClient(
            _ device: String, product: String = "wind", secret: String, _ mode: String, _ method: String
        ) throws -> Ending {
            let script = Installation.resource("Clients/enos_client.py")
            let payload = Self.message(id: "7", time: 1_704_067_260_000, value: "1e3")
            return try sandbox.start(
                program: [
                    "/usr/bin/python3", script, String(service.port), product, device, secret, mode, method,
                    payload,
                ]
            ).wait()
        }

        private static func message(id: String, device: String = "T1", time: Int, value: String) -> String {
            """
            {"id":\(id),"version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"\(device)",\
            "measurepoints":{"power":{"value":\(value),"quality":7},"state":"run"},"time":\(time)}]}
            """
        }
    }
}
