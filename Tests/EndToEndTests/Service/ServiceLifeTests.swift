// ServiceLifeTests.swift — how the service starts, is found again, refuses, and ends.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ServiceLifeTests {
        private let sandbox: Sandbox

        init() throws { sandbox = try Sandbox() }

        @Test("a killed service leaves its broker, and the next one adopts it", arguments: [SIGTERM, SIGINT])
        func adoption(signal: Int32) throws {
            let service = try RunningService(in: sandbox)
            let broker = try #require(service.brokerIdentifier)
            service.killService()
            #expect(service.brokerIdentifier == broker, "the broker goes on alone")
            try service.start()
            #expect(service.brokerIdentifier == broker, "the same broker serves on")
            #expect(service.stop(signal)?.code == 0)
            #expect(service.brokerIdentifier == nil, "a clean end ends the broker too")
        }

        @Test("a broker that dies is started again")
        func brokerRestart() throws {
            let service = try RunningService(in: sandbox)
            let first = try #require(service.brokerIdentifier)
            service.killBroker()
            try eventually("another broker runs") { (service.brokerIdentifier ?? first) != first }
            #expect(service.isRunning)
        }

        @Test("removed files of a running service are made again")
        func removedFiles() throws {
            let service = try RunningService(in: sandbox)
            #expect(try sandbox.varve("model", "create", "m", "--point", "p:double").code == 0)
            let files = FileManager.default
            for name in ["control.sock", "broker/credentials"] {
                let path = "\(sandbox.data)/\(name)"
                try #require(files.fileExists(atPath: path))
                try files.removeItem(atPath: path)
                try eventually("\(name) is there again") { files.fileExists(atPath: path) }
            }
            let stats = try sandbox.varve("stats", "--json")
            #expect(stats.code == 0, "\(stats.errors)")
            #expect(service.stop()?.code == 0)
        }

        @Test("a running service reports its metrics; without a service the command says so")
        func metrics() throws {
            let none = try sandbox.varve("stats", "--metrics")
            #expect(none.code == 1 && none.errorLines.count == 1, "\(none.errors)")
            #expect(none.errors.contains("no service runs on"), "\(none.errors)")
            let service = try RunningService(in: sandbox)
            let file = try sandbox.write(
                lines: ["device,point,time,value", "d,p,2024-01-01T00:00:00Z,1"], "rows.csv")
            #expect(try sandbox.varve("import", "--register", file).code == 0)
            let told = try sandbox.varve("stats", "--metrics")
            #expect(told.code == 0, "\(told.errors)")
            let lines = told.output.split(separator: "\n")
            #expect(lines.contains("# TYPE varve_commits_total counter"))
            #expect(lines.contains("varve_rows_total{outcome=\"accepted\"} 1"))
            #expect(lines.contains("varve_samples 1"))
            #expect(lines.contains("varve_write_failures_total 0"))
            #expect(lines.contains("varve_broker_serving 1") && lines.contains("varve_broker_logins_total 1"))
            for name in [
                "messages_total{outcome=\"taken\"}", "messages_total{outcome=\"refused\"}", "replies_total",
                "connection_events_total{kind=\"refused\"}", "log_dropped_total{kind=\"payload\"}",
            ] {
                #expect(lines.contains("varve_\(name) 0"), "\(name)")
            }
            #expect(try sandbox.varve("stats", "--metrics", "--json").code == 2)
            #expect(service.stop()?.code == 0)
        }

        @Test("a second service, and a port in use, are refused in one line that says what to do")
        func refusals() throws {
            let service = try RunningService(in: sandbox, isSupervised: true)
            let second = try sandbox.varve(["serve", "--mqtt-port", "1"])
            #expect(second.code == 1 && second.errorLines.count == 1, "\(second.errors)")
            // The line names the holder and the process to stop: if only the worker ended, another would replace it.
            let advice = "(its worker is process \(service.worker ?? 0)); stop it first"
            #expect(second.errors.contains(advice), "\(second.errors)")
            #expect(
                second.errors.contains("varve serve, process \(service.identifier ?? 0)"), "\(second.errors)")
            let other = try Sandbox()
            let taken = try other.varve(["serve", "--mqtt-port", String(service.port)])
            #expect(taken.code == 1, "\(taken.output)")
            #expect(taken.errors.contains("port \(service.port)") && taken.errors.contains("--mqtt-port"))
        }

        @Test(
            "settings that cannot be used are refused in one line",
            arguments: [
                (["--mqtt-host", "0.0.0.0"], "loopback"), (["--mqtt-port", "70000"], "mqtt.port is 70000"),
                (["--broker", "other"], "managed or external"),
                (["--log-level", "loud"], "log.level is loud"),
                (["--config", "none.json"], "none.json"),
            ])
        func badSettings(options: [String], text: String) throws {
            let ending = try sandbox.varve(["serve"] + options)
            #expect(ending.code == 1, "\(ending.output)")
            #expect(ending.errorLines.count == 1 && ending.errors.contains(text), "\(ending.errors)")
        }

        @Test(
            "flags come before variables, variables before the file, and the result can be printed and used again"
        )
        func precedence() throws {
            let file = try sandbox.write(
                #"{"mqtt":{"port":1001,"host":"127.0.0.2"},"log":{"level":"error","bytes":2000000}}"#.utf8,
                "c.json")
            let command = ["serve", "--print-config", "--config", file, "--log-level", "debug"]
            let printed = try sandbox.varve(command, environment: ["VARVE_MQTT_PORT": "1002"])
            #expect(printed.code == 0, "\(printed.errors)")
            let object = try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any]
            let mqtt = object?["mqtt"] as? [String: Any]
            let log = object?["log"] as? [String: Any]
            #expect(mqtt?["port"] as? Int == 1002 && mqtt?["host"] as? String == "127.0.0.2")
            #expect(log?["level"] as? String == "debug" && log?["bytes"] as? Int == 2_000_000)
            let again = try sandbox.write(printed.output.utf8, "again.json")
            #expect(try sandbox.varve("serve", "--print-config", "--config", again).output == printed.output)
            let kept = try sandbox.varve(["serve", "--print-config"], environment: ["VARVE_LOG_KEEP": "90d"])
            #expect(kept.output.contains(#""keep": "90d""#), "\(kept.errors)")
            for text in ["soon", "0d", "90"] {
                let wrong = try sandbox.varve(
                    ["serve", "--print-config"], environment: ["VARVE_LOG_KEEP": text])
                #expect(
                    wrong.code == 1 && wrong.errors.contains("log.keep is \"\(text)\""), "\(wrong.errors)")
            }
            let typo = try sandbox.write(#"{"mqtt":{"prot":1}}"#.utf8, "typo.json")
            #expect(try sandbox.varve("serve", "--config", typo).errors.contains("mqtt.prot"))
        }

        @Test("an external mosquitto works with the plugin and the printed configuration")
        func externalBroker() throws {
            let port = Int(try Loopback.freePort())
            let options = ["--broker", "external", "--mqtt-port", String(port)]
            let printed = try sandbox.varve(["serve", "--print-broker-config"] + options)
            #expect(printed.code == 0, "\(printed.errors)")
            let file = try sandbox.write(printed.output.utf8, "external.conf")
            let broker = try sandbox.start(program: ["/usr/sbin/mosquitto", "-c", file])
            defer { _ = broker.kill(after: 0) }
            let service = try RunningService(in: sandbox, options: options)
            #expect(try sandbox.varve("model", "create", "m", "--point", "p:double").code == 0)
            #expect(try sandbox.varve("product", "create", "k", "--model", "m").code == 0)
            #expect(try sandbox.varve("device", "create", "d", "--product", "k").code == 0)
            _ = try DemoChannel("external", product: "k", in: sandbox)
            let rows = try sandbox.write(
                lines: ["device,point,time,value", "d,p,2024-01-01T00:00:00Z,1.5"], "r.csv")
            let sent = try sandbox.varve("publish", "--channel", "external", "--quiet", rows)
            #expect(sent.code == 0, "\(sent.errors)")
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == 1)
            service.stop()
            #expect(broker.isRunning, "a broker of somebody else is left alone")
        }

        @Test("the service sees what a command changes beside it, and the other way round")
        func beside() throws {
            let service = try RunningService(in: sandbox)
            let sample = try #require(Recording.inside.first)
            let other = try Sandbox()
            let command = ["import", "--register", "--product", "wind", "--json", "--quiet", sample.path]
            let alone = try other.varve(command)
            let beside = try sandbox.varve(command)
            #expect(beside.code == 0, "\(beside.errors)")
            #expect(try beside.receipt().counts == alone.receipt().counts)
            #expect(try sandbox.varve(command).receipt()["accepted"] == 0, "again: all replayed")
            let question = ["query", "--device", "R80711", "--point", "P_avg", "--format", "csv"]
            #expect(try sandbox.varve(question).output == other.varve(question).output)
            #expect(try sandbox.varve("compact", "--wait", "--quiet").code == 0)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
            let samples = try sandbox.varve("stats", "--json").object()["samples"] as? Int
            #expect(service.stop()?.code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == samples)
        }
    }
}
