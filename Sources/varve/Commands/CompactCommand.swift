// CompactCommand.swift — `varve compact`: one sorted run, without older versions, as small as it gets.

import ArgumentParser
import VarveStorage

struct CompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merge all segments, drop older versions and free the WAL.",
        discussion: """
            Answers do not change; files get smaller and reads faster. Imports merge by themselves what has become \
            many small segments, so this is for the last few percent, or before a backup.

            Example:
              varve compact --wait
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Return when it is done; without a running service it always does.") var wait = false
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func run() throws {
        let store = try data.openStore(to: .change)
        defer { try? store.close() }
        let line = quiet ? nil : ProgressLine("compacting")
        let report = try store.compact { done, total in
            line?.show(fraction: Double(done) / Double(max(total, 1)), count: done, unit: "samples")
        }
        line?.end()
        try store.close()
        if json {
            print(
                JSONText.object([
                    ("segments", .integer(Int64(report.segments))),
                    ("samples", .integer(Int64(report.samplesIn))),
                    ("dropped", .integer(Int64(report.dropped))),
                    ("bytesBefore", .integer(Int64(report.bytesIn))),
                    ("bytesAfter", .integer(Int64(report.bytesOut))),
                ]).line())
        } else if report.segments == 0 {
            print("nothing to compact")
        } else {
            let before = ImportSummary.grouped(report.bytesIn)
            let after = ImportSummary.grouped(report.bytesOut)
            print("merged \(report.segments) segments, \(before) bytes, into \(after) bytes")
            if report.dropped > 0 { print("dropped \(ImportSummary.grouped(report.dropped)) older versions") }
        }
    }
}
