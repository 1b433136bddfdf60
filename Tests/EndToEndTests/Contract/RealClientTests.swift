// RealClientTests.swift — clients that others wrote send to a service: the EnOS SDK for Python, and MQTT libraries.
//
// They run unmodified, with their own defaults. Tools/client-libraries installs them; without them these tests are
// skipped. The scripts that use them share no code with Varve.

import Foundation
import Testing
import VarveTestSupport

/// The libraries that Tools/client-libraries installs.
private enum ClientLibraries {
    static let folder = Recording.repository.path + "/.build/clients"
    static let isInstalled = FileManager.default.fileExists(atPath: "\(folder)/installed")
}

extension EndToEndTests {
    @Suite(.enabled(if: ClientLibraries.isInstalled, "run Tools/client-libraries"))
    struct RealClientTests {
        /// Which paho the SDK runs on.
        enum Paho: String, CaseIterable, Sendable {
            case older = "1.6.1"
            case newer = "2.1.0"
        }

        private static let secret = "pSecret01"
        private static let topic = "/sys/wind/integration/measurepoint/post"
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel

        init() throws {
            sandbox = try Sandbox()
            for command in [
                [
                    "model", "create", "turbine", "--point", "power:double:quality", "--point",
                    "state:string", "--point", "doc:json", "--event", "fault", "--event", "trip",
                    "--attribute", "owner:STRING", "--attribute", "place:json",
                ],
                ["product", "create", "wind", "--model", "turbine", "--secret", Self.secret],
                ["device", "create", "T1", "--product", "wind", "--secret", "dSecret01"],
                ["device", "create", "T2", "--product", "wind", "--secret", "dSecret02", "--asset", "a2"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        /// Starts a script with the libraries.
        private func start(_ script: String, _ paho: Paho, _ arguments: [String]) throws -> ChildProcess {
            let older = paho == .older ? ["PYTHONPATH": "\(ClientLibraries.folder)/paho1"] : [:]
            return try sandbox.start(
                program: [
                    "\(ClientLibraries.folder)/bin/python", "-B", Installation.resource("Clients/\(script)"),
                ]
                    + arguments,
                environment: older)
        }

        /// Starts the SDK with the login of the channel.
        private func sdk(_ paho: Paho, _ steps: String...) throws -> ChildProcess {
            try start(
                "enos_sdk.py", paho, [String(service.port), "wind", "%channel%", Self.secret] + steps)
        }

        private func versions(_ paho: Paho) -> String {
            "enos-mqtt-sdk-python 0.1.1, paho-mqtt \(paho.rawValue)\n"
        }

        private func message(_ id: String, time: Int) -> String {
            """
            {"id":"\(id)","version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"T1",\
            "measurepoints":{"power":1},"time":\(time)}]}
            """
        }

        @Test(
            "the EnOS SDK logs in as a channel, posts with its own classes, and reads the codes of its answers",
            arguments: Paho.allCases)
        func channelSDK(paho: Paho) throws {
            let client = try sdk(paho, "points:T1:20", "points:T9:3", "batch:T1:T2", "points:T1:20").wait()
            #expect(
                client.output == versions(paho)
                    + "{\"200\": 20}\n{\"1257\": 3}\n{\"200\": 1}\n{\"200\": 20}\n", "\(client.errors)")
            let query = [
                "query", "--format", "csv", "--device", "T1", "--device", "T2", "--to", "2024-05-01 10:00:03",
            ]
            #expect(
                try sandbox.varve(query).output == """
                    device,point,time,value,quality
                    T1,doc,2024-05-01T10:00:00Z,"[""1.02"",""2.02""]",
                    T1,power,2024-05-01T10:00:00Z,1.5,
                    T1,power,2024-05-01T10:00:01Z,2.5,0
                    T1,power,2024-05-01T10:00:02Z,2,9
                    T1,state,2024-05-01T10:00:00Z,run,
                    T2,power,2024-05-01T10:00:00Z,3,

                    """)
        }

        @Test(
            "the EnOS SDK logs in as a device and resumes its own readings and those of a sub-device",
            arguments: Paho.allCases)
        func deviceSDK(paho: Paho) throws {
            let arguments = [String(service.port), "wind", "T1", "dSecret01"]
            let steps = ["resume:1", "resume-batch:T2", "resume-batch:T2:true:true", "resume-batch:T9"]
            let client = try start("enos_sdk.py", paho, arguments + steps).wait()
            #expect(
                client.output == versions(paho)
                    + "{\"200\": 1}\n{\"200\": 1}\n{\"200\": 1}\n{\"1212\": 1}\n", "\(client.errors)")
            #expect(
                try sandbox.varve("query", "--format", "csv", "--device", "T1", "--device", "T2").output
                    == """
                    device,point,time,value,quality
                    T1,power,2024-05-01T10:00:00.001Z,1,9
                    T1,power,2024-05-01T10:01:11Z,71,9
                    T2,power,2024-05-01T10:01:12Z,72,9

                    """)
        }

