// KilledImportTests.swift — `kill -9` at any moment loses nothing that was acknowledged and leaves nothing half done.
//
// Invariants checked:
// - After each kill the directory verifies and can be read.
// - The next run completes the import as if it had never been interrupted.
// - No file is left over.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite struct KilledImportTests {
        private let sandbox: Sandbox

        init() throws {
            sandbox = try Sandbox()
        }

        @Test("an import of several batches that was killed is completed by the next run")
        func severalBatches() throws {
            let seed: UInt64 = 20_240_501
            var generator = SeededGenerator(seed: seed)
            let file = try BulkyFile.write(in: sandbox)
            let command = BulkyFile.command(file)
            let whole = try Uninterrupted(command, in: sandbox, name: "whole")
            #expect(whole.receipt["accepted"] == BulkyFile.rows)
            #expect(whole.commits >= 3, "the input must be several batches")
            var resumed = 0
            for round in 1...30 {
                let data = "\(sandbox.path)/round-\(round)"
                let delay = whole.seconds * Double.random(in: 0.1...1.05, using: &generator)
                let kill = try sandbox.start(command, data: data).kill(after: delay)
                let place = Comment("seed \(seed), round \(round), killed after \(delay) s")
                let kept = try checkAfterKill(data, place)
                let rerun = try sandbox.varve(command, data: data)
                #expect(rerun.code == 0, "\(place): \(rerun.errors)")
                let receipt = try rerun.receipt()
                if kept.isFinished {
                    // Killed between the last commit and the receipt: the import was complete.
                    #expect(receipt["accepted"] == 0 && receipt["replayed"] == BulkyFile.rows, place)
                } else {
                    #expect(receipt.counts == whole.receipt.counts, place)
                }
                if kept.samples > 0, kept.samples < BulkyFile.rows { resumed += 1 }
                if kill.code == 0 { #expect(kept.samples == BulkyFile.rows, place) }
                try checkComplete(data, whole, place)
                try FileManager.default.removeItem(atPath: data)
            }
            #expect(resumed > 0, "no kill came between two batches; seed \(seed)")
        }

        @Test("imports of several files that were killed are completed by the next run")
        func severalFiles() throws {
            let seed: UInt64 = 7
            var generator = SeededGenerator(seed: seed)
            var files: [String] = []
            for (index, rows) in [300, 20_000, 1000, 50, 18_000, 2000].enumerated() {
                let lines = (0..<rows).map {
                    "d\($0 % 3),p\(index % 2),\(1_700_000_000 + $0 * 7 + index),\($0)"
                }
                files.append(
                    try sandbox.write(lines: ["device,point,time,value"] + lines, "file-\(index).csv"))
            }
            let command = ["import", "--register", "--json", "--quiet"] + files
            let whole = try Uninterrupted(command, in: sandbox, name: "whole")
            for round in 1...10 {
                let data = "\(sandbox.path)/round-\(round)"
                let delay = whole.seconds * Double.random(in: 0...1, using: &generator)
                _ = try sandbox.start(command, data: data).kill(after: delay)
                let place = Comment("seed \(seed), round \(round), killed after \(delay) s")
                _ = try checkAfterKill(data, place)
                let rerun = try sandbox.varve(command, data: data)
                #expect(rerun.code == 0, "\(place): \(rerun.errors)")
                #expect(try rerun.receipt()["rows"] == whole.receipt["rows"], place)
                try checkComplete(data, whole, place)
                try FileManager.default.removeItem(atPath: data)
            }
        }

        @Test("a killed compaction changes no answer, and the next one tidies up")
        func compaction() throws {
            let seed: UInt64 = 99
            var generator = SeededGenerator(seed: seed)
            var files: [String] = []
            for index in 0..<3 {
                let lines = (0..<20_000).map {
                    "d\($0 % 3),p,\(1_700_000_000 + $0 * 3 + index),\($0 &* 7919 % 1000)"
                }
                files.append(
                    try sandbox.write(lines: ["device,point,time,value"] + lines, "file-\(index).csv"))
            }
            let whole = try Uninterrupted(
                ["import", "--register", "--json", "--quiet"] + files, in: sandbox, name: "whole")
            let timed = try sandbox.copy(whole.data, to: "timed")
            let start = ContinuousClock.now
            #expect(try sandbox.varve(["compact", "--wait", "--quiet"], data: timed).code == 0)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            for round in 1...10 {
                let data = try sandbox.copy(whole.data, to: "round")
                let delay = seconds * Double.random(in: 0.1...1, using: &generator)
                _ = try sandbox.start(["compact", "--wait", "--quiet"], data: data).kill(after: delay)
                let place = Comment("seed \(seed), round \(round), killed after \(delay) s")
                let verify = try sandbox.varve(["verify"], data: data)
                #expect(verify.code == 0, "\(place): \(verify.output)")
                #expect(try whole.answers(of: data) == whole.answers, place)
                #expect(try sandbox.varve(["compact", "--wait", "--quiet"], data: data).code == 0, place)
                try checkComplete(data, whole, place)
            }
        }

        /// What a directory holds right after a kill.
        private struct Kept {
            var samples: Int
            var isFinished: Bool
        }

        private func checkAfterKill(_ data: String, _ place: Comment) throws -> Kept {
            guard FileManager.default.fileExists(atPath: "\(data)/manifests") else {
                return Kept(samples: 0, isFinished: false)
            }
            let verify = try sandbox.varve(["verify"], data: data)
            #expect(verify.code == 0, "\(place): \(verify.output)\(verify.errors)")
            let stats = try sandbox.varve(["stats", "--json"], data: data)
            let samples = stats.code == 0 ? try stats.object()["samples"] as? Int ?? -1 : 0
            let imports = try? sandbox.varve(["import", "--status", "--json"], data: data).array()
            return Kept(
                samples: samples, isFinished: imports?.contains { $0["finished"] as? Bool == true } ?? false)
        }

        private func checkComplete(_ data: String, _ whole: Uninterrupted, _ place: Comment) throws {
            let verify = try sandbox.varve(["verify", "--deep", "--json"], data: data)
            #expect(verify.code == 0, place)
            #expect(try verify.object()["notes"] as? [String] == [], "\(place): something is left over")
            #expect(try whole.answers(of: data) == whole.answers, place)
            let names = try FileManager.default.subpathsOfDirectory(atPath: data)
            #expect(
                !names.contains { $0.hasSuffix(".partial") || $0.contains("spool") }, "\(place): \(names)")
        }
    }
}

