// LogCommand.swift — `varve log`: what happened on the channels.

import ArgumentParser
import VarveFile
import VarveMessageLog
import VarveModel
import VarveRegistry
import VarveText

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show what happened on the channels: connections, payloads, errors.",
        discussion: """
            The newest entry is the last. Times are UTC, or of the zone of --tz. With --follow new entries are \
            printed as they come, until the command is interrupted.

            Examples:
              varve log --kind error --limit 20
              varve log --channel wind_farm --from 2024-05-01 --to 2024-05-02 --tz Europe/Paris
              varve log --follow --format ndjson | grep T1
            """)

    /// The forms of output: a table for people, or one JSON object a line.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, ndjson
    }

    @OptionGroup var data: DataOptions
    @Option(help: "Only entries of this channel.") var channel: String?
    @Option(name: .customLong("kind"), help: "Only connection, payload or error. Repeatable.")
    var kinds: [LogEntry.Kind] = []
    @Option(help: "Only entries of this device: deviceKey, or productKey/deviceKey.") var device: String?
    @Option(help: "First time: RFC 3339, YYYY-MM-DD[ HH:MM[:SS]] (UTC or --tz) or an integer epoch.")
    var from: String?
    @Option(help: "First time after the range; forms as for --from.") var to: String?
    @Option(help: "At most this many of the newest entries.") var limit = 1000
    @Flag(help: "Go on with new entries as they come.") var follow = false
    @Option(help: "table or ndjson.") var format = Format.table
    @Option(
        parsing: .unconditional,
        help: "Time zone, such as Europe/Paris, for times in the table and --from/--to.") var tz: String?

    func validate() throws {
        do { _ = try filter(zone()) } catch { throw ValidationError("\(error)") }
    }

    func run() throws {
        let zone = try zone()
        let sink = StandardOutputSink()
        let output = OutputBuffer(sink)
        var printer: any LogPrinter =
            switch format {
            case .table: LogTable(zone: zone)
            case .ndjson: LogLines()
            }
        let filter = try filter(zone)
        let log = try MessageLog.openForReading(path: data.logPath)
        // Read first: an entry written from here on has a larger id, and `--follow` prints it later.
        var last = try log.lastID()
        let entries = try log.entries(filter)
        last = max(last, entries.map(\.id).max() ?? 0)
        // A deleted channel keeps its entries. A name without entries must be a channel, or it is mistyped.
        if entries.isEmpty, let channel, try POSIXFileSystem().kind(data.registryPath) != nil {
            _ = try data.openRegistry(to: .read).channel(named: channel)
        }
        try output.append(printer.text(entries))
        try output.flush()
        guard follow else { return }
        var tail = LogTail(path: data.logPath, filter: filter, after: last)
        while output.isOpen, !sink.waitForLostReader(milliseconds: LogTail.pauseMilliseconds) {
            while case let new = try tail.next(), !new.isEmpty, output.isOpen {
                try output.append(printer.text(new))
                try output.flush()
            }
        }
    }

    private func zone() throws -> (any NamedZone)? { try tz.map { try SystemZones.zone(named: $0) } }

    private func filter(_ zone: (any NamedZone)?) throws -> LogFilter {
        guard limit > 0 else {
            throw ValidationError("--limit: \(limit) is not a number of entries; at least 1")
        }
        var filter = LogFilter()
        filter.channel = channel
        filter.kinds = Set(kinds)
        filter.device = device
        filter.range = try TimeBound.range(from: from, to: to, zone: zone)
        filter.limit = limit
        return filter
    }
}
