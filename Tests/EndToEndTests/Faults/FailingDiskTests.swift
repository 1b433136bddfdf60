// FailingDiskTests.swift — a full disk or a failed sync: no receipt, one line about it, and an intact store.

import Foundation
import Testing
import VarveTestSupport

extension EndToEndTests {
    @Suite(.enabled(if: PreloadedDisk.compiler != nil, "no C compiler")) struct FailingDiskTests {
        private let sandbox: Sandbox
        private let disk: PreloadedDisk

        init() throws {
            sandbox = try Sandbox()
            disk = try PreloadedDisk(in: sandbox)
        }

        /// Imports through the WAL (few rows) and as a segment, into an empty directory and into one with data.
        static let cases =
            [(rows: 2000, isEmpty: true), (20_000, false)]
            + (Installation.isThorough ? [(2000, false), (20_000, true)] : [])

        @Test(
            "an import on a disk that fills up fails without a receipt, and is whole when there is room",
            arguments: cases)
        func fullDisk(rows: Int, isEmpty: Bool) throws {
            let trial = try Trial(sandbox, disk, rows: rows, isEmpty: isEmpty)
            for area in PreloadedDisk.Area.allCases {
                let bytes = try trial.extent(area).bytes
                for room in bytes > 0 ? Set([0, 1, bytes / 3, bytes * 2 / 3, bytes - 1]) : [] {
                    // SQLite writes its last bytes after the receipt. The store promises nothing about those.
                    try trial.run("\(area): room for \(room) of \(bytes) bytes", mustFail: area != .registry)
                    {
                        try disk.run(trial.command, data: $0, below: "\($0)/\(area)", room: room)
                    }
                }
            }
        }

        @Test("an import is not acknowledged if one of its syncs fails", arguments: cases)
        func failedSyncs(rows: Int, isEmpty: Bool) throws {
            let trial = try Trial(sandbox, disk, rows: rows, isEmpty: isEmpty)
            var tried = 0
            for area in PreloadedDisk.Area.allCases where area != .registry {
                let syncs = try trial.extent(area).syncs
                for number in 0..<syncs {
                    try trial.run("\(area): sync \(number + 1) of \(syncs) fails", mustFail: true) {
                        try disk.run(trial.command, data: $0, below: "\($0)/\(area)", failingSync: number + 1)
                    }
                    tried += 1
                }
            }
            #expect(tried > 2)
        }

        @Test("a compaction on a full disk changes nothing")
        func compaction() throws {
            let trial = try Trial(sandbox, disk, rows: 20_000, isEmpty: false)
            #expect(try sandbox.varve(trial.command, data: trial.start).code == 0)
            let question = ["query", "--device", "d0", "--device", "d1", "--format", "csv"]
            let answer = try sandbox.varve(question, data: trial.start).output
            let compact = ["compact", "--wait", "--quiet"]
            let measured = try sandbox.copy(trial.start, to: "measured")
            let extent = try disk.extent(of: compact, data: measured, below: "\(measured)/")
            for part in 0..<8 {
                let data = try sandbox.copy(trial.start, to: "trial")
                let ending = try disk.run(
                    compact, data: data, below: "\(data)/", room: extent.bytes * part / 8)
                #expect(ending.code == 1 && ending.errorLines.count == 1, "part \(part): \(ending.errors)")
                #expect(try sandbox.varve(["verify", "--deep"], data: data).code == 0, "part \(part)")
                #expect(try sandbox.varve(question, data: data).output == answer, "part \(part)")
                #expect(try sandbox.varve(compact, data: data).code == 0, "part \(part)")
                #expect(try sandbox.varve(question, data: data).output == answer, "part \(part)")
            }
        }

        @Test("an export onto a full disk leaves no file")
        func export() throws {
            let trial = try Trial(sandbox, disk, rows: 2000, isEmpty: false)
            let target = "\(sandbox.path)/target"
            try FileManager.default.createDirectory(
                atPath: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for room in [0, 100] {
                let command = [
                    "export", "--format", "csv", "--out", "\(target)/out.csv", "--data", trial.start,
                ]
                let ending = try disk.run(command, data: target, below: target, room: room)
                #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
            }
        }
    }
}

/// One import, tried many times on a disk that fails in a different place each time.
private final class Trial {
    let command: [String]
    /// The directory that each trial starts from.
    let start: String
    private let sandbox: Sandbox
    private let disk: PreloadedDisk
    private let whole: PrintedReceipt
    private let before: Int