/// An import without a kill, to compare with.
private struct Uninterrupted {
    let data: String
    let receipt: PrintedReceipt
    let seconds: Double
    let answers: Data
    /// The number of the newest commit.
    let commits: Int
    private let sandbox: Sandbox
    private let devices: [String]

    init(_ command: [String], in sandbox: Sandbox, name: String) throws {
        self.sandbox = sandbox
        data = "\(sandbox.path)/\(name)"
        let start = ContinuousClock.now
        let ending = try sandbox.varve(command, data: data)
        seconds = (ContinuousClock.now - start) / .seconds(1)
        receipt = try ending.receipt()
        let list = try sandbox.varve(["device", "list", "--json"], data: data).array()
        devices = list.compactMap { $0["device"] as? String }
        commits = try sandbox.varve(["stats", "--json"], data: data).object()["commit"] as? Int ?? 0
        answers = try Self.answers(sandbox, devices, data)
    }

    /// All rows of a data directory as CSV.
    func answers(of data: String) throws -> Data { try Self.answers(sandbox, devices, data) }

    private static func answers(_ sandbox: Sandbox, _ devices: [String], _ data: String) throws -> Data {
        let named = devices.flatMap { ["--device", $0] }
        let ending = try sandbox.varve(["query", "--format", "csv"] + named, data: data)
        return try Data(contentsOf: URL(fileURLWithPath: ending.outputPath))
    }
}
