// SmallerBudgetTests.swift — waiting messages survive a service with a smaller budget, as after an upgrade.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct SmallerBudgetTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        private func service(megabytes: Int) throws -> RunningService {
            let settings = try sandbox.write(
                lines: [#"{"broker": {"queueBytes": \#(megabytes << 20)}}"#], "settings-\(megabytes).json")
            return try RunningService(in: sandbox, options: ["--config", settings])
        }

        @Test("messages that wait are all stored, even if the budget was made smaller than they are")
        func smallerBudget() throws {
            let first = try service(megabytes: 64)
            for command in [
                ["model", "create", "m", "--point", "p:double"], ["product", "create", "k", "--model", "m"],
                ["device", "create", "d", "--product", "k"],
            ] {
                #expect(try sandbox.varve(command).code == 0)
            }
            let channel = try DemoChannel("sea_1", product: "k", in: sandbox)
            first.killService()
            // More than the smaller budget plus what the service holds before the broker's proof.
            let lines = (0..<28).map { number in
                #"{"id":"\#(number)","method":"integration.measurepoint.post","params":[{"deviceKey":"d","#
                    + #""measurepoints":{"p":1},"time":\#(1_704_067_200_000 + number)}]"#
                    + String(repeating: " ", count: 1_000_000) + "}"
            }
            let messages = try sandbox.write(lines: lines, "messages")
            let sent = try sandbox.start(program: [
                "/bin/sh", "-c", "exec mosquitto_pub \"$@\" < \(messages)", "sh", "-h", "127.0.0.1", "-p",
                "\(first.port)", "-q", "1", "-i", "pub", "-u", channel.username, "-P", channel.password, "-l",
                "-t", "/sys/k/integration/measurepoint/post",
            ]).wait()
            #expect(sent.code == 0, "\(sent.errors)")
            let second = try service(megabytes: 8)
            try eventually("all are stored") {
                try sandbox.varve("stats", "--json").object()["samples"] as? Int == 28
            }
            #expect(second.stop()?.code == 0)
        }
    }
}
