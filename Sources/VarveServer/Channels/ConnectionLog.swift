// ConnectionLog.swift — copies the plugin's connection events into the message log, with reasons from the broker's log.
//
// Events that the plugin wrote while the service was away are copied too.
//
// Invariants:
// - Entries and the position after them are written in one transaction: each event is in the log once.
// - The events are read before the broker's log, which has the reason of an end before the plugin sees the end.
// - No entry has a secret of the registry (SecretMask).
// - A login that is held back (RepeatedEnds) is lost if the service is killed meanwhile.

import Synchronization
import VarveAccess
import VarveChannel
import VarveMessageLog
import VarveModel
import VarvePlatform

/// Copies connection events into the message log.
final class ConnectionLog: Sendable {
    private let reader: ConnectionEvents
    private let broker: BrokerLogReader?
    private let log: MessageLog
    private let limits: PacketLimits
    private let masked: @Sendable (String) -> String
    private let tally = Mutex<[ConnectionEvent.Kind: UInt64]>([:])
    private let activate: @Sendable (ConnectionEvent) -> LogEntry
    private let state = Mutex(State())

    private struct State: Sendable {
        var ends = ConnectionEnds()
        var repeats = RepeatedEnds()
    }

    /// The sizes that the reason of a packet above the broker's limit names, in bytes.
    struct PacketLimits: Sendable {
        /// The largest packet that the broker takes.
        var packet: Int
        /// The largest payload that the service takes.
        var payload: Int
    }

    /// The most events that one transaction of the log takes.
    private static let entries = 500

    /// The most pieces of the broker's log that one step reads; the next step reads the rest.
    private static let pieces = 4

    /// - Parameters:
    ///   - events: The plugin's events file.
    ///   - broker: The broker's log, which need not exist; nil to take no reasons from it.
    ///   - masked: Hides secrets in a text.
    ///   - activate: Answers the event of a device that wants to be told its secret.
    init(
        events: String, broker: BrokerLogReader? = nil, limits: PacketLimits, log: MessageLog,
        masked: @escaping @Sendable (String) -> String = { $0 },
        activate: @escaping @Sendable (ConnectionEvent) -> LogEntry
    ) {
        self.masked = masked
        self.limits = limits
        self.activate = activate
        reader = ConnectionEvents(path: events)
        self.broker = broker
        self.log = log
    }

    /// Copies everything that is new.
    ///
    /// - Parameter isEnding: Whether the service is about to end, so that nothing may be held back.
    /// - Returns: Notes about lines that could not be read.
    /// - Throws: What reading the files and writing the message log throw.
    func copyNewEvents(isEnding: Bool = false) throws -> [String] {
        try state.withLock { state in
            var notes: [String] = []
            var position = try log.bookmark().flatMap { ConnectionEventPosition(text: $0) }
            var place = try log.brokerBookmark().flatMap { BrokerLogPosition(text: $0) } ?? .start
            state.ends.beginPass()
            while true {
                let piece = try reader.read(after: position, limit: Self.entries)
                notes += piece.notes
                let before = place
                place = try readEnds(after: place, into: &state.ends)
                count(piece.events)
                var found = piece.events.compactMap { Self.entry($0, reason: state.ends.record($0)) }
                let isLast = piece.position == position
                if isLast { found += state.ends.overdue { try? log.lastLogin(of: $0) } }
                found = found.map(withoutSecrets)
                var entries = found.flatMap { state.repeats.pass($0) }
                if isLast { entries += isEnding ? state.repeats.rest() : state.repeats.due(now: Self.now) }
                if !entries.isEmpty || place != before || !isLast {
                    try log.append(entries, bookmark: piece.position?.text, brokerBookmark: place.text)
                }
                // After the position was written: an activation is tried once, and a client can log in again.
                let activations = piece.events.filter { $0.kind == .activation }
                    .map { withoutSecrets(activate($0)) }
                if !activations.isEmpty { try log.append(activations) }
                guard !isLast else { return notes }
                position = piece.position
            }
        }
    }

    /// How many events of each kind were copied.
    var counts: [ConnectionEvent.Kind: UInt64] { tally.withLock { $0 } }

    private func count(_ events: [ConnectionEvent]) {
        tally.withLock { tally in
            for event in events where event.username != ServiceClient.username {
                tally[event.kind, default: 0] += UInt64(max(0, event.count))
            }
        }
    }

    private func withoutSecrets(_ entry: LogEntry) -> LogEntry {
        var entry = entry
        entry.client = entry.client.map(masked)
        entry.topic = entry.topic.map(masked)
        entry.reason = entry.reason.map(masked)
        entry.device = entry.device.map(masked)
        entry.product = entry.product.map(masked)
        return entry
    }

