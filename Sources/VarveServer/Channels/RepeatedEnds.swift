// RepeatedEnds.swift — keeps a client that is cut off again and again from filling the log.
//
// A client that sends a packet above the broker's limit is cut off, connects again and sends it again, without end. Two
// programs with one client id take each other over in the same way. Their first end is an entry with its reason. The
// logins and ends that follow are counted, and the count is an entry now and then.
//
// Invariants:
// - Every end is an entry or is counted in one. A login that stays is an entry, at the latest after `patience`.
// - The clients that are remembered are bounded for any input.

import VarveAccess
import VarveMessageLog
import VarveModel

/// The clients that are cut off again and again.
struct RepeatedEnds: Sendable {
    /// A client that was cut off.
    private struct Loop {
        var reason: String
        /// When it was cut off last, and when an entry said so last.
        var last: Timestamp, told: Timestamp
        /// The ends since that entry, and the newest of them.
        var count = 0
        var newest: LogEntry?
        /// A login that is held back until it is known whether it stays.
        var login: LogEntry?
    }

    /// A client that was not cut off for this long begins again, in nanoseconds.
    static let memory: Int64 = 120_000_000_000
    /// The time between two entries about a client that is cut off again and again, in nanoseconds.
    static let interval: Int64 = 600_000_000_000
    /// How long a login is held back, in nanoseconds.
    static let patience: Int64 = 10_000_000_000
    private static let clientLimit = 1024
    private var loops: [Name: Loop] = [:]

    /// Takes an entry in its order.
    ///
    /// - Returns: The entries to write now: this one, and those that were held back before it.
    mutating func pass(_ entry: LogEntry) -> [LogEntry] {
        guard let client = entry.client.map({ Name($0) }) else { return [entry] }
        let known = loops[client].flatMap { entry.time.isAfter($0.last, by: Self.memory) ? nil : $0 }
        switch entry.event {
        case .connected where known != nil:
            // The end of a login that is held back already was counted by the plugin.
            loops[client]?.login = entry
            return []
        case .disconnected:
            if let known, known.reason == entry.reason { return count(entry, of: client) }
            let before = release(client)
            loops[client] = nil
            if let reason = entry.reason, Self.repeats(reason), loops.count < Self.clientLimit {
                loops[client] = Loop(reason: reason, last: entry.time, told: entry.time)
            }
            return before + [entry]
        default: return release(client) + [entry]
        }
    }

    /// The entries that were held back long enough.
    mutating func due(now: Timestamp) -> [LogEntry] {
        var entries: [LogEntry] = []
        for (client, loop) in loops.sorted(by: { $0.key < $1.key }) {
            let isOver = now.isAfter(loop.last, by: Self.memory)
            let stays = loop.login.map { now.isAfter($0.time, by: Self.patience) } ?? false
            if isOver || stays { entries += release(client) }
            if isOver { loops[client] = nil }
        }
        return entries
    }

    /// All entries that are held back.
    mutating func rest() -> [LogEntry] {
        loops.keys.sorted().flatMap { release($0) }
    }

    private static func repeats(_ reason: String) -> Bool {
        reason.hasPrefix("cut off: ") || reason.hasPrefix(ConnectionEvent.takenOver)
    }

    /// Counts another end for the same reason.
    private mutating func count(_ entry: LogEntry, of client: Name) -> [LogEntry] {
        loops[client]?.login = nil
        loops[client]?.last = entry.time
        loops[client]?.count += 1
        loops[client]?.newest = entry
        guard let told = loops[client]?.told, entry.time.isAfter(told, by: Self.interval) else { return [] }
        return release(client)
    }

    /// What is held back of a client: the count of its ends, and a login.
    private mutating func release(_ client: Name) -> [LogEntry] {
        guard var loop = loops[client] else { return [] }
        var entries: [LogEntry] = []
        if var counted = loop.newest {
            counted.reason = "\(loop.reason) (again, \(loop.count) times since it was logged)"
            entries.append(counted)
            loop.told = counted.time
        }
        if let login = loop.login { entries.append(login) }
        (loop.count, loop.newest, loop.login) = (0, nil, nil)
        loops[client] = loop
        return entries
    }
}

extension Timestamp {
    /// Whether it is more than so many nanoseconds after another time, or before it.
    fileprivate func isAfter(_ other: Timestamp, by duration: Int64) -> Bool {
        let (difference, isTooLarge) = nanoseconds.subtractingReportingOverflow(other.nanoseconds)
        return isTooLarge || difference > duration || difference < 0
    }
}
