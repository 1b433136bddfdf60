// ExternalBrokerTests.swift — an external broker must prove that it has Varve's plugin, and never gets the secret.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ExternalBrokerTests {
        private let sandbox: Sandbox
        private let port: Int

        init() throws {
            sandbox = try Sandbox()
            port = Int(try Loopback.freePort())
        }

        private var options: [String] { ["--broker", "external", "--mqtt-port", String(port)] }

        /// Runs the service until it ends.
        private func serve() throws -> Ending { try sandbox.varve(["serve"] + options) }

        /// Starts a mosquitto without the plugin.
        private func foreignBroker() throws -> Broker {
            try Broker(.everybody, port: UInt16(port), isPersistent: false)
        }

        @Test(
            "the service reaches an external broker over TLS, shows its certificate, and says why it is not let in"
        )
        func encrypted() throws {
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
                ["device", "create", "T1", "--product", "wind"],
                ["channel", "tls", "--client", "service"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let folder = sandbox.data + "/broker/tls"
            let own = ["--broker", "external", "--mqtt-port", "0", "--mqtt-tls-port", String(port)]
            let asking = ["VARVE_MQTT_TLS_CLIENT_AUTHORITY": folder + "/ca.pem"]
            let printed = try sandbox.varve(["serve", "--print-broker-config"] + own, environment: asking)
            #expect(printed.output.contains("listener \(port) ") && !printed.output.contains("listener 0 "))
            let file = try sandbox.write(printed.output.utf8, "external.conf")
            let broker = try sandbox.start(program: [Broker.program, "-c", file])
            defer { _ = broker.kill(after: 0) }
            try eventually("the broker listens") {
                (try? Loopback.connect(to: UInt16(port))).map { close($0) } != nil
            }
            let strange = try sandbox.makeCertificate("strange").certificate
            for (variables, reason) in [
                ([:], "broker.certificate and broker.key"),
                (["VARVE_BROKER_AUTHORITY": strange], "no authority that is known here"),
                (["VARVE_BROKER_AUTHORITY": sandbox.path + "/missing"], "cannot be read"),
            ] {
                let ending = try sandbox.varve(["serve"] + own, environment: asking.merging(variables) { $1 })
                #expect(ending.code == 1, "\(ending.errors)")
                #expect(ending.errorLines.last?.contains(reason) == true, "\(reason): \(ending.errors)")
            }
            var files = asking
            files["VARVE_BROKER_CERTIFICATE"] = folder + "/client-service.pem"
            files["VARVE_BROKER_KEY"] = folder + "/client-service.key"
            let service = try RunningService(in: sandbox, options: own, environment: files)
            _ = try DemoChannel("windfarm", product: "wind", in: sandbox)
            let history = try sandbox.write(
                lines: ["device,point,time,value", "T1,power,2024-01-01T00:00:00Z,2"], "a.csv")
            let sent = try sandbox.varve(
                "publish", "--channel", "windfarm", "--quiet", "--cert", folder + "/client-service.pem",
                "--key",
                folder + "/client-service.key", history)
            #expect(sent.code == 0, "\(sent.errors)")
            #expect(service.stop()?.code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 1)
        }

        @Test("why an external broker ended a connection is in the log, if its own log is in its place")
        func reasons() throws {
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let printed = try sandbox.varve(["serve", "--print-broker-config"] + options)
            let file = try sandbox.write(printed.output.utf8, "external.conf")
            let broker = try sandbox.start(program: [Broker.program, "-c", file])
            defer { _ = broker.kill(after: 0) }
            let service = try RunningService(in: sandbox, options: options)
            let channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
            let client = try sandbox.start(program: [
                "stdbuf", "-oL", "mosquitto_sub", "-d", "-h", "127.0.0.1", "-p", String(port), "-i", "gw",
                "-u",
                channel.username, "-P", channel.password, "-t", "/sys/wind/+/+/post_reply",
            ])
            try eventually("the client is in") { client.output.contains("Subscribed") }
            _ = client.kill(after: 0)
            try eventually("the reason is in the log") {
                try sandbox.varve("log", "--client", "gw", "--event", "disconnected").output
                    .contains("the connection broke, without a DISCONNECT")
            }
            #expect(service.stop()?.code == 0)
        }

        @Test("a broker without the plugin is refused at the start in one sentence that says what it needs")
        func withoutPlugin() throws {
            let broker = try foreignBroker()
            defer { broker.stop(SIGKILL) }
            let ending = try serve()
            #expect(ending.code == 1 && ending.output.isEmpty)
            let last = try #require(ending.errorLines.last)
            #expect(
                last.hasPrefix("varve: the broker at 127.0.0.1:\(port) did not prove"), "\(ending.errors)")
            #expect(last.contains("--print-broker-config"))
            #expect(!ending.errors.contains("starting it again"))
        }

        @Test("a broker with the plugin and another service's secret is refused at the start")
        func otherSecret() throws {
            let other = try Sandbox()
            let printed = try other.varve(["serve", "--print-broker-config"] + options)
            let file = try other.write(printed.output.utf8, "external.conf")
            let broker = try other.start(program: [Broker.program, "-c", file])
            defer { _ = broker.kill(after: 0) }
            // The service of the other sandbox writes the credentials of that broker.
            let neighbour = try other.start(["serve"] + options)
            defer { _ = neighbour.kill(after: 0) }
            try eventually("the neighbour is ready") { neighbour.output.contains("varve: ready") }
            let ending = try serve()
            #expect(ending.code == 1)
            let last = try #require(ending.errorLines.last)
            #expect(last.contains("refused the service's login"), "\(ending.errors)")
            #expect(last.contains("--print-broker-config"))
        }

        @Test(
            "a broker that takes the place of the right one is not trusted; the right one is trusted when it is back"
        )
        func replacedBroker() throws {
            let printed = try sandbox.varve(["serve", "--print-broker-config"] + options)
            let file = try sandbox.write(printed.output.utf8, "external.conf")
            let right = try sandbox.start(program: [Broker.program, "-c", file])
            let service = try RunningService(in: sandbox, options: options)
            _ = right.kill(after: 0)
            let wrong = try foreignBroker()
            try eventually("the service says it") { service.errors.contains("did not prove") }
            #expect(service.isRunning)
            wrong.stop(SIGKILL)
            let taken = service.errors.components(separatedBy: "taking messages").count
            let again = try sandbox.start(program: [Broker.program, "-c", file])
            defer { _ = again.kill(after: 0) }
            try eventually("the service takes messages again") {
                service.errors.components(separatedBy: "taking messages").count > taken
            }
            #expect(service.stop()?.code == 0)
        }

        @Test(
            "a listener in the broker's place sees no secret, and its messages are neither stored nor acknowledged"
        )
        func listener() throws {
            let fake = try FakeBroker(port: port)
            let service = try sandbox.start(["serve"] + options)
            let login = try fake.acceptLogin()
            let credentials = try String(
                contentsOfFile: "\(sandbox.data)/broker/credentials", encoding: .utf8)
            let line = try #require(credentials.split(separator: "\n").first { $0.hasPrefix("service\t") })
            let secret = String(try #require(line.split(separator: "\t").last))
            let text = String(decoding: login, as: UTF8.self)
            #expect(secret.count > 10 && text.contains("varve1:") && !text.contains(secret))
            fake.sendMessage()
            #expect(try fake.rest().isEmpty, "neither an acknowledgement nor a goodbye")
            try eventually("the service ends; it said: \(service.errors)", within: 20) { !service.isRunning }
            #expect(service.wait().code == 1)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int ?? 0 == 0)
        }
    }
}

