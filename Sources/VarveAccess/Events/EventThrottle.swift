// EventThrottle.swift — turns a flood of events into a few of them and a count.
//
// Invariants:
// - In one second at most `lineLimit` events pass, and at most `clientLimit` of one client and kind. Then at
//   most `tableLimit` + (number of kinds) counts follow.
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

    static let second: Int64 = 1_000_000_000
    private let clientLimit: Int
    private let lineLimit: Int
    private let tableLimit: Int
    private var tallies: [Source: Tally] = [:]
    private var passed = 0
    private var start: Int64?

    init(clientLimit: Int = 5, lineLimit: Int = 100, tableLimit: Int = 64) {
        self.clientLimit = clientLimit
        self.lineLimit = lineLimit
        self.tableLimit = tableLimit
    }

    /// Whether an event may be written.
    ///
    /// If not, it is counted.
    ///
    /// - Parameter now: A clock that never goes back, in nanoseconds.
    mutating func admits(_ event: ConnectionEvent, now: Int64) -> Bool {
        if event.kind == .activation { return true }
        if start == nil { start = now }
        var source = Source(kind: event.kind, clientID: event.clientID, username: event.username)
        let isShared = tallies[source] == nil && tallies.count >= tableLimit
        if isShared { source = Source(kind: event.kind, clientID: "", username: "") }
        var tally = tallies[source] ?? Tally()
        defer { tallies[source] = tally }
        if !isShared, tally.passed < clientLimit, passed < lineLimit {
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

    /// The counts of a second that is over; empty while it lasts.
    mutating func counts(now: Int64) -> [ConnectionEvent] {
        guard let begun = start, now - begun >= Self.second || now < begun else { return [] }
        return finish()
    }

    /// The counts so far.
    ///
    /// A new second begins with the next event.
    mutating func finish() -> [ConnectionEvent] {
        defer {
            tallies.removeAll(keepingCapacity: true)
            passed = 0
            start = nil
        }
        return tallies.values.compactMap { tally in
            guard var held = tally.held else { return nil }
            held.detail =
                held.detail.isEmpty ? "and \(held.count) more" : "and \(held.count) more: \(held.detail)"
            return held
        }
        .sorted { $0.time < $1.time }
    }
}
