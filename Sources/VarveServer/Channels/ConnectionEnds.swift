// ConnectionEnds.swift — joins the plugin's event that a client is gone with the reason in the broker's log.
//
// Both come in the same order for one client id, but not at the same moment. The plugin counts the events of a flood
// together, so the event of a reason may never come. The reason then becomes an entry of its own a little later.
//
// Invariants:
// - The ends that wait, the clients that are remembered and the entries of one pass are bounded for any input.

import VarveAccess
import VarveChannel
import VarveMessageLog
import VarveModel
import VarvePlatform

/// Ends of connections that wait for their events, and the clients they belong to.
struct ConnectionEnds: Sendable {
    private struct Client {
        var product: String?
        var channel: String?
        var address: String?
        var device: String?
    }

    /// An end and the passes it has waited.
    private struct Waiting {
        var end: ConnectionEnd
        var passes = 0
    }

    /// The most ends that wait; more are only counted.
    private static let waitingLimit = 2000
    /// The most clients that are remembered; others are looked up in the log.
    private static let clientLimit = 4096
    /// The most entries that one pass makes, and the most look-ups in the log that it makes for them.
    private static let entryLimit = 20
    private static let lookLimit = 5
    /// How many passes an end waits for its event.
    private static let patience = 3

    private var waiting: [Name: [Waiting]] = [:]
    private var count = 0
    private var surplus = 0
    /// Connections that were closed unread since the last pass, and the address of the first.
    private var turnedAway: (count: Int, address: String)?
    private var clients: [Name: Client] = [:]

    /// Begins a pass: every end that waits has waited for one more.
    mutating func beginPass() {
        for name in waiting.keys {
            for index in waiting[name, default: []].indices { waiting[name]?[index].passes += 1 }
        }
    }

    /// Adds an end from the broker's log.
    mutating func add(_ end: ConnectionEnd) {
        guard count < Self.waitingLimit else {
            if !end.reason.isEmpty { surplus += 1 }
            return
        }
        waiting[Name(ConnectionEvent.shown(end.client)), default: []].append(Waiting(end: end))
        count += 1
    }

    /// Adds a connection that the broker closed unread; all of a pass become one entry.
    mutating func add(_ connection: TurnedAway) {
        turnedAway = ((turnedAway?.count ?? 0) + 1, turnedAway?.address ?? connection.address)
    }

    /// Records an event of the plugin.
    ///
    /// - Returns: Why the client is gone, if the event says that it is gone and the reason is known.
    mutating func record(_ event: ConnectionEvent) -> String? {
        switch event.kind {
        case .connected:
            if clients.count >= Self.clientLimit { clients.removeAll() }
            clients[Name(event.clientID)] = Client(
                product: event.product, channel: event.channel, address: event.address,
                device: event.role?.device)
            return nil
        case .disconnected where !event.isTakeover:
            guard let end = removeFirst(Name(event.clientID))?.end else { return nil }
            return end.reason.isEmpty ? nil : end.reason
        default: return nil
        }
    }

    /// The entries of ends whose events did not come, and of connections that were closed unread.
    ///
    /// - Parameter lastLogin: Looks up the last login of a client id in the log.
    mutating func overdue(lastLogin: (String) -> LogEntry?) -> [LogEntry] {
        var entries: [LogEntry] = []
        var looks = 0
        for name in waiting.keys.sorted() {
            while let first = waiting[name]?.first, first.passes >= Self.patience {
                _ = removeFirst(name)
                guard !first.end.reason.isEmpty, name.text != ServiceClient.id else { continue }
                guard entries.count < Self.entryLimit else {
                    surplus += 1
                    continue
                }
                if clients[name] == nil, looks < Self.lookLimit {
                    looks += 1
                    clients[name] = lastLogin(name.text).map {
                        Client(
                            product: $0.product, channel: $0.channel, address: $0.address, device: $0.device)
                    }
                }
                entries.append(entry(first.end, name))
            }
        }
        if surplus > 0 {
            entries.append(surplusEntry())
            surplus = 0
        }
        if let turnedAway {
            entries.append(entry(turnedAway))
            self.turnedAway = nil
        }
        return entries
    }

    private mutating func removeFirst(_ name: Name) -> Waiting? {
        guard var queue = waiting[name], !queue.isEmpty else { return nil }
        let first = queue.removeFirst()
        waiting[name] = queue.isEmpty ? nil : queue
        count -= 1
        return first
    }

    private func entry(_ end: ConnectionEnd, _ name: Name) -> LogEntry {
        var entry = LogEntry(.connection, .disconnected, time: Self.time(end))
        let client = clients[name]
        (entry.product, entry.channel, entry.address) = (client?.product, client?.channel, client?.address)
        entry.client = name.text
        entry.device = client?.device
        entry.category = LogEntry.Category(end: end.reason)
        entry.reason = end.reason
        return entry
    }

    private func entry(_ turnedAway: (count: Int, address: String)) -> LogEntry {
        var entry = LogEntry(.connection, .refused, time: Self.now)
        entry.category = .overload
        entry.address = turnedAway.address
        let reason = "a connection was closed unread: the broker has as many as broker.connections allows"
        entry.reason = turnedAway.count == 1 ? reason : "\(reason) (\(turnedAway.count) times)"
        return entry
    }

    private func surplusEntry() -> LogEntry {
        var entry = LogEntry(.connection, .disconnected, time: Self.now)
        entry.category = .cut
        entry.reason =
            "\(surplus) more connections were ended by the broker or broke; its log says which, while it is kept"
        return entry
    }

    private static func time(_ end: ConnectionEnd) -> Timestamp {
        guard let seconds = end.seconds else { return now }
        let (nanoseconds, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooFar ? now : Timestamp(nanoseconds: nanoseconds)
    }

    private static var now: Timestamp { Timestamp(nanoseconds: SystemClock.nanoseconds()) }
}

extension LogEntry.Category {
    /// The category of the end of a connection, by its reason.
    init(end reason: String) {
        self = reason.hasPrefix(ConnectionEnd.oversize) ? .size : .cut
    }
}