    init(_ sandbox: Sandbox, _ disk: PreloadedDisk, rows: Int, isEmpty: Bool) throws {
        self.sandbox = sandbox
        self.disk = disk
        start = "\(sandbox.path)/start"
        let header = "device,point,time,value"
        if isEmpty {
            try FileManager.default.createDirectory(
                atPath: start, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            before = 0
        } else {
            let earlier = (0..<50).map { "d\($0 % 2),p,\(1_600_000_000 + $0),\($0)" }
            let file = try sandbox.write(lines: [header] + earlier, "earlier.csv")
            before = try sandbox.varve(["import", "--register", "--json", file], data: start).receipt()[
                "accepted"]
        }
        let lines = (0..<rows).map { "d\($0 % 2),p\($0 % 3),\(1_700_000_000 + $0),\($0 &* 7919 % 1013)" }
        let file = try sandbox.write(lines: [header] + lines, "history.csv")
        command = ["import", "--register", "--json", "--quiet", file]
        whole = try sandbox.varve(command, data: try sandbox.copy(start, to: "measured")).receipt()
        #expect(whole["accepted"] == rows)
    }

    /// How many bytes the import writes in an area, and how often it syncs there.
    func extent(_ area: PreloadedDisk.Area) throws -> (bytes: Int, syncs: Int) {
        let data = try sandbox.copy(start, to: "measured")
        return try disk.extent(of: command, data: data, below: "\(data)/\(area)")
    }

    /// Runs the import on a failing disk, checks the directory, and runs it again without a fault.
    func run(_ place: String, mustFail: Bool, _ import: (String) throws -> Ending) throws {
        let data = try sandbox.copy(start, to: "trial")
        let ending = try `import`(data)
        let place = Comment(rawValue: place)
        if ending.code == 0, !mustFail {
            #expect(try ending.receipt().counts == whole.counts, place)
        } else {
            #expect(ending.code == 1, place)
            #expect(ending.output.isEmpty, "\(place): \(ending.output)")
            #expect(
                ending.errorLines.count == 1 && ending.errors.hasPrefix("varve: "),
                "\(place): \(ending.errors)")
        }
        let verify = try sandbox.varve(["verify"], data: data)
        let isMade = FileManager.default.fileExists(atPath: "\(data)/manifests")
        #expect(verify.code == (isMade ? 0 : 1), "\(place): \(verify.output)\(verify.errors)")
        let kept = try stored(data)
        #expect(kept == before || kept == before + whole["accepted"], "\(place): half a batch")
        if ending.code == 0 { #expect(kept == before + whole["accepted"], place) }
        let rerun = try sandbox.varve(command, data: data)
        #expect(rerun.code == 0, "\(place): \(rerun.errors)")
        let receipt = try rerun.receipt()
        if kept == before {
            #expect(receipt.counts == whole.counts, place)
        } else {
            #expect(receipt["accepted"] == 0 && receipt["replayed"] == whole["accepted"], place)
        }
        #expect(try stored(data) == before + whole["accepted"], place)
        #expect(try sandbox.varve(["verify", "--deep"], data: data).code == 0, place)
    }

    private func stored(_ data: String) throws -> Int {
        let stats = try sandbox.varve(["stats", "--json"], data: data)
        return stats.code == 0 ? try stats.object()["samples"] as? Int ?? -1 : 0
    }
}
