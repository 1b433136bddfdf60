// EncryptedPublishTests.swift — `varve publish` over TLS, and what it says where no such connection comes about.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct EncryptedPublishTests {
        private let sandbox: Sandbox
        private let channel: DemoChannel
        private let port: UInt16
        private let folder: String
        private let file: String

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
                ["device", "create", "T1", "--product", "wind"],
                ["channel", "tls"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
            port = try Loopback.freePort()
            folder = sandbox.data + "/broker/tls"
            file = try sandbox.write(
                lines: ["device,point,time,value", "T1,power,2024-01-01T00:00:00Z,1.5"], "history.csv")
        }

        private var tls: [String] { ["--mqtt-tls-port", String(port)] }

        private func publish(_ arguments: [String]) throws -> Ending {
            try sandbox.varve(
                ["publish", "--again", "--quiet", "--give-up-after", "20"] + arguments + [file],
                environment: ["VARVE_PASSWORD": channel.password])
        }

        private func url(_ scheme: String = "mqtts", host: String = "localhost", port: Int? = nil) -> [String]
        {
            ["--url", "\(scheme)://%25channel%25&wind@\(host):\(port ?? Int(self.port))"]
        }

        /// The entries of logins, taken or refused.
        private func logins() throws -> Int {
            try sandbox.varve("log", "--event", "connected", "--event", "refused", "--format", "ndjson")
                .output.split(separator: "\n").count
        }

        @Test(
            "the authority of varve channel tls is found by itself for a channel here; a URL names it with --ca"
        )
        func encrypted() throws {
            let service = try RunningService(in: sandbox, options: tls)
            let here = try publish(["--channel", "windfarm", "--tls"])
            #expect(here.code == 0 && here.output.contains("1 of 1 batches"), "\(here.errors)")
            for host in ["localhost", "127.0.0.1"] {
                let there = try publish(url(host: host) + ["--ca", folder + "/ca.pem"])
                #expect(there.code == 0 && there.output.contains("1 of 1 batches"), "\(there.errors)")
            }
            let asked = try publish(url("mqtt") + ["--tls", "--ca", folder + "/ca.pem"])
            #expect(asked.code == 0, "\(asked.errors)")
            service.stop()
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 1)
            #expect(try logins() == 4)
            let log = try String(contentsOfFile: sandbox.data + "/broker/mosquitto.log", encoding: .utf8)
            #expect(
                log.components(separatedBy: "on port \(port).").count == 6,
                "it was opened, and all came there")
        }

        @Test(
            "a broker that asks for certificates is sent that of --cert; without one, or with a strange one, it says so"
        )
        func clientCertificate() throws {
            #expect(try sandbox.varve("channel", "tls", "--client", "gateway1").code == 0)
            let service = try RunningService(
                in: sandbox, options: tls,
                environment: ["VARVE_MQTT_TLS_CLIENT_AUTHORITY": folder + "/ca.pem"])
            let own = ["--cert", folder + "/client-gateway1.pem", "--key", folder + "/client-gateway1.key"]
            let taken = try publish(["--channel", "windfarm", "--tls"] + own)
            #expect(taken.code == 0, "\(taken.errors)")
            let none = try publish(["--channel", "windfarm", "--tls"])
            #expect(none.code == 1 && none.errors.contains("--cert and --key"), "\(none.errors)")
            let strange = try sandbox.makeCertificate("strange")
            let refused = try publish(
                ["--channel", "windfarm", "--tls", "--cert", strange.certificate, "--key", strange.key])
            #expect(
                refused.code == 1 && refused.errors.contains("refuses the certificate of its client"),
                "\(refused.errors)")
            let wrong = try publish(
                ["--channel", "windfarm", "--tls", "--cert", own[1], "--key", strange.key])
            #expect(wrong.code == 1 && wrong.errors.contains("key values mismatch"), "\(wrong.errors)")
            #expect(
                none.errorLines.count == 1 && refused.errorLines.count == 1 && wrong.errorLines.count == 1)
            service.stop()
            #expect(try logins() == 1)
        }

        @Test("without a connection with TLS publish ends with one line and a remedy, and sends no login")
        func refused() throws {
            let service = try RunningService(in: sandbox, options: tls + ["--mqtt-tls-host", "0.0.0.0"])
            let authority = ["--ca", folder + "/ca.pem"]
            let other = try sandbox.makeCertificate("other")
            for (arguments, reason, remedy) in [
                (url(), "no authority that is known here", "--ca"),
                (url() + ["--ca", other.certificate], "no authority that is known here", "--ca"),
                (
                    url(host: "127.0.0.2") + authority, "another name than 127.0.0.2",
                    "varve channel tls --host"
                ),
                (url(port: service.port) + authority, "does not speak TLS on this port", "18883"),
                (url("mqtt"), "speaks only TLS on this port", "--tls"),
                (url() + ["--ca", sandbox.path + "/missing"], "cannot be read", "missing"),
                (url() + ["--ca", file], "unable to load CA certificates", file),
            ] {
                let ending = try publish(arguments)
                #expect(ending.code == 1 && ending.errorLines.count == 1, "\(arguments): \(ending.errors)")
                #expect(
                    ending.errors.contains(reason) && ending.errors.contains(remedy),
                    "\(arguments): \(ending.errors)")
            }
            service.stop()
            #expect(try logins() == 0)
        }

        @Test(
            "a certificate that has expired, and a name that it has not, are told apart from a strange authority",
            .enabled(if: Installation.find("faketime") != nil, "faketime is not installed"))
        func expired() throws {
            let authority = try sandbox.makeCertificate("root", days: 20_000, date: "2020-01-01 00:00:00")
            let old = try sandbox.makeCertificate(
                "old", names: ["DNS:localhost"], signer: authority, days: 30, date: "2020-01-01 00:00:00")
            let service = try RunningService(in: sandbox, options: tls, environment: old.environment)
            let ending = try publish(url() + ["--ca", authority.certificate])
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(
                ending.errors.contains("certificate has expired") && ending.errors.contains("renew"),
                "\(ending.errors)")
            service.stop()
            #expect(try logins() == 0)
        }

        @Test("a listener that resets every connection is not waited for without end")
        func reset() throws {
            let script = """
                import socket, struct, sys
                server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
                print("up", flush=True)
                while True:
                    client, _ = server.accept()
                    client.recv(1)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()
                """
            let listener = try sandbox.start(program: ["/usr/bin/python3", "-c", script, String(port)])
            defer { _ = listener.kill(after: 0) }
            try eventually("it listens") { listener.output.contains("up") }
            let ending = try publish(url(host: "127.0.0.1"))
            #expect(ending.code == 1 && ending.errors.contains("does not speak TLS"), "\(ending.errors)")
        }

        @Test(
            "options that do not go together are refused in one line",
            arguments: [
                (["--channel", "windfarm", "--cert", "a.pem"], "belong together"),
                (["--url", "mqtt://u:p@h", "--product", "wind", "--ca", "a.pem"], "need TLS"),
                (["--channel", "windfarm", "--ca", ""], "--ca is empty"),
                (["--channel", "windfarm", "--tls"], "speaks no TLS"),
            ])
        func options(arguments: [String], reason: String) throws {
            let ending = try publish(arguments)
            #expect(ending.code != 0 && ending.errors.contains(reason), "\(ending.errors)")
            #expect(ending.errorLines.count == 1)
        }
    }
}