/// Accepts one MQTT 5 login and does everything that a broker does, except the proof.
private final class FakeBroker {
    private let listener: Int32
    private var client: Int32 = -1

    init(port: Int) throws {
        listener = try Loopback.listen(UInt16(port)).descriptor
    }

    deinit {
        close(client)
        close(listener)
    }

    /// Accepts a login and returns its bytes.
    func acceptLogin() throws -> [UInt8] {
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 30_000) == 1)
        client = accept(listener, nil, nil)
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(client, &buffer, buffer.count, 0)
        try #require(count > 0)
        send([0x20, 3, 0, 0, 0])
        return Array(buffer[..<count])
    }

    /// Sends a message of quality of service 1, as a channel does.
    func sendMessage() {
        let topic = Array("/sys/k/integration/measurepoint/post".utf8)
        let body = [0, UInt8(topic.count)] + topic + [0, 1, 0] + Array("{}".utf8)
        send([0x32, UInt8(body.count)] + body)
    }

    /// The bytes received until the other end closes.
    func rest() throws -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var entry = pollfd(fd: client, events: Int16(POLLIN), revents: 0)
            try #require(poll(&entry, 1, 30_000) == 1)
            let count = recv(client, &buffer, buffer.count, 0)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }

    private func send(_ bytes: [UInt8]) { _ = Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
}
