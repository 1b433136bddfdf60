// RotationTests.swift — `varve product rotate-secret` and `varve channel rotate-password` beside a running service.
//
// The clients are paho's. Each logs in once, prints what it was answered, and says when it is disconnected.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RotationTests {
        private let sandbox: Sandbox
        private let service: RunningService

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine"],
                ["channel", "create", "windfarm", "--product", "wind"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
        }

        /// What is rotated, and how a client logs in with it.
        enum Login: CaseIterable {
            /// A signature with the secret of the product.
            case signature
            /// The fixed password of the channel.
            case password

            var rotation: [String] {
                switch self {
                case .signature: ["product", "rotate-secret", "wind"]
                case .password: ["channel", "rotate-password", "windfarm"]
                }
            }

            /// The command that prints the secret in force, as a member of its object.
            var shown: (command: [String], member: String) {
                switch self {
                case .signature: (["product", "show", "wind", "--json"], "secret")
                case .password: (["channel", "show", "windfarm", "--json"], "password")
                }
            }

            /// The beginning of the reason for a client whose secret was replaced.
            var reason: String {
                switch self {
                case .signature: "the secret of the signature was replaced"
                case .password: "the password was replaced"
                }
            }
        }

        private static let script = """
            import hashlib, sys, threading
            import paho.mqtt.client as mqtt
            port, name, secret, signs = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4] == "signature"
            content = f"clientId{name}deviceKey%channel%productKeywindtimestamp1{secret}"
            id = f"{name}|securemode=4,signmethod=sha256,timestamp=1|" if signs else name
            make = getattr(mqtt, "CallbackAPIVersion", None)
            client = mqtt.Client(make.VERSION1, client_id=id) if make else mqtt.Client(client_id=id)
            client.username_pw_set(
                "%channel%&wind", hashlib.sha256(content.encode()).hexdigest() if signs else secret)
            done = threading.Event()
            client.on_connect = lambda _, __, ___, code: (print("login", code, flush=True), code and done.set())
            client.on_disconnect = lambda *rest: (print("gone", flush=True), done.set())
            client.connect("127.0.0.1", port)
            client.loop_start()
            done.wait()
            """

        private func client(_ name: String, _ secret: String, _ login: Login) throws -> ChildProcess {
            try sandbox.start(
                program: [
                    "/usr/bin/python3", "-c", Self.script, String(service.port), name, secret, "\(login)",
                ])
        }

        /// Starts a client that must be let in.
        private func admitted(_ name: String, _ secret: String, _ login: Login) throws -> ChildProcess {
            let client = try client(name, secret, login)
            try eventually("\(name) is answered: \(client.errors)") { client.output.contains("\n") }
            #expect(client.output.hasPrefix("login 0"), "\(name): \(client.output)")
            return client
        }

        private func secret(_ login: Login) throws -> String {
            let (command, member) = login.shown
            return try #require(sandbox.varve(command).object()[member] as? String)
        }

        @Test(
            "the old and the new secret log in during the overlap, and the old one's client goes at its end",
            arguments: Login.allCases)
        func overlap(login: Login) throws {
            let first = try secret(login)
            let oldest = try admitted("oldest", first, login)
            #expect(try sandbox.varve(login.rotation + ["--keep", "1h"]).code == 0)
            let second = try secret(login)
            #expect(second != first)
            let old = try admitted("old", first, login)
            let middle = try admitted("middle", second, login)
            #expect(oldest.isRunning)
            // A second rotation ends the secret before the last one, and lets the last one run out soon.
            #expect(try sandbox.varve(login.rotation + ["--keep", "1s"]).code == 0)
            let new = try admitted("new", try secret(login), login)
            for gone in [oldest, old, middle] {
                #expect(gone.wait().output.hasPrefix("login 0\ngone"))
            }
            for (name, replaced) in [("late", second), ("later", first)] {
                #expect(try client(name, replaced, login).wait().output.hasPrefix("login 5"), "\(name)")
            }
            #expect(new.isRunning)
            try eventually("the log has the ends and the refusals") {
                let entries = try entries()
                return entries.contains(
                    "middle disconnected cut off: \(login.reason), and is not accepted any more")
                    && entries.contains("late refused \(login.reason), and is not accepted any more")
                    && entries.contains { $0.hasPrefix("oldest disconnected cut off: ") }
                    && entries.contains { $0.hasPrefix("later refused wrong ") }
            }
            #expect(try entries().filter { $0.hasPrefix("new ") } == ["new connected"])
        }

        /// The entries of connections as client, event and reason.
        private func entries() throws -> [String] {
            try sandbox.varve("log", "--kind", "connection", "--format", "ndjson").output.split(
                separator: "\n"
            )
            .map { line in
                let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                let client = (entry?["client"] as? String ?? "").prefix { $0 != "|" }
                let reason = (entry?["reason"] as? String).map { " " + $0 } ?? ""
                return "\(client) \(entry?["event"] as? String ?? "")\(reason)"
            }
        }
    }
}
