// RemovedFilesTests.swift — files of the data directory are removed, under a running service and while it is stopped.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct RemovedFilesTests {
        private let sandbox: Sandbox
        private let files = FileManager.default

        init() throws {
            sandbox = try Sandbox()
            for command in [
                ["model", "create", "m", "--point", "p:double"], ["product", "create", "k", "--model", "m"],
                ["device", "create", "d", "--product", "k"],
                ["channel", "create", "taken", "--product", "k"],
            ] {
                let ending = try sandbox.varve(command)
                #expect(ending.code == 0, "\(ending.errors)")
            }
        }

        private func path(_ name: String) -> String { "\(sandbox.data)/\(name)" }

        /// Rows of ten consecutive seconds.
        private func file(_ number: Int) throws -> String {
            let lines = (0..<10).map { "d,p,\(1_700_000_000 + 10 * number + $0),\($0)" }
            return try sandbox.write(lines: ["device,point,time,value"] + lines, "rows-\(number).csv")
        }

        private func publish(_ number: Int) throws {
            let ending = try sandbox.varve("publish", "--channel", "taken", "--quiet", try file(number))
            #expect(ending.code == 0, "\(ending.errors)")
        }

        private func samples() throws -> Int? {
            try sandbox.varve("stats", "--json").object()["samples"] as? Int
        }

        private func walFiles() throws -> [String] {
            try files.contentsOfDirectory(atPath: path("wal")).map { path("wal/\($0)") }
        }

        @Test(
            "a WAL file removed under the service is written again as a segment; kill -9 loses nothing then")
        func walUnderService() throws {
            let service = try RunningService(in: sandbox)
            try publish(0)
            for file in try walFiles() { try files.removeItem(atPath: file) }
            try eventually("the service has written it again") { service.errors.contains("written again") }
            service.killService()
            try service.start()
            #expect(try samples() == 10)
            try publish(1)
            service.stop()
            #expect(try samples() == 20)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test(
            "commits whose WAL file was removed behind the service's back are named by serve, verify and query"
        )
        func walBehindService() throws {
            let service = try RunningService(in: sandbox)
            for number in 0..<3 { try publish(number) }
            service.killService()
            service.killBroker()
            for file in try walFiles() { try files.removeItem(atPath: file) }
            let sentence = "3 commits, 1 to 3, which were acknowledged, are missing"
            let verify = try sandbox.varve("verify")
            #expect(
                verify.code == 1 && (verify.output + verify.errors).contains(sentence), "\(verify.output)")
            let query = try sandbox.varve("query", "--device", "d", "--point", "p")
            #expect(query.code == 1 && query.errors.contains(sentence), "\(query.errors)")
            let serve = try sandbox.start(service.command).wait()
            #expect(serve.code == 1 && serve.errors.contains(sentence), "\(serve.errors)")
            // Removing `acknowledged` is how a user goes on without them.
            try files.removeItem(atPath: path("acknowledged"))
            try service.start()
            try publish(3)
            // The killed broker may deliver messages again that it had not yet recorded as delivered.
            #expect(try [10, 20, 30, 40].contains(samples() ?? 0))
            service.stop()
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test(
            "without its manifests the service acknowledges nothing; once they are back the sender gets through"
        )
        func manifests() throws {
            let service = try RunningService(in: sandbox)
            try publish(0)
            let away = "\(sandbox.path)/away"
            try files.moveItem(atPath: path("manifests"), toPath: away)
            let sender = try sandbox.start([
                "publish", "--channel", "taken", "--quiet", try file(1),
            ])
            try eventually("the service says why it stores nothing") {
                service.errors.contains(
                    "was removed while it was in use; put it back or restore from a backup")
                    && service.errors.contains("messages cannot be stored")
            }
            #expect(sender.isRunning && service.isRunning)
            try files.moveItem(atPath: away, toPath: path("manifests"))
            #expect(sender.wait().code == 0)
            #expect(try samples() == 20)
            #expect(service.stop()?.code == 0)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test("if broker/, registry and log are removed under the service, it makes them again and says so")
        func besideTheStore() throws {
            let service = try RunningService(in: sandbox)
            try publish(0)
            try files.removeItem(atPath: path("registry.sqlite"))
            try files.removeItem(atPath: path("log.sqlite"))
            try files.removeItem(atPath: path("broker"))
            try eventually("all three are there again") {
                service.errors.contains(
                    "registry.sqlite was removed while it was in use: it is written again")
                    && service.errors.contains("broker/ was removed while it was in use: it is made again")
                    && files.fileExists(atPath: path("broker/credentials"))
            }
            // A second device is added, and both devices send.
            let made = try sandbox.varve("device", "create", "d2", "--product", "k")
            #expect(made.code == 0, "\(made.errors)")
            try publish(1)
            let more = try sandbox.write(
                lines: ["device,point,time,value", "d2,p,2025-01-01T00:00:00Z,1"], "more.csv")
            let sent = try sandbox.varve("publish", "--channel", "taken", "--quiet", more)
            #expect(sent.code == 0, "\(sent.errors)")
            try eventually("a new log is begun") {
                service.errors.contains("log.sqlite was removed while it was in use: a new log begins")
            }
            #expect(service.stop()?.code == 0)
            try service.start()
            #expect(try samples() == 21)
            #expect(try sandbox.varve("device", "list").output.contains("d2"))
            try publish(2)
            service.stop()
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test(
            "while the message log cannot be written, messages are stored and answered, and the log says what it lost"
        )
        func logUnwritable() throws {
            let service = try RunningService(in: sandbox)
            try publish(0)
            for name in ["log.sqlite", "log.sqlite-wal", "log.sqlite-shm"] {
                try? files.removeItem(atPath: path(name))
            }
            try files.createDirectory(atPath: path("log.sqlite"), withIntermediateDirectories: false)
            try publish(1)
            try eventually("the service says so") { service.errors.contains("log.sqlite") }
            #expect(try samples() == 20)
            try files.removeItem(atPath: path("log.sqlite"))
            try publish(2)
            try eventually("the log has later entries, and one about those that are missing") {
                let log = try sandbox.varve("log", "--category", "log", "--text", "payload and", "--json")
                let later = try sandbox.varve("log", "--event", "received", "--json")
                guard log.code == 0, later.code == 0 else { return false }
                return try !log.array().isEmpty && !later.array().isEmpty
            }
            let metrics = try sandbox.varve("stats", "--metrics").output.split(separator: "\n")
            let dropped = metrics.first { $0.hasPrefix("varve_log_dropped_total{kind=\"payload\"}") }
            #expect(dropped != nil && dropped?.hasSuffix(" 0") == false, "\(metrics)")
            #expect(service.stop()?.code == 0)
            #expect(try samples() == 30)
        }

        @Test(
            "a killed service starts again on a disk without room for a second copy of its WAL",
            .enabled(if: SmallDisk.canMount, "no tmpfs can be mounted here"))
        func nearlyFull() throws {
            try files.createDirectory(atPath: sandbox.data, withIntermediateDirectories: true)
            try SmallDisk.use(at: path("wal"), size: "512k") { folder in
                let service = try RunningService(in: sandbox)
                var generator = SeededGenerator(seed: 3)
                let lines = (0..<20_000).map {
                    "d,p,\(1_700_000_000 + $0),\(Double.random(in: 0...1, using: &generator))"
                }
                let rows = try sandbox.write(lines: ["device,point,time,value"] + lines, "many.csv")
                let sent = try sandbox.varve("publish", "--channel", "taken", "--quiet", rows)
                #expect(sent.code == 0, "\(sent.errors)")
                service.killService()
                service.killBroker()
                let used = try walFiles().reduce(0) {
                    try $0 + (files.attributesOfItem(atPath: $1)[.size] as? Int ?? 0)
                }
                #expect(used > 64 << 10 && used < 384 << 10, "\(used)")
                // The remaining space does not hold the WAL a second time.
                let room = (512 << 10) - used - (48 << 10)
                try Data(count: max(0, room)).write(to: URL(fileURLWithPath: "\(folder)/filler"))
                #expect(try samples() == 20_000)
                #expect(try sandbox.varve("verify", "--deep").code == 0)
                try service.start()
                #expect(try samples() == 20_000)
                try publish(0)
                #expect(service.stop()?.code == 0)
                #expect(try sandbox.varve("verify", "--deep").code == 0)
            }
        }
    }
}
