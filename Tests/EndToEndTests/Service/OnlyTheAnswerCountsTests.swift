// OnlyTheAnswerCountsTests.swift — a PUBACK does not say that a message is on disk; only the answer does.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct OnlyTheAnswerCountsTests {
        private let sandbox: Sandbox
        private let channel: DemoChannel
        private static let topic = "/sys/k/integration/measurepoint/post"

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "m", "--point", "p:double"], ["product", "create", "k", "--model", "m"],
                ["device", "create", "d", "--product", "k"],
            ] {
                let ending = try sandbox.varve(command)
                guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            }
            channel = try DemoChannel("sea_1", product: "k", in: sandbox)
        }

        @Test(
            "a killed broker loses messages that it acknowledged and nobody stored; varve publish sends them again"
        )
        func puback() throws {
            let service = try RunningService(in: sandbox)
            let id = try #require(service.identifier)
            kill(id, SIGSTOP)
            defer { kill(id, SIGCONT) }
            // mosquitto_pub ends with 0 at the PUBACK, although the message is not stored.
            let sent = try sandbox.start(program: [
                "mosquitto_pub", "-h", "127.0.0.1", "-p", "\(service.port)", "-q", "1", "-i", "pub",
                "-u", channel.username, "-P", channel.password, "-t", Self.topic, "-m",
                #"{"id":"1","version":"1.0","method":"integration.measurepoint.post","params":[{"deviceKey":"d","measurepoints":{"p":1},"time":1704067200000}]}"#,
            ]).wait()
            #expect(sent.code == 0, "\(sent.errors)")
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 0)

            let file = try sandbox.write(
                lines: [
                    "device,point,time,value", "d,p,2025-01-01T00:00:00Z,1", "d,p,2025-01-02T00:00:00Z,2",
                ],
                "two.csv")
            let impatient = try publish(file, "--give-up-after", "1")
            #expect(impatient.code == 1, "no answer is no success: \(impatient.output)\(impatient.errors)")

            service.killBroker()
            kill(id, SIGCONT)
            #expect(try publish(file, "--reply-timeout", "1").code == 0)
            let rows = try sandbox.varve("query", "--device", "d", "--point", "p", "--format", "csv").output
            #expect(
                rows.contains("2025-01-01T00:00:00Z,1") && rows.contains("2025-01-02T00:00:00Z,2"), "\(rows)")
        }

        private func publish(_ file: String, _ options: String...) throws -> Ending {
            try sandbox.varve(["publish", "--channel", "sea_1", "--quiet", file] + options)
        }
    }
}
