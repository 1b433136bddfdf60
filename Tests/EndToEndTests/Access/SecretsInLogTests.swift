// SecretsInLogTests.swift — no password, secret or signature is in the message log, however clients mix up the fields.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct SecretsInLogTests {
        private let sandbox: Sandbox
        private let service: RunningService
        private let channel: DemoChannel
        private let productSecret = "pS3cretOfProduct"
        private let deviceSecret = "dS3cretOfDevice"

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "turbine", "--point", "power:double"],
                ["product", "create", "wind", "--model", "turbine", "--secret", productSecret],
                ["device", "create", "T1", "--product", "wind", "--secret", deviceSecret],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            service = try RunningService(in: sandbox)
            channel = try DemoChannel("windfarm", product: "wind", in: sandbox)
        }

        private func send(
            id: String, user: String, password: String,
            topic: String = "/sys/wind/integration/measurepoint/post"
        ) throws {
            let message = #"{"id":"1","method":"integration.measurepoint.post","params":[]}"#
            _ = try sandbox.start(
                program: [
                    "/usr/bin/mosquitto_pub", "-p", String(service.port), "-i", id, "-u", user, "-P",
                    password,
                    "-t", topic, "-m", message, "-q", "1",
                ]
            ).wait()
        }

        @Test("after logins with secrets in every field, the log has none of them, and an entry for each")
        func fields() throws {
            let (user, password) = (channel.username, channel.password)
            let signature = "1f3870be274f6c49b3e31a0c6728957f1f3870be274f6c49b3e31a0c6728957f"
            let guess = "a-guess-of-somebody"
            for secret in [password, productSecret, deviceSecret] {
                // The right login with a secret as client id, then refused logins with it in each field.
                try send(id: "gate-\(secret)", user: user, password: password)
                try send(id: secret, user: user, password: "wrong")
                try send(id: "a", user: secret, password: "wrong")
                try send(id: "b", user: "\(secret)&wind", password: "wrong")
                try send(id: "c", user: "%channel%&\(secret)", password: "wrong")
                try send(
                    id: "d|securemode=\(secret),signmethod=sha256,timestamp=1|", user: user, password: "x")
                try send(id: "e|securemode=4,signmethod=\(secret),timestamp=1|", user: user, password: "x")
                try send(id: "f", user: user, password: password, topic: "/sys/wind/\(secret)/x")
                try send(id: "g", user: user, password: password, topic: "other/\(secret)")
            }
            for own in [signature, guess] {
                try send(
                    id: "h|securemode=4,signmethod=sha256,timestamp=1,sign=\(own)|", user: user, password: own
                )
                try send(id: "i", user: "%channel%&\(own)", password: own)
            }
            try send(id: "last", user: user, password: password)
            try eventually("the last client left") {
                try sandbox.varve("log", "--client", "last", "--event", "disconnected", "--json").array()
                    .count == 1
            }
            let shown = try sandbox.varve("log", "--all", "--format", "ndjson").output
            #expect(service.stop()?.code == 0)
            let all = try sandbox.varve("log", "--all", "--json").array()
            #expect(all.count { $0["event"] as? String == "refused" } >= 3 * 6 + 2 * 2, "\(shown)")
            #expect(shown.contains("gate-[secret]") && shown.contains("sign=[secret]"))
            for name in ["log.sqlite", "log.sqlite-wal", "broker/mosquitto.out"] {
                let bytes = FileManager.default.contents(atPath: "\(sandbox.data)/\(name)") ?? Data()
                for secret in [password, productSecret, deviceSecret, signature, guess] {
                    let found = bytes.range(of: Data(secret.utf8))
                    #expect(found == nil, "\(secret) is in \(name)")
                }
            }
        }
    }
}
