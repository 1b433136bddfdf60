// CompactCommand.swift — `varve compact`: merges segments until none overlap, and drops what no kept state shows.

import ArgumentParser
import VarveControl
import VarveModel
import VarveRegistry
import VarveStorage
import VarveText

struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merge segments that overlap, drop what is kept no longer and free the WAL.",
        discussion: """
            Answers do not change; files get smaller and reads faster. Imports merge by themselves what has become \
            many small segments, so this is for the last few percent, or before a backup. Deleted samples are \
            erased, and without a running service the retention rules are applied first (see varve retention).

            Example:
              varve compact --wait
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Return when it is done; without a running service it always does.") var wait = false
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func run() throws {
        if let client = try RunningService.connect(data) { return try run(on: client) }
        let rules = try data.registryIfMade()?.productRetentions()
        let store = try data.openStore(to: .change)
        defer { try? store.close() }
        _ = try store.expire(rules ?? [:])
        let report = try showingProgress { try store.compact($0) }
        try store.close()
        show(report)
    }

    private func run(on client: ControlClient) throws {
        if wait { return show(try showingProgress { try client.compact($0) }) }
        try client.startCompaction()
        let process = client.service.processID
        print(
            json
                ? JSONText.object([("started", .bool(true)), ("process", .integer(Int64(process)))]).line()
                : "the service (process \(process)) compacts; with --wait this returns when it is done")
    }

    private func showingProgress<T>(_ compact: ((UInt64, UInt64) -> Void) throws -> T) rethrows -> T {
        let line = quiet ? nil : ProgressLine("compacting")
        let result = try compact { done, total in
            line?.show(fraction: Double(done) / Double(max(total, 1)), count: done, unit: "samples")
        }
        line?.end()
        return result
    }

    private func show(_ counts: CompactionReport) {
        if json {
            print(
                JSONText.object([
                    ("segments", .integer(Int64(counts.segments))),
                    ("samples", .integer(Int64(counts.samplesIn))),
                    ("dropped", .integer(Int64(counts.dropped))),
                    ("kept", .integer(Int64(counts.kept))),
                    ("deleted", .integer(Int64(counts.deleted))),
                    ("bytesBefore", .integer(Int64(counts.bytesIn))),
                    ("bytesAfter", .integer(Int64(counts.bytesOut))),
                ]).line())
        } else if counts.segments == 0 {
            print("nothing to compact")
        } else {
            let before = ImportSummary.grouped(counts.bytesIn)
            let after = ImportSummary.grouped(counts.bytesOut)
            print("merged \(counts.segments) segments, \(before) bytes, into \(after) bytes")
            if counts.dropped > 0 { print("dropped \(ImportSummary.grouped(counts.dropped)) older versions") }
            if counts.kept > 0 {
                print(
                    "kept \(ImportSummary.grouped(counts.kept)) older versions, which take room until history lets go of "
                        + "them: see varve retention")
            }
            if counts.deleted > 0 { print("erased \(ImportSummary.grouped(counts.deleted)) deleted samples") }
        }
    }
}
