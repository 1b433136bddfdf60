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
            An entry must meet all options; of an option that is given several times, it must meet one. The newest \
            entry is the last. Times are UTC, or of the zone of --tz. With --follow new entries are printed as they \
            come, until the command is interrupted.

            Examples:
              varve log --kind error --limit 20
              varve log --category login --category device --text wind
              varve log --channel wind_farm --from 2024-05-01 --to 2024-05-02 --tz Europe/Paris
              varve log --code 1204 --client gateway7 --follow
              varve log --all --format csv > log.csv
            """)

    /// The forms of output.
    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, ndjson, csv, json
    }

    @OptionGroup var data: DataOptions
    @Option(name: .customLong("channel"), help: "Only entries of this channel. Repeatable.")
    var channels: [String] = []
    @Option(name: .customLong("product"), help: "Only entries of this product. Repeatable.")
    var products: [String] = []
    @Option(name: .customLong("kind"), help: "Only connection, payload or error. Repeatable.")
    var kinds: [LogEntry.Kind] = []
    @Option(name: .customLong("event"), help: "Only this event, such as refused or replayed. Repeatable.")
    var events: [LogEntry.Event] = []
    @Option(name: .customLong("category"), help: "Only this category, such as login or model. Repeatable.")
    var categories: [LogEntry.Category] = []
    @Option(name: .customLong("code"), help: "Only messages with this code in their answer. Repeatable.")
    var codes: [Int] = []
    @Option(
        name: .customLong("device"),
        help: "Only entries of this device: deviceKey, or productKey/deviceKey. Repeatable.")
    var devices: [String] = []
    @Option(
        name: .customLong("client"),
        help: "Only entries of this client id; of a signed one the part before | is enough. Repeatable.")
    var clients: [String] = []
    @Option(
        name: .customLong("text"),
        help: ArgumentHelp(
            "Only entries with this text in a field or in the kept part of the payload. Repeatable.",
            discussion: "Upper and lower case of ASCII letters are equal."))
    var texts: [String] = []
    @Option(help: "First time: RFC 3339, YYYY-MM-DD[ HH:MM[:SS]] (UTC or --tz) or an integer epoch.")
    var from: String?
    @Option(help: "First time after the range; forms as for --from.") var to: String?
    @Option(help: "At most this many of the newest entries; without it 1000.") var limit: Int?
    @Flag(help: "All entries that the other options select.") var all = false
    @Flag(help: "Go on with new entries as they come.") var follow = false
    @Option(help: "table, ndjson, csv or json.") var format: Format?
    @Flag(help: "Print one JSON array, as --format json.") var json = false
    @Option(
        parsing: .unconditional,
        help: "Time zone, such as Europe/Paris, for times in the table and --from/--to.") var tz: String?

    /// How many entries are read at once.
    private static let page = 1000

    func validate() throws {
        if json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) differ: leave one out")
        }
        if all, limit != nil { throw ValidationError("--all has no --limit: leave one out") }
        if follow, form == .json {
            throw ValidationError("--follow has no end, so it makes no JSON array: use --format ndjson")
        }
        if texts.contains("") { throw ValidationError("--text is empty: name a text") }
        do { _ = try filter(zone()) } catch { throw ValidationError("\(error)") }
    }

    private var form: Format { json ? .json : format ?? .table }

    func run() throws {
        let zone = try zone()
        let sink = StandardOutputSink()
        let output = OutputBuffer(sink)
        var printer = printer(zone)
        var filter = try filter(zone)
        let shown = filter.limit
        // One more tells whether there are older ones.
        if limit == nil, let shown { filter.limit = shown + 1 }
        let log = try MessageLog.openForReading(path: data.logPath)
        // Read first: an entry written from here on has a larger id, and `--follow` prints it later.
        var last = try log.lastID()
        let ids = try log.ids(filter)
        last = max(last, ids.max() ?? 0)
        if ids.isEmpty { try checkNames() }
        var rest = ids.suffix(shown ?? ids.count)
        let hasOlder = rest.count < ids.count
        repeat {
            // Each page is a transaction of its own: the service goes on writing, however slow the output is.
            let entries = try log.entries(ids: rest.prefix(Self.page))
            rest = rest.dropFirst(Self.page)
            try output.append(printer.text(entries))
        } while !rest.isEmpty && output.isOpen
        try output.append(printer.end())
        try output.flush()
        if hasOlder, let shown {
            var errors = StandardErrors()
            print("varve: these are the newest \(shown) entries; --all shows the rest", to: &errors)
        }
        guard follow else { return }
        var tail = LogTail(path: data.logPath, filter: filter, after: last)
        while output.isOpen, !sink.waitForLostReader(milliseconds: LogTail.pauseMilliseconds) {
            while case let new = try tail.next(), !new.isEmpty, output.isOpen {
                try output.append(printer.text(new))
                try output.flush()
            }
        }
    }

    /// Looks for the cause of an empty answer: a name that is not in the registry.
    ///
    /// What was deleted keeps its entries, so only a name without entries is looked up.
    ///
    /// - Throws: `RegistryError` if a channel or product does not exist. An unknown device is a note on standard error,
    ///   because a message can name a device that nobody registered.
    private func checkNames() throws {
        guard !(channels + products + devices).isEmpty, try POSIXFileSystem().kind(data.registryPath) != nil
        else { return }
        let registry = try data.openRegistry(to: .read)
        for channel in channels { _ = try registry.channel(named: channel) }
        for product in products { _ = try registry.product(product) }
        for device in devices {
            do {
                _ = try registry.device(named: device)
            } catch let error as RegistryError where error.code == .notFound {
                var errors = StandardErrors()
                print("varve: \(error)", to: &errors)
            } catch let error as RegistryError where error.code == .ambiguous {
                continue
            }
        }
    }

    private func printer(_ zone: (any NamedZone)?) -> any LogPrinter {
        switch form {
        case .table: LogTable(zone: zone)
        case .ndjson: LogLines()
        case .csv: LogCSV()
        case .json: LogLines(isArray: true)
        }
    }

    private func zone() throws -> (any NamedZone)? { try tz.map { try SystemZones.zone(named: $0) } }

    private func filter(_ zone: (any NamedZone)?) throws -> LogFilter {
        if let limit, limit <= 0 {
            throw ValidationError("--limit: \(limit) is not a number of entries; at least 1")
        }
        var filter = LogFilter()
        filter.channels = Set(channels)
        filter.products = Set(products)
        filter.kinds = Set(kinds)
        filter.events = Set(events)
        filter.categories = Set(categories)
        filter.codes = Set(codes)
        filter.devices = Set(devices)
        filter.clients = Set(clients)
        filter.texts = Set(texts)
        filter.range = try TimeBound.range(from: from, to: to, zone: zone)
        filter.limit = all ? nil : limit ?? filter.limit
        return filter
    }
}