    private func readEnds(
        after place: BrokerLogPosition, into ends: inout ConnectionEnds
    ) throws -> BrokerLogPosition {
        guard let broker else { return place }
        var place = place
        for _ in 0..<Self.pieces {
            let piece = try broker.read(after: place)
            for line in piece.lines {
                if var end = ConnectionEnd(line: line) {
                    if end.reason == ConnectionEnd.oversize { end.reason += limits.description }
                    ends.add(end)
                }
                if let connection = TurnedAway(line: line) { ends.add(connection) }
            }
            place = piece.position
            guard piece.hasMore else { break }
        }
        return place
    }

    private static func entry(_ event: ConnectionEvent, reason: String?) -> LogEntry? {
        // The service's own logins do not concern a channel.
        if event.username == ServiceClient.username, event.product == nil { return nil }
        guard var entry = empty(event) else { return nil }
        func text(_ field: String) -> String? { field.isEmpty ? nil : field }
        entry.channel = event.channel
        entry.product = event.product ?? event.role?.product
        entry.device = event.role?.device
        entry.client = text(event.clientID)
        entry.address = text(event.address)
        if event.kind.namesTopic {
            entry.topic = text(event.detail)
            entry.reason = denial(event, event.kind == .deniedPublish ? "publish" : "subscribe")
            return entry
        }
        entry.topic = event.refusedTopic
        entry.reason = text(event.detail) ?? reason
        if event.kind == .disconnected { entry.category = entry.reason.map(LogEntry.Category.init(end:)) }
        if event.count > 1, !event.detail.hasPrefix("and \(event.count) more") {
            entry.reason = "\(entry.reason ?? event.kind.rawValue) (\(event.count) times)"
        }
        return entry
    }

    /// The reason of a denied topic; the event may stand for several denials of one client, or of clients that it does
    /// not name.
    private static func denial(_ event: ConnectionEvent, _ verb: String) -> String {
        let attempts = event.count == 1 ? "1 more attempt" : "\(event.count) more attempts"
        let were = event.count == 1 ? "was" : "were"
        if event.detail.isEmpty {
            return "\(attempts) to \(verb) \(were) denied, of clients that are not named here"
        }
        let rights = rights(event).map { "; \($0)" } ?? ""
        if event.count == 1 { return "\(event.username) may not \(verb) to \(event.detail)\(rights)" }
        let whose = "\(attempts) of \(event.username) to \(verb) \(were) denied"
        return "\(whose), the last to \(event.detail)\(rights)"
    }

    /// What the login of a denied event may use, as half a sentence; nil if its user name does not say that.
    private static func rights(_ event: ConnectionEvent) -> String? {
        guard let role = event.role, let product = role.product else { return nil }
        if ClientID(event.clientID).secureMode == "3" {
            return "it logged in to be told its secret, and may do nothing else"
        }
        let root = ["", ChannelTopic.root, product, role.device].compactMap(\.self).joined(separator: "/")
        guard event.kind == .deniedPublish else { return "it may subscribe to answers below \(root)/" }
        if event.detail.hasSuffix(ChannelTopic.replyEnding) { return "only the service publishes answers" }
        return "it may publish below \(root)/"
    }

    /// An entry of the kind, the event and the category that an event of the plugin has; nil for an activation.
    ///
    /// A message that the broker refused is an error, as one that the service refused.
    private static func empty(_ event: ConnectionEvent) -> LogEntry? {
        let time = Timestamp(nanoseconds: event.time)
        func entry(
            _ kind: LogEntry.Kind, _ what: LogEntry.Event, _ category: LogEntry.Category? = nil
        ) -> LogEntry {
            var entry = LogEntry(kind, what, time: time)
            entry.category = category
            return entry
        }
        return switch event.kind {
        case .connected: entry(.connection, .connected)
        case .disconnected: entry(.connection, .disconnected)
        case .refused: entry(.connection, .refused, .login)
        case .overload: entry(.connection, .refused, .overload)
        case .refusedMessage: entry(.error, .refused, .overload)
        case .deniedPublish: entry(.error, .denied, .topic)
        case .deniedSubscribe: entry(.connection, .denied, .topic)
        case .unheard: entry(.connection, .unheard, .answer)
        case .activation: nil
        }
    }

    private static var now: Timestamp { Timestamp(nanoseconds: SystemClock.nanoseconds()) }
}

extension ConnectionEvent {
    /// The role in the user name; nil if the name has no role or the event has only a part of it.
    var role: Role? { username.hasSuffix("…") ? nil : Role(username: username) }
}

extension Role {
    /// The key of a device.
    var device: String? {
        switch self {
        case .service, .channel: nil
        case .device(_, let key), .activation(_, let key): key
        }
    }
}

extension ConnectionLog.PacketLimits {
    init(_ settings: ServerConfiguration) {
        self.init(packet: BrokerConfiguration.packetBytes(settings), payload: settings.payloadBytes)
    }

    /// How the reason goes on.
    var description: String {
        " of \(packet) bytes; the largest payload has \(payload) (limits.payloadBytes)"
    }
}
