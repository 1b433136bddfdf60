// DeleteCommand.swift — `varve delete`: deletes a time range of a device's samples.

import ArgumentParser
import VarveControl
import VarveModel
import VarveStorage
import VarveText

struct DeleteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete the samples of a device in a range of times.",
        discussion: """
            They are gone for every command and stream at once, all or none. Their bytes leave the disk when the segments \
            that have them are rewritten: by itself a day later or more, with --erase before this command ends. Rows that \
            come after the deletion are kept, and a file or message that was taken in before it and comes again is \
            applied again. Backups made before keep what they have. The device stays; see varve device delete.

            Examples:
              varve delete --device R80711 --point P_avg --from 2015-03-01 --to 2015-03-02 --dry-run
              varve delete --device wind/R80711 --from 2015-03-01 --to 2015-03-02 --erase
            """)

    @OptionGroup var data: DataOptions
    @Option(help: "The device, or product/device.") var device: String
    @Option(name: .customLong("point"), help: "A measurement point; without it all. Repeatable.")
    var points: [String] = []
    @Option(
        parsing: .unconditional,
        help: "First time: RFC 3339, YYYY-MM-DD[ HH:MM[:SS]] (UTC or --tz) or an integer epoch.") var from:
        String
    @Option(parsing: .unconditional, help: "First time after the range; forms as for --from.") var to: String
    @Option(
        parsing: .unconditional,
        help: "The zone of local times and days in --from and --to, such as Europe/Paris.") var tz: String?
    @Flag(help: "Rewrite the segments now, so that the bytes are gone from this directory.") var erase = false
    @Flag(help: "Say what would be deleted, and delete nothing.") var dryRun = false
    @Flag(help: "Print one JSON object.") var json = false
    @Flag(help: "Show no progress.") var quiet = false

    func validate() throws {
        if dryRun, erase { throw ValidationError("--dry-run deletes nothing: leave out --erase") }
        do { _ = try range() } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        try TimeBound.printNotes(from: from, to: to, tz: tz)
        let source = try data.openStore(to: .read).snapshot()
        let chosen = try SeriesSelection.select(from: source, devices: [device], points: points).map(
            \.info.key)
        guard let first = chosen.first else { return }
        if dryRun { return show(try source.assessDeletion(of: chosen, in: range()), nil) }
        let order = DeletionOrder(
            product: first.product, device: first.device, points: points, range: try range())
        if let client = try RunningService.connect(data) {
            let counts = try client.delete(order)
            return show(counts, try eraseIfAsked(counts) { try client.compact($0) })
        }
        let store = try data.openStore(to: .change)
        defer { try? store.close() }
        let counts = try store.delete(chosen, in: order.range)
        let rewritten = try eraseIfAsked(counts) { try store.compact($0) }
        try store.close()
        show(counts, rewritten)
    }

    private func range() throws -> TimeRange { try TimeBound.range(from: from, to: to, tz: tz) }

    private func eraseIfAsked(
        _ counts: DeletionReport, _ compact: ((UInt64, UInt64) -> Void) throws -> CompactionReport
    ) throws -> CompactionReport? {
        guard erase else { return nil }
        let line = quiet ? nil : ProgressLine("erasing")
        let result = try compact { done, total in
            line?.show(fraction: Double(done) / Double(max(total, 1)), count: done, unit: "samples")
        }
        line?.end()
        return result
    }

    private func show(_ counts: DeletionReport, _ rewritten: CompactionReport?) {
        if json { return print(object(counts, rewritten).line()) }
        let grouped = ImportSummary.grouped
        if let from = counts.from, let to = counts.to {
            let what = "\(grouped(counts.samples)) samples of \(counts.series) series, \(from) to \(to)"
            print(dryRun ? "would delete \(what)" : "deleted \(what), in commit \(counts.commit)")
        } else {
            print("nothing to delete: no samples of \(printable(device)) in this range")
        }
        guard let rewritten else { return }
        let sizes = "\(grouped(rewritten.bytesIn)) bytes, into \(grouped(rewritten.bytesOut)) bytes"
        print(
            rewritten.segments == 0
                ? "nothing to erase"
                : "rewrote \(rewritten.segments) segments, \(sizes): \(grouped(rewritten.deleted)) deleted "
                    + "samples are erased")
    }

    private func object(_ counts: DeletionReport, _ rewritten: CompactionReport?) -> JSONText {
        var members: [(String, JSONText)] = [
            ("samples", .integer(Int64(counts.samples))), ("series", .integer(Int64(counts.series))),
            ("commit", .integer(Int64(counts.commit))),
            ("from", .optional(counts.from?.description)),
            ("to", .optional(counts.to?.description)), ("dryRun", .bool(dryRun)),
        ]
        if let rewritten {
            members += [
                ("erased", .integer(Int64(rewritten.deleted))),
                ("segmentsRewritten", .integer(Int64(rewritten.segments))),
                ("bytesBefore", .integer(Int64(rewritten.bytesIn))),
                ("bytesAfter", .integer(Int64(rewritten.bytesOut))),
            ]
        }
        return .object(members)
    }
}
