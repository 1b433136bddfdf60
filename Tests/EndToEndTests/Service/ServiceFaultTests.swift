// ServiceFaultTests.swift — a full disk, a clock set back, a stalled service: no answer is sent too early or forgotten.

import Foundation
import Glibc
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct ServiceFaultTests {
        private let sandbox: Sandbox
        private static let rows = 4000

        init() throws {
            sandbox = try Sandbox()
        }

        @Test(
            "with a full disk nothing is acknowledged; when there is room again the sender gets through",
            .enabled(if: SmallDisk.canMount, "no tmpfs can be mounted here"))
        func fullDisk() throws {
            try FileManager.default.createDirectory(atPath: sandbox.data, withIntermediateDirectories: true)
            // Only the WAL is on the small disk: the registry and the broker stay usable, as on a full store volume.
            try SmallDisk.use(at: "\(sandbox.data)/wal", size: "4m") { folder in
                let service = try prepared()
                let filler = "\(folder)/filler"
                try fill(filler)
                let sender = try sandbox.start([
                    "publish", "--channel", "faults", "--json", "--quiet", try file(),
                ])
                try eventually("the service says that the disk is full") {
                    service.errors.lowercased().contains("no space left")
                }
                #expect(sender.isRunning, "the sender waits: \(sender.output)\(sender.errors)")
                #expect(service.isRunning)
                #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int ?? 0 == 0)
                try FileManager.default.removeItem(atPath: filler)
                let sent = sender.wait()
                #expect(sent.code == 0, "\(sent.errors)")
                #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == Self.rows)
                // There is one line when the disk got full, with the space needed, and one when it was over.
                let lines = service.errors.split(separator: "\n")
                #expect(lines.filter { $0.contains("no space left") }.count == 1, "\(service.errors)")
                #expect(lines.contains { $0.contains("is full; free about 1 MiB") }, "\(service.errors)")
                #expect(lines.filter { $0.contains("has room again") }.count == 1, "\(service.errors)")
                #expect(service.stop()?.code == 0)
                #expect(try sandbox.varve("verify", "--deep").code == 0)
            }
        }

        @Test(
            "a clock set back three days changes nothing",
            .enabled(if: Installation.find("faketime") != nil, "faketime is not installed"))
        func clockSetBack() throws {
            let service = try prepared()
            let file = try file()
            let journals = (1...2).map { "\(sandbox.path)/journal-\($0)" }
            #expect(try publish(file, journals[0]).code == 0)
            service.stop()
            let library = try #require(Self.fakeTimeLibrary)
            let back = try RunningService(
                in: sandbox,
                environment: ["LD_PRELOAD": library, "FAKETIME": "-3d", "FAKETIME_DONT_FAKE_MONOTONIC": "1"])
            let again = try publish(file, journals[1])
            #expect(again.code == 0, "\(again.errors)")
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == Self.rows)
            let more = try sandbox.write(
                lines: ["device,point,time,value", "d,p,2025-01-01T00:00:00Z,1"], "more.csv")
            #expect(try publish(more, journals[1] + "-more").code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == Self.rows + 1)
            #expect(back.stop()?.code == 0)
            #expect(try sandbox.varve("verify", "--deep").code == 0)
        }

        @Test("a service that stalls for a while loses nothing")
        func stalled() throws {
            let service = try prepared()
            let sender = try sandbox.start(
                ["publish", "--channel", "faults", "--json", "--quiet", "--batch-rows", "20", try file()])
            let id = try #require(service.identifier)
            for _ in 1...5 {
                kill(id, SIGSTOP)
                usleep(400_000)
                kill(id, SIGCONT)
                usleep(100_000)
            }
            #expect(sender.wait().code == 0)
            #expect(try sandbox.varve("stats", "--json").object()["samples"] as? Int == Self.rows)
        }

        private static let fakeTimeLibrary: String? = [
            "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
            "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
        ].first { FileManager.default.fileExists(atPath: $0) }

        private func publish(_ file: String, _ journal: String) throws -> Ending {
            try sandbox.varve("publish", "--channel", "faults", "--journal", journal, "--quiet", file)
        }

        /// A service with a device `d` whose product has a channel.
        private func prepared() throws -> RunningService {
            for command in [
                ["model", "create", "m", "--point", "p:double"], ["product", "create", "k", "--model", "m"],
                ["device", "create", "d", "--product", "k"],
                ["channel", "create", "faults", "--product", "k"],
            ] {
                let ending = try sandbox.varve(command)
                #expect(ending.code == 0, "\(ending.errors)")
            }
            return try RunningService(in: sandbox)
        }

        private func file() throws -> String {
            var generator = SeededGenerator(seed: 11)
            let lines = (0..<Self.rows).map {
                "d,p,\(1_700_000_000 + $0),\(Double.random(in: 0...1, using: &generator))"
            }
            return try sandbox.write(lines: ["device,point,time,value"] + lines, "rows.csv")
        }

        /// Writes a file until the disk is full.
        private func fill(_ path: String) throws {
            let descriptor = open(path, O_WRONLY | O_CREAT, 0o644)
            defer { close(descriptor) }
            for size in [65_536, 4096, 64, 1] {
                let bytes = [UInt8](repeating: 0, count: size)
                while write(descriptor, bytes, size) == size {}
            }
        }
    }
}
