// KilledServiceTests.swift — service, broker and sender are killed many times, and nothing is lost or stored twice.
//
// The contents of the store at the end are compared with an import of the same file.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct KilledServiceTests {
        /// How often each part is killed.
        private struct Kills {
            var service: Int
            var broker: Int
            var sender: Int
        }

        @Test("a sent recording equals the imported one, with kills of service, broker and sender on the way")
        func sample() throws {
            let kills =
                Installation.isThorough
                ? Kills(service: 20, broker: 5, sender: 5) : Kills(service: 6, broker: 2, sender: 2)
            for recording in Recording.inside { try check(recording, product: "wind", kills) }
        }

        @Test(
            "the large recordings, sent under 20, 5 and 5 kills, equal the imported ones",
            .enabled(if: Installation.isThorough, "set VARVE_TEST_FULL=1"),
            arguments: Recording.beside.filter { $0.path.contains("wind") || $0.path.contains("battery") })
        func large(recording: Recording) throws {
            try check(recording, product: "default", Kills(service: 20, broker: 5, sender: 5))
        }

        private func check(_ recording: Recording, product: String, _ kills: Kills) throws {
            let seed: UInt64 = 20_261_122
            var generator = SeededGenerator(seed: seed)
            let place = Comment("\(recording), seed \(seed)")
            let imported = try Sandbox()
            let first = try imported.varve(
                ["import", "--register", "--product", product, "--json", "--quiet", recording.path])
            try #require(first.code == 0, "\(first.errors)")

            let sandbox = try Sandbox()
            try FileManager.default.createDirectory(atPath: sandbox.data, withIntermediateDirectories: true)
            for name in try FileManager.default.contentsOfDirectory(atPath: imported.data)
            where name.hasPrefix("registry.sqlite") {
                try FileManager.default.copyItem(
                    atPath: "\(imported.data)/\(name)", toPath: "\(sandbox.data)/\(name)")
            }
            let service = try RunningService(in: sandbox)
            _ = try DemoChannel("history", product: product, in: sandbox)
            try disturb(service, sandbox, recording, kills, &generator)

            let last = try publish(recording, sandbox).wait()
            #expect(last.code == 0, "\(place): \(last.output)\(last.errors)")
            #expect(service.stop()?.code == 0, place)
            #expect(service.brokerIdentifier == nil, "the broker ended with the service")
            let verify = try sandbox.varve("verify", "--deep")
            #expect(verify.code == 0, "\(place): \(verify.output)")
            #expect(
                try sandbox.varve("stats", "--json").object()["samples"] as? Int
                    == imported.varve("stats", "--json").object()["samples"] as? Int, place)
            #expect(try digest(sandbox) == digest(imported), place)
        }

        /// Kills parts in random order while a sender runs, until each has been killed as often as wanted.
        private func disturb(
            _ service: RunningService, _ sandbox: Sandbox, _ recording: Recording, _ kills: Kills,
            _ generator: inout SeededGenerator
        ) throws {
            var victims =
                Array(repeating: "service", count: kills.service)
                + Array(repeating: "broker", count: kills.broker)
                + Array(repeating: "sender", count: kills.sender)
            victims.shuffle(using: &generator)
            var sender = try publish(recording, sandbox)
            for victim in victims {
                // A sender that has finished is started again: rows that are sent again must change nothing.
                if !sender.isRunning { sender = try publish(recording, sandbox, ["--again"]) }
                // A killed broker keeps only what it had at its last save, up to two seconds earlier.
                usleep(
                    victim == "broker" ? 3_000_000 : UInt32.random(in: 200_000...1_200_000, using: &generator)
                )
                switch victim {
                case "service":
                    service.killService()
                    try service.start()
                case "broker": service.killBroker()
                default:
                    _ = sender.kill(after: 0)
                    sender = try publish(recording, sandbox)
                }
            }
            _ = sender.kill(after: 0)
        }

        private func publish(
            _ recording: Recording, _ sandbox: Sandbox, _ options: [String] = []
        ) throws -> ChildProcess {
            let journal = "\(sandbox.path)/journal"
            return try sandbox.start(
                [
                    "publish", "--channel", "history", "--journal", journal, "--quiet", "--json",
                    recording.path,
                ]
                    + options)
        }

        /// All samples of a store, as one export.
        private func digest(_ sandbox: Sandbox) throws -> Data {
            let path = "\(sandbox.path)/all.csv"
            let ending = try sandbox.varve("export", "--format", "csv", "--out", path, "--quiet")
            guard ending.code == 0 else { throw Overdue(description: ending.errors) }
            defer { try? FileManager.default.removeItem(atPath: path) }
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
    }
}