        @Test(
            "the EnOS SDK posts events with its own classes; of attributes these send an empty list, which changes nothing",
            arguments: Paho.allCases)
        func eventsAndAttributes(paho: Paho) throws {
            let gate = "\(sandbox.path)/read"
            let client = try sdk(
                paho, "event:T1", "events:T1:T2", "attribute:T1", "await:\(gate)", "attribute-items:T1",
                "attribute:T1")
            func answered(_ count: Int) throws {
                try eventually("\(count) answers: \(client.output)\(client.errors)") {
                    client.output == versions(paho) + String(repeating: "{\"200\": 1}\n", count: count)
                }
            }
            try answered(3)
            #expect(
                try sandbox.varve(
                    "query", "--format", "ndjson", "--device", "T1", "--device", "T2", "--event", "fault",
                    "--event", "trip"
                ).output == """
                    {"device":"T1","event":"fault","time":"2024-05-01T10:00:00Z","content":{"level":3,"text":"hot"}}
                    {"device":"T1","event":"fault","time":"2024-05-01T10:00:01Z","content":{"level":4,"text":"hotter"}}
                    {"device":"T1","event":"trip","time":"2024-05-01T10:00:01Z","content":{"by":"relay"}}
                    {"device":"T2","event":"fault","time":"2024-05-01T10:00:01Z","content":{"level":1,"text":"warm"}}

                    """)
            #expect(try attributes(of: "T1").isEmpty)
            _ = try sandbox.write(Data(), "read")
            try answered(5)
            #expect(client.wait().code == 0)
            // The empty list that came afterwards took nothing away.
            #expect(try attributes(of: "T1") == ["owner \"south\"", "place {\"lat\":54.2,\"lon\":7.9}"])
        }

        /// The attributes of a device, each with its value.
        private func attributes(of device: String) throws -> [String] {
            let ending = try sandbox.varve("device", "attributes", device, "--json")
            let listed = try JSONSerialization.jsonObject(with: Data(ending.output.utf8)) as? [[String: Any]]
            return try (listed ?? []).map { object in
                let value = try JSONSerialization.data(
                    withJSONObject: object["value"] ?? "", options: [.fragmentsAllowed, .sortedKeys])
                return "\(object["attribute"] ?? "") \(String(decoding: value, as: UTF8.self))"
            }
        }

        @Test(
            "the EnOS SDK logs sub-devices in before it resumes their readings, as its own sample does",
            arguments: Paho.allCases)
        func subDevices(paho: Paho) throws {
            let steps = [
                "sub-login:T2:dSecret02", "resume:1", "sub-login-batch:T1:dSecret01:T2:dSecret02",
                "resume-batch:T2:true:false", "sub-logout:T2", "sub-login:T2:wrong", "sub-login:T9:dSecret09",
                "sub-login-batch:T1:dSecret01:T9:dSecret09", "sub-logout:T9",
            ]
            let gateway = [String(service.port), "wind", "T1", "dSecret01"]
            let client = try start("enos_sdk.py", paho, gateway + steps).wait()
            let taken = String(repeating: "{\"200\": 1}\n", count: 5)
            let refused = "{\"742\": 1}\n" + String(repeating: "{\"705\": 1}\n", count: 3)
            #expect(client.output == versions(paho) + taken + refused, "\(client.errors)")
            let channel = try sdk(paho, "sub-login:T2:dSecret02", "sub-logout:T2").wait()
            #expect(channel.output == versions(paho) + "{\"200\": 1}\n{\"200\": 1}\n", "\(channel.errors)")
            #expect(
                try sandbox.varve("query", "--format", "csv", "--device", "T1", "--device", "T2").output
                    == """
                    device,point,time,value,quality
                    T1,power,2024-05-01T10:00:00.001Z,1,9
                    T1,power,2024-05-01T10:01:11Z,71,9
                    T2,power,2024-05-01T10:01:12Z,72,9

                    """)
            let log = try sandbox.varve("log", "--kind", "error", "--format", "ndjson").output
            #expect(
                log.contains("\"code\":742") && log.contains("does not match the secret of device T2"),
                "\(log)")
            #expect(!log.contains("dSecret"), "\(log)")
        }

        @Test(
            "in the middle of a flood of another product the SDK gets every answer before it gives up, and nothing is lost"
        )
        func flood() throws {
            for command in [
                ["product", "create", "flood", "--model", "turbine"],
                ["device", "create", "F1", "--product", "flood"],
            ] { #expect(try sandbox.varve(command).code == 0) }
            let other = try DemoChannel("flooding", product: "flood", in: sandbox)
            let gate = "\(sandbox.path)/enough"
            let flood = try start(
                "flood.py", .newer,
                [String(service.port), other.username, other.password, "flood", "F1", "500", gate])
            try eventually("the flood flows: \(flood.errors)") { flood.output.hasPrefix("flowing") }
            let client = try sdk(.newer, "points:T1:100", "event:T1", "points:T9:3", "batch:T1:T2").wait()
            #expect(flood.isRunning, "\(flood.errors)")
            _ = try sandbox.write(Data(), "enough")
            // A call without an answer after the SDK's 30 s would count as none.
            #expect(
                client.output == versions(.newer)
                    + "{\"200\": 100}\n{\"200\": 1}\n{\"1257\": 3}\n{\"200\": 1}\n", "\(client.errors)")
            let ending = flood.wait()
            #expect(ending.code == 0, "\(ending.errors)")
            let words = ending.output.split(separator: "\n").last?.split(separator: " ") ?? []
            let sent = try #require(words.first.flatMap { Int($0) })
            #expect(ending.output.hasSuffix("\(sent) {\"200\": \(sent)}\n"), "\(ending.output)")
            let counted = try sandbox.varve(
                "query", "--device", "F1", "--point", "power", "--agg", "count", "--format", "csv")
            #expect(counted.output.hasSuffix(",\(sent * 50)\n"), "\(counted.output) of \(sent)")
        }

        @Test("two programs with the SDK get their own answers, also after restarts of service and broker")
        func twoPrograms() throws {
            let gates = ["stopped", "killed", "broker"].map { "\(sandbox.path)/\($0)" }
            func steps(_ device: String) -> [String] {
                ["points:\(device):20"]
                    + gates.enumerated().flatMap { ["await:\($1)", "points:\(device):20:\(20 + $0 * 20)"] }
            }
            let arguments = [String(service.port), "wind", "%channel%", Self.secret]
            let good = try start("enos_sdk.py", .newer, arguments + steps("T1"))
            let bad = try start("enos_sdk.py", .older, arguments + steps("T9"))
            func answered(_ count: Int) throws {
                try eventually("\(count) steps: \(good.output)\(good.errors) \(bad.output)\(bad.errors)") {
                    good.output == versions(.newer) + String(repeating: "{\"200\": 20}\n", count: count)
                        && bad.output == versions(.older)
                            + String(repeating: "{\"1257\": 20}\n", count: count)
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
            #expect(good.wait().code == 0 && bad.wait().code == 0)
            let counted = try sandbox.varve(
                "query", "--device", "T1", "--point", "power", "--agg", "count", "--format", "csv")
            #expect(counted.output.hasSuffix(",80\n"), "\(counted.output)")
        }

        @Test(
            "each MQTT library posts a message with its own defaults and gets the answer",
            arguments: [
                ("paho", Paho.older, "paho-mqtt 1.6.1"), ("paho", .newer, "paho-mqtt 2.1.0"),
                ("gmqtt", .newer, "gmqtt 0.8.0"), ("aiomqtt", .newer, "aiomqtt 2.5.1"),
                // By default these two append "?SDK=…" to the user name.
                ("awscrt", .newer, "awscrt 0.38.1"), ("awscrt5", .newer, "awscrt 0.38.1"),
            ])
        func library(name: String, paho: Paho, version: String) throws {
            let arguments = [
                name, String(service.port), channel.username, channel.password, "gateway", Self.topic,
                message("7", time: 1000),
            ]
            let ending = try start("libraries.py", paho, arguments).wait()
            #expect(
                ending.output == "\(version)\n{\"id\":\"7\",\"code\":200,\"data\":{}}\n", "\(ending.errors)")
        }

        @Test("a bridge of mosquitto with default settings brings messages here and their answers back")
        func bridge() throws {
            let port = Int(try Loopback.freePort())
            let configuration = try sandbox.write(
                lines: [
                    "user \(NSUserName())", "listener \(port) 127.0.0.1", "allow_anonymous true",
                    "connection site", "address 127.0.0.1:\(service.port)",
                    "remote_username \(channel.username)", "remote_password \(channel.password)",
                    "topic \(Self.topic) out 1", "topic \(Self.topic)_reply in 1",
                ], "bridge.conf")
            let broker = try sandbox.start(program: [Broker.program, "-c", configuration])
            defer { _ = broker.kill(after: 0) }
            try eventually("the bridge listens: \(broker.errors)") { Loopback.isListening(UInt16(port)) }
            let listener = try sandbox.start(
                program: [
                    "stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", String(port), "-q", "1",
                    "-t", "\(Self.topic)_reply",
                ])
            try eventually("the bridge and the listener are in: \(broker.errors) \(listener.errors)") {
                let log = try sandbox.varve("log", "--kind", "connection", "--format", "ndjson").output
                return log.contains("\"event\":\"connected\"") && listener.output.contains("Subscribed")
            }
            let sent = try sandbox.start(
                program: [
                    "mosquitto_pub", "-h", "127.0.0.1", "-p", String(port), "-q", "1", "-t", Self.topic, "-m",
                    message("over the bridge", time: 1000),
                ]
            ).wait()
            #expect(sent.code == 0)
            try eventually("the answer comes back: \(listener.output)") {
                listener.output.contains(#"{"id":"over the bridge","code":200,"data":{}}"#)
            }
        }

        @Test(
            "paho for C posts a message, and its listener reads the answer",
            .enabled(
                if: Installation.isThorough && Installation.find("paho_c_pub") != nil,
                "set VARVE_TEST_FULL=1 and install paho.mqtt.c-examples"))
        func pahoC() throws {
            func client(_ program: String, _ arguments: [String]) throws -> ChildProcess {
                try sandbox.start(
                    program: [
                        "stdbuf", "-oL", program, "-h", "127.0.0.1", "-p", String(service.port), "-u",
                        channel.username, "-P", channel.password, "-q", "1",
                    ] + arguments)
            }
            let listener = try client("paho_c_sub", ["-i", "listener", "-t", "\(Self.topic)_reply"])
            defer { _ = listener.kill(after: 0) }
            try eventually("the answer comes: \(listener.output)\(listener.errors)", every: 200) {
                let sent = try client(
                    "paho_c_pub", ["-i", "sender", "-t", Self.topic, "-m", message("c", time: 1000)])
                #expect(sent.wait().code == 0)
                return listener.output.contains(#"{"id":"c","code":200,"#)
            }
        }
    }
}
