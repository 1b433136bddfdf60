// ChannelCommandsTests.swift — channels are made, shown, switched and deleted, and the lines shown work in a shell.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ChannelCommandsTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
            for line in [
                "model create turbine --point power:double", "product create wind --model turbine",
                "product create sea --model turbine", "device create T1 --product wind",
            ] {
                #expect(try run(line).code == 0)
            }
        }

        private func run(_ line: String) throws -> Ending {
            try sandbox.varve(line.split(separator: " ").map(String.init))
        }

        @Test("a channel is made, shown, listed, switched and deleted")
        func lifecycle() throws {
            let made = try run("channel create 风电场_1 --product wind --description North")
            #expect(made.code == 0 && made.output.contains("varve channel show 风电场_1"), "\(made.errors)")
            #expect(made.output.contains("varve serve"))
            let shown = try run("channel show 风电场_1 --json").object()
            #expect(shown["brokerUrl"] as? String == "mqtt://127.0.0.1:11883")
            #expect(shown["clientId"] as? String == "wind" && shown["product"] as? String == "wind")
            #expect(shown["username"] as? String == "%channel%&wind" && shown["enabled"] as? Bool == true)
            #expect((shown["password"] as? String)?.count == 32 && shown["description"] as? String == "North")
            #expect(try run("channel list --json").array().map { $0["name"] as? String } == ["风电场_1"])
            #expect(try run("channel list").output.contains("North"))
            #expect(try run("channel disable 风电场_1").code == 0)
            #expect(try run("channel show 风电场_1 --json").object()["enabled"] as? Bool == false)
            #expect(try run("channel enable 风电场_1").code == 0)
            let after = try run("channel show 风电场_1 --json").object()
            #expect(NSDictionary(dictionary: after) == NSDictionary(dictionary: shown))
            #expect(try run("channel delete 风电场_1").code == 0)
            #expect(try run("channel list --json").output == "[]\n")
        }

        @Test("without a service, also after one that was killed, the commands say to start it")
        func noService() throws {
            #expect(try run("channel create first --product wind").output.contains("next: varve serve"))
            let advice = "no service runs on \(sandbox.data): start it with varve serve"
            #expect(try run("channel show first").output.hasSuffix("\nNothing is taken yet: \(advice)\n"))
            let service = try RunningService(in: sandbox)
            #expect(try run("channel show first").output.contains("no service") == false)
            #expect(try run("channel create other --product sea").output.contains("varve serve") == false)
            service.killService()
            service.killBroker()
            #expect(FileManager.default.fileExists(atPath: "\(sandbox.data)/broker/address"))
            #expect(try run("channel show first").output.contains(advice))
            let rows = try sandbox.write(
                lines: ["device,point,time,value", "T1,power,2024-05-01T12:00:00Z,1"], "rows.csv")
            let publish = try run("publish --channel first --give-up-after 1 \(rows)")
            #expect(publish.code == 1 && publish.errors.hasPrefix("varve: \(advice); publish waits"))
        }

        @Test(
            "a command that cannot be carried out ends with exit code 1 and one line that names the cause",
            arguments: [
                ("channel create wind --product none", "none"), ("channel create abc --product wind", "abc"),
                ("channel create first --product sea", "first"),
                ("channel create more --product wind", "first"),
                ("channel show none", "none"), ("channel enable none", "none"),
                ("channel disable none", "none"),
                ("channel delete none", "none"), ("product create a+b --model turbine", "+"),
                ("product create a&b --model turbine", "&"),
            ])
        func refused(line: String, name: String) throws {
            #expect(try run("channel create first --product wind").code == 0)
            let before = try run("channel list --json").output
            let ending = try run(line)
            #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
            #expect(ending.errors.contains(name), "\(ending.errors)")
            #expect(try run("channel list --json").output == before)
        }

        @Test("the address is the one that the service wrote; a file without an address is an error")
        func address() throws {
            #expect(try run("channel create wind --product wind").code == 0)
            try FileManager.default.createDirectory(
                atPath: "\(sandbox.data)/broker", withIntermediateDirectories: true)
            for (text, url) in [
                ("10.0.0.7:2883\n", "mqtt://10.0.0.7:2883"), ("[::1]:11883", "mqtt://[::1]:11883"),
                ("broker.example:1\n", "mqtt://broker.example:1"),
            ] {
                try sandbox.write(text.utf8, "data/broker/address")
                #expect(try run("channel show wind --json").object()["brokerUrl"] as? String == url)
            }
            for text in ["", "host", "host:0", "host:65536", "::1:80", ":80", "a:1\nb:2\n", "a'b:1", "a b:1"]
            {
                try sandbox.write(text.utf8, "data/broker/address")
                let ending = try run("channel show wind")
                #expect(ending.code == 1 && ending.errorLines.count == 1, "\(text): \(ending.errors)")
                #expect(ending.errors.contains("broker/address"), "\(ending.errors)")
            }
        }

        @Test("a product with a channel is not deleted")
        func registry() throws {
            #expect(try run("channel create sea_1 --product sea").code == 0)
            let refused = try run("product delete sea")
            #expect(refused.code == 1 && refused.errors.contains("varve channel delete"), "\(refused.errors)")
            #expect(try run("channel delete sea_1").code == 0)
            #expect(try run("product delete sea").code == 0)
        }

        @Test(
            "the lines that show prints work in a shell with any names",
            .enabled(if: BrokerClients.isInstalled, "the broker's clients are not installed"))
        func lines() throws {
            let device = #"it's "$HOME" `x` \ é&|%"#
            #expect(try sandbox.varve("device", "create", device, "--product", "sea").code == 0)
            #expect(try run("channel create sea_1 --product sea").code == 0)
            let login = try run("channel show sea_1 --json").object()
            let username = try #require(login["username"] as? String)
            let password = try #require(login["password"] as? String)
            let clients = try BrokerClients(in: sandbox, user: username, password: password)
            try FileManager.default.createDirectory(
                atPath: "\(sandbox.data)/broker", withIntermediateDirectories: true)
            try sandbox.write("127.0.0.1:\(clients.broker.port)\n".utf8, "data/broker/address")
            let shown = try run("channel show sea_1").output.split(separator: "\n")
            let line = { (program: String) -> String in
                shown.first { $0.contains("  \(program) ") }.map { $0.trimmingCharacters(in: .whitespaces) }
                    ?? "false"
            }
            let topic = "/sys/sea/integration/measurepoint/post"
            let listener = try clients.listener("'#'")
            try clients.publish("ping", until: listener)
            let sender = try sandbox.start(program: ["/bin/sh", "-c", line("mosquitto_pub")]).wait()
            #expect(sender.code == 0, "\(line("mosquitto_pub")): \(sender.errors)")
            let received = try listener.waitForLine { $0.hasPrefix(topic + " ") }
            let message = try #require(
                try JSONSerialization.jsonObject(with: Data(received.dropFirst(topic.count + 1).utf8))
                    as? [String: Any])
            #expect(message["method"] as? String == "integration.measurepoint.post")
            let item = try #require((message["params"] as? [[String: Any]])?.first)
            #expect(item["deviceKey"] as? String == device)
            #expect((item["measurepoints"] as? [String: Any])?["power"] as? Double == 1.5)
            let answers = try clients.listener(line: line("mosquitto_sub"))
            try clients.publish(topic + "_reply", until: answers)
        }
    }
}
