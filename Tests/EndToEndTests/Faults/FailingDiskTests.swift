// FailingDiskTests.swift — a full disk or a failed sync: no receipt, one line that says so, the store intact.

import Foundation
import Testing

extension EndToEndTests {
    @Suite(.enabled(if: FailingDisk.compiler != nil, "no C compiler")) struct FailingDiskTests {
        private let sandbox: Sandbox
        private let disk: FailingDisk

        init() throws {
            sandbox = try Sandbox()
            disk = try FailingDisk(in: sandbox)
        }

        /// Imports through the WAL and as a segment, into an empty directory and into one with data.
        static let cases =
            [(rows: 2000, isEmpty: true), (20_000, false)]
            + (Installation.isThorough ? [(2000, false), (20_000, true)] : [])

        @Test(
            "an import on a disk that fills up fails without a receipt, and is whole when there is room",
            arguments: cases)
        func fullDisk(rows: Int, isEmpty: Bool) throws {
            let trial = try Trial(sandbox, disk, rows: rows, isEmpty: isEmpty)
            var rooms = [0, 1, 100, trial.extent.bytes - 1]
            rooms += (1..<10).map { trial.extent.bytes * $0 / 10 }
            for room in rooms.sorted() {
                try trial.run("room for \(room) of \(trial.extent.bytes) bytes") {
                    try disk.run(trial.command, data: $0, room: room)
                }
            }
            #expect(trial.refusals > 0)
        }

        @Test("an import whose syncs fail is not acknowledged", arguments: cases)
        func failedSyncs(rows: Int, isEmpty: Bool) throws {
            let trial = try Trial(sandbox, disk, rows: rows, isEmpty: isEmpty)
            #expect(trial.extent.syncs > 2)
            for number in 1...trial.extent.syncs {
                try trial.run("sync \(number) of \(trial.extent.syncs) fails") {
                    try disk.run(trial.command, data: $0, firstFailingSync: number)
                }
            }
            #expect(trial.refusals > 0)
        }

        @Test("a compaction on a full disk changes nothing")
        func compaction() throws {
            let trial = try Trial(sandbox, disk, rows: 20_000, isEmpty: false)
            #expect(try sandbox.varve(trial.command, data: trial.start).code == 0)
            let question = ["query", "--device", "d0", "--device", "d1", "--format", "csv"]
            let answer = try sandbox.varve(question, data: trial.start).output
            let compact = ["compact", "--wait", "--quiet"]
            let extent = try disk.extent(of: compact, data: try sandbox.copy(trial.start, to: "measured"))
            for part in 0..<8 {
                let data = try sandbox.copy(trial.start, to: "trial")
                let ending = try disk.run(compact, data: data, room: extent.bytes * part / 8)
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
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            for room in [0, 100] {
                let command = [
                    "export", "--format", "csv", "--out", "\(target)/out.csv", "--data", trial.start,
                ]
                let ending = try disk.run(command, data: target, room: room)
                #expect(ending.code == 1 && ending.errorLines.count == 1, "\(ending.errors)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: target) == [])
            }
        }
    }
}

/// One import, tried again and again on a disk that fails in another place.
private final class Trial {
    let command: [String]
    /// The directory that each trial starts from.
    let start: String
    /// What the import writes.
    let extent: (bytes: Int, syncs: Int)
    private(set) var refusals = 0
    private let sandbox: Sandbox
    private let whole: PrintedReceipt
    private let before: Int

    init(_ sandbox: Sandbox, _ disk: FailingDisk, rows: Int, isEmpty: Bool) throws {
        self.sandbox = sandbox
        start = "\(sandbox.path)/start"
        let header = "device,point,time,value"
        if isEmpty {
            try FileManager.default.createDirectory(atPath: start, withIntermediateDirectories: true)
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
        let measured = try sandbox.copy(start, to: "measured")
        extent = try disk.extent(of: command, data: measured)
        whole = try sandbox.varve(command, data: try sandbox.copy(start, to: "measured")).receipt()
        #expect(whole["accepted"] == rows)
    }

    /// Runs the import on a failing disk, checks what it left, and runs it again without a fault.
    func run(_ place: String, _ import: (String) throws -> Ending) throws {
        let data = try sandbox.copy(start, to: "trial")
        let ending = try `import`(data)
        let place = Comment(rawValue: place)
        if ending.code == 0 {
            // The last bytes and syncs are not needed for an acknowledgement; then everything must be there.
            #expect(try ending.receipt().counts == whole.counts, place)
        } else {
            refusals += 1
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
            #expect(receipt["accepted"] == 0 && receipt["identical"] == whole["accepted"], place)
        }
        #expect(try stored(data) == before + whole["accepted"], place)
        #expect(try sandbox.varve(["verify", "--deep"], data: data).code == 0, place)
    }

    private func stored(_ data: String) throws -> Int {
        let stats = try sandbox.varve(["stats", "--json"], data: data)
        return stats.code == 0 ? try stats.object()["samples"] as? Int ?? -1 : 0
    }
}
