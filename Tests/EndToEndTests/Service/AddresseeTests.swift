// AddresseeTests.swift — clients that count their messages alike get their own answers, whatever restarts.
//
// The senders behave as the EnOS SDK does, on paho: see Clients/sdk_client.py. They share no code with Varve.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct AddresseeTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel
        private static let secret = "pSecret01"
        private static let topic = "/sys/wind/integration/measurepoint/post"

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine", "--secret", Self.secret],
                ["device", "create", "T1", "--product", "wind"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        private func sdk(_ name: String, _ steps: String...) throws -> ChildProcess {
            let script = Installation.resource("Clients/sdk_client.py")
            return try sandbox.start(
                program: ["/usr/bin/python3", script, String(service.port), "wind", Self.secret, name] + steps
            )
        }

        private func mosquitto(_ program: String, _ arguments: [String]) throws -> ChildProcess {
            try sandbox.start(
                // Without stdbuf, mosquitto_sub would write to a file only at its end.
                program: [
                    "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", String(service.port), "-q", "1",
                    "-u", channel.username, "-P", channel.password,
                ] + arguments)
        }

        private func message(_ id: String, device: String = "T1", time: Int) -> String {
            """
            {"id":"\(id)","version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"\(device)",\
            "measurepoints":{"power":1},"time":\(time)}]}
            """
        }

        @Test("two clients that count alike get the answers to their own messages only")
        func together() throws {
            // One after the other: a client that has published nothing yet hears the answers to others.
            let good = try sdk("1", "T1:1", "await:\(sandbox.path)/go", "T1:300")
            try eventually("the first has its answer") { good.output.contains("\n") }
            let bad = try sdk("2", "T9:1", "await:\(sandbox.path)/go", "T9:300")
            try eventually("the second has its answer") { bad.output.contains("\n") }
            _ = try sandbox.write(Data(), "go")
            let endings = (good.wait(), bad.wait())
            #expect(endings.0.output == "{\"200\": 1}\n{\"200\": 300}\n", "\(endings.0.errors)")
            #expect(endings.1.output == "{\"1257\": 1}\n{\"1257\": 300}\n", "\(endings.1.errors)")
        }

        @Test(
            "clients that do not subscribe again get their answers after restarts of the service and of the broker"
        )
        func restarts() throws {
            let steps = ["stopped", "killed", "broker"].flatMap { ["await:\(sandbox.path)/\($0)", "T1:20"] }
            let client = try sandbox.start(
                program: [
                    "/usr/bin/python3", Installation.resource("Clients/sdk_client.py"), String(service.port),
                    "wind", Self.secret, "1", "T1:20",
                ] + steps)
            func answered(_ count: Int) throws {
                try eventually("\(count) steps are answered; \(client.output)\(client.errors)") {
                    client.output == String(repeating: "{\"200\": 20}\n", count: count)
                }
            }
            try answered(1)
            #expect(service.stop()?.code == 0)
            try service.start()
            _ = try sandbox.write(Data(), "stopped")
            try answered(2)
            service.killService()
            _ = try sandbox.write(Data(), "killed")
            try service.start()
            try answered(3)
            let broker = try #require(service.brokerIdentifier)
            service.killBroker()
            try eventually("another broker runs") { (service.brokerIdentifier ?? broker) != broker }
            _ = try sandbox.write(Data(), "broker")
            try answered(4)
            #expect(client.wait().code == 0)
        }

        @Test("mosquitto_sub, which publishes nothing, gets the answers to mosquitto_pub and to all others")
        func listener() throws {
            let listener = try mosquitto("mosquitto_sub", ["-d", "-i", "sub", "-t", "\(Self.topic)_reply"])
            try eventually("the listener is in") { listener.output.contains("Subscribed") }
            let sender = try mosquitto(
                "mosquitto_pub", ["-i", "pub", "-t", Self.topic, "-m", message("by hand", time: 1000)])
            #expect(sender.wait().code == 0)
            #expect(try sdk("1", "T9:1").wait().output == "{\"1257\": 1}\n")
            try eventually("both answers come; \(listener.output)") {
                listener.output.contains(#"{"id":"by hand","code":200,"data":{}}"#)
                    && listener.output.contains(#"{"id":"1","code":1257"#)
            }
        }

        @Test("a sender that is away finds its own answers in its session, and only these")
        func away() throws {
            for (client, device) in [("a", "T1"), ("b", "T9")] {
                let login = ["-c", "-i", client, "-t", "\(Self.topic)_reply"]
                #expect(try mosquitto("mosquitto_sub", login + ["-E"]).wait().code == 0)
                let text = message("1", device: device, time: 1000)
                let sent = try mosquitto(
                    "mosquitto_pub", ["-c", "-i", client, "-t", Self.topic, "-m", text])
                #expect(sent.wait().code == 0)
            }
            try eventually("both are answered") {
                let lines = try sandbox.varve("log", "--kind", "payload", "--format", "ndjson").output
                let errors = try sandbox.varve("log", "--kind", "error", "--format", "ndjson").output
                return lines.contains("\"a\"") && errors.contains("1257")
            }
            for (client, code) in [("a", "200"), ("b", "1257")] {
                let login = ["-c", "-i", client, "-t", "\(Self.topic)_reply", "-W", "3"]
                let output = try mosquitto("mosquitto_sub", login).wait().output
                let lines = output.split(separator: "\n")
                #expect(lines.count == 1 && output.contains("\"code\":\(code)"), "\(client): \(output)")
            }
        }

        @Test(
            "MQTT 5: the answer goes to the response topic if it may, with the correlation data in any case")
        func responseTopic() throws {
            for (number, (wanted, used)) in [
                ("/sys/wind/integration/mine_reply", "/sys/wind/integration/mine_reply"),
                ("/sys/other/integration/mine_reply", "\(Self.topic)_reply"),
                ("mine", "\(Self.topic)_reply"),
            ].enumerated() {
                let listener = try mosquitto(
                    "mosquitto_sub",
                    [
                        "-V", "5", "-d", "-i", "listener\(number)", "-t", "/sys/wind/#", "-C", "1", "-W",
                        "30",
                        "-F", "got %t %D",
                    ])
                try eventually("the listener is in") { listener.output.contains("Subscribed") }
                let sent = try mosquitto(
                    "mosquitto_pub",
                    [
                        "-V", "5", "-i", "five", "-D", "publish", "response-topic", wanted, "-D", "publish",
                        "correlation-data", "c-\(number)", "-t", Self.topic, "-m",
                        message("1", time: 1000 + number),
                    ])
                #expect(sent.wait().code == 0)
                let output = listener.wait().output
                #expect(output.contains("got \(used) c-\(number)"), "\(wanted): \(output)")
            }
            let asked = try mosquitto(
                "mosquitto_rr",
                [
                    "-V", "5", "-i", "asks", "-t", Self.topic, "-e", "/sys/wind/integration/asks_reply", "-W",
                    "30", "-m", message("9", time: 9000),
                ]
            ).wait()
            #expect(asked.output == "{\"id\":\"9\",\"code\":200,\"data\":{}}\n", "\(asked.errors)")
        }
    }
}
