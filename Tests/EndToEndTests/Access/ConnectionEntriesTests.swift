// ConnectionEntriesTests.swift — the entries that `varve log` has of a client's connections, in their order.
//
// The clients share no code with Varve: mosquitto's own, paho, and a bridge of another mosquitto.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ConnectionEntriesTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
                ["device", "create", "T1", "--product", "wind"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        @Test("a takeover is told before the login that caused it")
        func takeover() throws {
            let first = try client("mosquitto_sub", "gw", ["-d", "-t", "/sys/wind/+/+/post_reply"])
            try eventually("the first is in") { first.output.contains("Subscribed") }
            let second = try client("mosquitto_sub", "gw", ["-d", "-t", "/sys/wind/+/+/post_reply"])
            try eventually("the second is in") { second.output.contains("Subscribed") }
            _ = first.kill(after: 0)
            _ = second.kill(after: 0)
            try expect(
                of: "gw", until: "the connection broke",
                ["connected", "disconnected taken over by", "connected", "disconnected the connection broke"])
        }

        @Test("a client that falls silent is told with that reason")
        func silent() throws {
            var body: [UInt8] = [0, 4] + Array("MQTT".utf8) + [4, 0xC2, 0, 1]
            for text in ["quiet", channel.username, channel.password] {
                body += [0, UInt8(text.utf8.count)] + Array(text.utf8)
            }
            let descriptor = try Loopback.connect(to: UInt16(service.port))
            defer { close(descriptor) }
            let packet = [0x10, UInt8(body.count)] + body
            #expect(write(descriptor, packet, packet.count) == packet.count)
            try expect(
                of: "quiet", until: "keepalive",
                ["connected", "disconnected cut off: silent beyond its keepalive"])
        }

        @Test(
            "a client that sends too large a message again and again is told once, with the limit, then counted"
        )
        func oversize() throws {
            let script = """
                import sys, time
                import paho.mqtt.client as mqtt
                make = getattr(mqtt, "CallbackAPIVersion", None)
                client = mqtt.Client(make.VERSION1, client_id="big") if make else mqtt.Client(client_id="big")
                client.username_pw_set(sys.argv[2], sys.argv[3])
                client.connect("127.0.0.1", int(sys.argv[1]))
                ends = []
                client.on_disconnect = lambda *rest: ends.append(rest)
                client.loop_start()
                client.publish("/sys/wind/x", b"x" * 4300000, qos=1)
                while len(ends) < 4: time.sleep(0.05)
                """
            let sender = try sandbox.start(
                program: [
                    "/usr/bin/python3", "-c", script, String(service.port), channel.username,
                    channel.password,
                ]
            ).wait()
            #expect(sender.code == 0, "\(sender.errors)")
            service.stop()
            let found = try entries(of: "big")
            #expect(found.first == "connected" && found.count >= 3 && found.count <= 5, "\(found)")
            let limit =
                "cut off: packet above the broker's limit of 4194304 bytes; the largest payload has 1048576"
            #expect(found.dropFirst().first?.hasPrefix("disconnected \(limit)") == true, "\(found)")
            #expect(found.contains { $0.contains(", 3 times since it was logged)") }, "\(found)")
        }

        @Test("a last will that is dropped is told under its client, with its address")
        func will() throws {
            let sender = try client(
                "mosquitto_sub", "mourner",
                [
                    "-d", "-t", "/sys/wind/+/+/post_reply", "--will-topic", "/sys/wind/w", "--will-payload",
                    "x",
                ])
            try eventually("it is in") { sender.output.contains("Subscribed") }
            _ = sender.kill(after: 0)
            try expect(
                of: "mourner", until: "last will",
                [
                    "connected", "disconnected the connection broke",
                    "refused a last will is not taken, to /sys/wind/w",
                ])
        }

        @Test("topics of a bridge that are not its own are told with its client id, user name and address")
        func bridge() throws {
            let port = try Loopback.freePort()
            let configuration = try sandbox.write(
                lines: [
                    "listener \(port) 127.0.0.1", "allow_anonymous true", "connection up",
                    "address 127.0.0.1:\(service.port)", "remote_username \(channel.username)",
                    "remote_password \(channel.password)", "remote_clientid bridge-7",
                    "topic # out 1", "topic other/# in 1", "user \(NSUserName())",
                ], "bridge.conf")
            let bridge = try sandbox.start(program: [Broker.program, "-c", configuration])
            defer { _ = bridge.kill(after: 0) }
            try eventually("the bridge is in") { try entries(of: "bridge-7").contains("connected") }
            try eventually("a message that is forwarded is denied") {
                _ = try sandbox.start(
                    program: [
                        "mosquitto_pub", "-h", "127.0.0.1", "-p", String(port), "-q", "1", "-t", "hello",
                        "-m", "1",
                    ]
                ).wait()
                return try entries(of: "bridge-7").contains(
                    "denied \(channel.username) may not publish to hello")
            }
            let found = try entries(of: "bridge-7")
            #expect(found.contains("denied \(channel.username) may not subscribe to other/#"), "\(found)")
        }

        @Test("denials that are counted instead of told name their last topic, and no text poses as a topic")
        func countedDenials() throws {
            let lines = try sandbox.write(lines: (0..<40).map(String.init), "lines")
            let sender = try sandbox.start(
                program: [
                    "mosquitto_pub", "-h", "127.0.0.1", "-p", String(service.port), "-i", "stray", "-u",
                    channel.username, "-P", channel.password, "-q", "1", "-t", "/sys/other/x", "-l",
                ], input: lines)
            #expect(sender.wait().code == 0)
            service.stop()
            let output = try sandbox.varve("log", "--event", "denied", "--format", "ndjson").output
            let entries = try output.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
            }
            #expect(entries.allSatisfy { $0["topic"] as? String == "/sys/other/x" }, "\(output)")
            let reasons = entries.compactMap { $0["reason"] as? String }
            let count = reasons.first {
                $0.contains(" more attempts of \(channel.username) to publish were denied")
            }
            #expect(count?.hasSuffix("the last to /sys/other/x") == true, "\(reasons)")
        }

        @Test("the lines that channel show prints leave a gateway alone that runs with the ClientID shown")
        func sampleLines() throws {
            let shown = try sandbox.varve("channel", "show", "windfarm")
            let clientID = try #require(
                sandbox.varve("channel", "show", "windfarm", "--json").object()["clientId"] as? String)
            let gateway = try client("mosquitto_sub", clientID, ["-d", "-t", "/sys/wind/+/+/post_reply"])
            try eventually("the gateway is in") { gateway.output.contains("Subscribed") }
            let lines = shown.output.split(separator: "\n").filter { $0.hasPrefix("  mosquitto_") }
            #expect(lines.count == 2, "\(shown.output)")
            for line in lines {
                let command = String(line).replacing("mosquitto_sub", with: "mosquitto_sub -W 1")
                _ = try sandbox.start(program: ["/bin/sh", "-c", command]).wait()
            }
            service.stop()
            #expect(try entries(of: clientID) == ["connected", "disconnected the broker is stopping"])
            _ = gateway.kill(after: 0)
        }

        private func client(_ program: String, _ id: String, _ arguments: [String]) throws -> ChildProcess {
            try sandbox.start(
                program: [
                    "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", String(service.port), "-i", id,
                    "-u", channel.username, "-P", channel.password,
                ] + arguments)
        }

        /// Waits for an entry of a client, and expects entries that begin so.
        private func expect(of client: String, until last: String, _ beginnings: [String]) throws {
            try eventually("the log has the last entry") {
                try entries(of: client).contains { $0.contains(last) }
            }
            let found = try entries(of: client)
            #expect(found.count == beginnings.count, "\(found)")
            for (entry, beginning) in zip(found, beginnings) {
                #expect(entry.hasPrefix(beginning), "\(found)")
            }
        }

        /// The entries of a client that are not about payloads, as event and reason; each names the client's address.
        private func entries(of client: String) throws -> [String] {
            let lines = try sandbox.varve(
                "log", "--kind", "connection", "--kind", "error", "--format", "ndjson"
            ).output
            return try lines.split(separator: "\n").compactMap { line in
                let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                guard let entry, entry["client"] as? String == client else { return nil }
                #expect(
                    entry["address"] as? String == "127.0.0.1" && entry["channel"] as? String == "windfarm")
                let reason = entry["reason"] as? String
                return (entry["event"] as? String ?? "") + (reason.map { " " + $0 } ?? "")
            }
        }
    }
}
