// EventThrottle.swift — turns a flood of events into a few of them and a count.
//
// Plain logins and ends have limits of their own, so that many of them cannot hide an event that tells a fault.
//
// Invariants:
// - In one second at most `lineLimit` plain logins and ends pass, and as many other events, and at most `clientLimit` of
//   one client and kind. Then at most `tableLimit` + (number of kinds) counts follow for each of the two.
// - Every event either passes or is counted. Those of activations pass: the plugin limits them itself.

/// Limits the number of events that pass in a second.
struct EventThrottle {
    private struct Source: Hashable {
        var kind: ConnectionEvent.Kind
        var clientID: String
        var username: String
    }

    private struct Tally {
        var passed = 0
        /// The newest event that was held back.
        ///
        /// Its count is the number of events held back.
        var held: ConnectionEvent?
    }

    private struct Limits {
        var client: Int
        var lines: Int
        var table: Int
    }

    /// Events that share limits.
    private struct Lane {
        private(set) var tallies: [Source: Tally] = [:]
        private var passed = 0

        mutating func admits(_ event: ConnectionEvent, _ limits: Limits) -> Bool {
            var source = Source(kind: event.kind, clientID: event.clientID, username: event.username)
            let isShared = tallies[source] == nil && tallies.count >= limits.table
            if isShared { source = Source(kind: event.kind, clientID: "", username: "") }
            var tally = tallies[source] ?? Tally()
            defer { tallies[source] = tally }
            if !isShared, tally.passed < limits.client, passed < limits.lines {
                tally.passed += 1
                passed += 1
                return true
            }
            var held = event
            held.count = event.count + (tally.held?.count ?? 0)
            if isShared {
                held = ConnectionEvent(time: event.time, kind: event.kind, count: held.count, detail: "")
            }
            tally.held = held
            return false
        }
    }

    static let second: Int64 = 1_000_000_000
    private let limits: Limits
    private var plain = Lane()
    private var others = Lane()
    private var start: Int64?

    init(clientLimit: Int = 5, lineLimit: Int = 100, tableLimit: Int = 64) {
        limits = Limits(client: clientLimit, lines: lineLimit, table: tableLimit)
    }

    /// Whether an event may be written.
    ///
    /// If not, it is counted.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    mutating func admits(_ event: ConnectionEvent, now: Int64) -> Bool {
        if event.kind == .activation { return true }
        if start == nil { start = now }
        return event.isPlain ? plain.admits(event, limits) : others.admits(event, limits)
    }

    /// The counts of a second that is over; empty while it lasts.
    mutating func counts(now: Int64) -> [ConnectionEvent] {
        guard let begun = start, now - begun >= Self.second || now < begun else { return [] }
        return finish()
    }

    /// The counts so far.
    ///
    /// The detail of a count says how many events it stands for, unless it is a topic. A new second begins with the
    /// next event.
    mutating func finish() -> [ConnectionEvent] {
        defer {
            plain = Lane()
            others = Lane()
            start = nil
        }
        return (Array(plain.tallies.values) + Array(others.tallies.values)).compactMap { tally in
            guard var held = tally.held, !held.kind.namesTopic else { return tally.held }
            held.detail =
                held.detail.isEmpty ? "and \(held.count) more" : "and \(held.count) more: \(held.detail)"
            return held
        }
        .sorted { $0.time < $1.time }
    }
}

extension ConnectionEvent {
    /// Whether it is a login or an end that says nothing of a fault.
    fileprivate var isPlain: Bool { kind == .connected || kind == .disconnected && !isTakeover }
}
