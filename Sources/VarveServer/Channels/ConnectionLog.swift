// ConnectionLog.swift — takes over what the broker's plugin wrote about logins, also while the service was away.
//
// Invariants:
// - Entries and the position after them are written in one transaction: each event is in the log once.

import VarveAccess
import VarveMessageLog
import VarveModel

/// Copies connection events into the message log.
struct ConnectionLog: Sendable {
    private let reader: ConnectionEvents
    private let log: MessageLog

    /// So many entries go into one transaction of the log.
    private static let entries = 500

    init(events: String, log: MessageLog) {
        reader = ConnectionEvents(path: events)
        self.log = log
    }

    /// Takes over what is new.
    ///
    /// - Returns: Notes about lines that could not be read.
    func takeOver() throws -> [String] {
        var notes: [String] = []
        var position = try log.bookmark().flatMap { ConnectionEventPosition(text: $0) }
        while true {
            let piece = try reader.read(after: position, limit: Self.entries)
            notes += piece.notes
            guard piece.position != position else { return notes }
            try log.append(piece.events.compactMap(Self.entry), bookmark: piece.position?.text)
            position = piece.position
        }
    }

    private static func entry(_ event: ConnectionEvent) -> LogEntry? {
        // The service's own coming and going is no matter of a channel.
        if event.username == CredentialsPublisher.serviceName, event.product == nil { return nil }
        let what: LogEntry.Event
        switch event.kind {
        case .connected: what = .connected
        case .disconnected: what = .disconnected
        case .refused, .overload: what = .refused
        case .deniedPublish, .deniedSubscribe: what = .denied
        }
        var entry = LogEntry(.connection, what, time: Timestamp(nanoseconds: event.time))
        func text(_ field: String) -> String? { field.isEmpty ? nil : field }
        entry.channel = event.channel
        entry.product = event.product
        entry.client = text(event.clientID)
        entry.address = text(event.address)
        switch event.kind {
        case .deniedPublish:
            entry.topic = event.detail
            entry.reason = "may not publish to \(event.detail)"
        case .deniedSubscribe:
            entry.topic = event.detail
            entry.reason = "may not subscribe to \(event.detail)"
        default: entry.reason = text(event.detail)
        }
        if event.count > 1 { entry.reason = "\(entry.reason ?? event.kind.rawValue) (\(event.count) times)" }
        return entry
    }
}
