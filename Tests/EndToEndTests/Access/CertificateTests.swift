// CertificateTests.swift — TLS of the service's own broker, with certificates of `varve channel tls`.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct CertificateTests {
        private let sandbox: Sandbox
        private let channel: DemoChannel
        private let port: UInt16
        private let folder: String

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
            port = try Loopback.freePort()
            folder = sandbox.data + "/broker/tls"
        }

        private func publish(_ port: Int, _ arguments: [String]) throws -> Ending {
            try sandbox.start(
                program: [
                    "mosquitto_pub", "-h", "localhost", "-p", String(port), "-u", channel.username, "-P",
                    channel.password,
                    "-q", "1", "-t", "/sys/wind/x", "-m", "1",
                ] + arguments
            ).wait()
        }

        @Test("the certificates are the owner's alone, are made once, and are shown with what a client needs")
        func made() throws {
            #expect(try sandbox.varve("channel", "tls", "--show").output.contains("no certificates yet"))
            let made = try sandbox.varve("channel", "tls")
            #expect(made.code == 0 && made.output.contains("--cafile"), "\(made.errors)")
            let before = try sandbox.contents(of: folder)
            #expect(before.keys.sorted() == ["ca.key", "ca.pem", "server.key", "server.pem"])
            for name in before.keys {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            #expect(try sandbox.varve("channel", "tls").code == 0)
            #expect(try sandbox.contents(of: folder) == before)
            #expect(try sandbox.varve("channel", "tls", "--renew").code == 0)
            let renewed = try sandbox.contents(of: folder)
            #expect(renewed["ca.pem"] == before["ca.pem"] && renewed["server.pem"] != before["server.pem"])
            for arguments in [
                ["--host", "a b"], ["--host", "x\n[ext]"], ["--client", "../x"], ["--days", "0"],
            ] {
                let refused = try sandbox.varve(["channel", "tls"] + arguments)
                #expect(refused.code != 0 && refused.errorLines.count == 1, "\(refused.errors)")
            }
            #expect(try sandbox.contents(of: folder) == renewed)
        }

        @Test("a client with the authority's certificate logs in over TLS, and over the plain port as before")
        func server() throws {
            #expect(try sandbox.varve("channel", "tls").code == 0)
            let service = try RunningService(in: sandbox, options: ["--mqtt-tls-port", String(port)])
            let authority = ["--cafile", folder + "/ca.pem"]
            let encrypted = try publish(Int(port), authority)
            #expect(encrypted.code == 0, "\(encrypted.errors)")
            #expect(try publish(service.port, []).code == 0)
            #expect(try publish(Int(port), []).code != 0, "plain on the port for TLS")
            #expect(
                try publish(Int(port), authority + ["-P", "wrong"]).code == 5, "the login counts as ever")
            let shown = try sandbox.varve("channel", "show", "windfarm", "--json").object()
            #expect(shown["tlsUrl"] as? String == "mqtts://127.0.0.1:\(port)")
            service.stop()
            #expect(try !sandbox.varve("channel", "show", "windfarm").output.contains("mqtts://"))
        }

        @Test(
            "without the plain port only TLS is spoken, the service stores, and the lines of channel show work"
        )
        func encryptedOnly() throws {
            for command in [
                ["device", "create", "T1", "--product", "wind"],
                ["channel", "tls", "--host", "plant.example"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let service = try RunningService(
                in: sandbox,
                options: ["--mqtt-port", "0", "--mqtt-tls-port", String(port), "--mqtt-tls-host", "0.0.0.0"])
            #expect(throws: (any Error).self) { try Loopback.connect(to: UInt16(service.port)) }
            let json = try sandbox.varve("channel", "show", "windfarm", "--json").object()
            #expect(json["brokerUrl"] as? String == "mqtts://plant.example:\(port)")
            let state = try sandbox.varve("channel", "tls", "--show").output
            #expect(state.contains("off: the broker listens with TLS alone"), "\(state)")
            let shown = try sandbox.varve("channel", "show", "windfarm").output
            let lines = shown.split(separator: "\n").filter { $0.hasPrefix("  mosquitto_") }.map(String.init)
            #expect(lines.count == 2 && lines.allSatisfy { $0.contains("--cafile") }, "\(shown)")
            let listener = try sandbox.start(program: [
                "/bin/sh", "-c",
                "exec stdbuf -oL " + lines[0].replacing("mosquitto_sub", with: "mosquitto_sub -d -C 1 -W 60"),
            ])
            try eventually("the listener is in") { listener.output.contains("Subscribed") }
            #expect(try sandbox.start(program: ["/bin/sh", "-c", lines[1]]).wait().code == 0)
            let answer = listener.wait()
            #expect(answer.output.contains(#""code":200"#), "\(answer.output)\(answer.errors)")
            let file = try sandbox.write(
                lines: ["device,point,time,value", "T1,power,2024-01-01T00:00:00Z,2"], "a.csv")
            #expect(try sandbox.varve("publish", "--channel", "windfarm", "--quiet", file).code == 0)
            service.stop()
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 2)
        }

        @Test("a renewed certificate is taken while the service runs; one without its key changes nothing")
        func renewed() throws {
            let authority = try sandbox.makeCertificate("root")
            let first = try sandbox.makeCertificate(
                "first", names: ["DNS:localhost"], signer: authority, days: 29)
            let next = try sandbox.makeCertificate("next", names: ["DNS:localhost"], signer: authority)
            let service = try RunningService(
                in: sandbox, options: ["--mqtt-tls-port", String(port)], environment: first.environment)
            let trusted = ["--cafile", authority.certificate]
            #expect(try publish(Int(port), trusted).code == 0)
            func replace(_ path: String, with other: String) throws {
                try Data(contentsOf: URL(fileURLWithPath: other)).write(
                    to: URL(fileURLWithPath: path), options: .atomic)
            }
            try replace(first.certificate, with: next.certificate)
            try eventually("the service says what is wrong") { service.errors.contains("is not the key of") }
            #expect(try publish(Int(port), trusted).code == 0 && shownName() == "first")
            try replace(first.key, with: next.key)
            try eventually("the broker has the new certificate") { try shownName() == "next" }
            try eventually("clients log in again") { try publish(Int(port), trusted).code == 0 }
            service.stop()
            let entries = try sandbox.varve("log", "--event", "certificate", "--format", "ndjson").output
                .split(separator: "\n")
            #expect(entries.count == 2, "\(entries)")
            #expect(entries.first?.contains("days: renew it") == true, "\(entries)")
            #expect(entries.last?.contains("has a new certificate") == true, "\(entries)")
        }

        /// The name in the certificate that the broker shows.
        private func shownName() throws -> String? {
            let shown = try sandbox.start(
                program: ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost"]
            ).wait().output
            return shown.split(separator: "\n").first { $0.hasPrefix("subject=") }?.split(separator: " ").last
                .map(String.init)
        }

        @Test("with an authority for clients, a client without a certificate is not let in")
        func clientCertificate() throws {
            #expect(try sandbox.varve("channel", "tls", "--client", "gateway1").code == 0)
            #expect(try sandbox.varve("channel", "tls", "--client", "gateway1").code == 1)
            let service = try RunningService(
                in: sandbox, options: ["--mqtt-tls-port", String(port)],
                environment: ["VARVE_MQTT_TLS_CLIENT_AUTHORITY": folder + "/ca.pem"])
            let authority = ["--cafile", folder + "/ca.pem"]
            #expect(try publish(Int(port), authority).code != 0)
            let own = ["--cert", folder + "/client-gateway1.pem", "--key", folder + "/client-gateway1.key"]
            let ending = try publish(Int(port), authority + own)
            #expect(ending.code == 0, "\(ending.errors)")
            #expect(
                try publish(Int(port), authority + own + ["-P", "wrong"]).code == 5, "it must log in besides")
            #expect(try publish(service.port, []).code == 0)
            service.stop()
            let alone = try RunningService(
                in: sandbox, options: ["--mqtt-port", "0", "--mqtt-tls-port", String(port)],
                environment: ["VARVE_MQTT_TLS_CLIENT_AUTHORITY": folder + "/ca.pem"])
            let line = try sandbox.varve("channel", "show", "windfarm").output.split(separator: "\n")
                .first { $0.hasPrefix("  mosquitto_pub") }
            let shown = try sandbox.start(program: ["/bin/sh", "-c", String(try #require(line))]).wait()
            #expect(shown.code == 0, "a line of channel show has the certificate: \(shown.errors)")
            alone.stop()
        }

        @Test(
            "settings that would listen publicly without TLS, or with half of it, are refused in one line",
            arguments: [
                (["--mqtt-host", "0.0.0.0"], "loopback"),
                (["--mqtt-tls-host", "0.0.0.0"], "mqtt.tlsPort is 0"),
                (["--mqtt-tls-port", "18883"], "varve channel tls"),
                (["--mqtt-tls-port", "65536"], "mqtt.tlsPort"),
                (["--mqtt-port", "0"], "listens nowhere"),
            ])
        func refused(options: [String], reason: String) throws {
            let ending = try sandbox.varve(
                ["serve", "--no-supervise", "--mqtt-port", String(port)] + options)
            #expect(ending.code == 1 && ending.errors.contains(reason), "\(ending.errors)")
        }
    }
}
