// ConnectionLog.swift — takes over what the broker's plugin wrote about logins, also while the service was away.
//
// Invariants:
// - Entries and the position after them are written in one transaction: each event is in the log once.

import VarveAccess
import VarveMessageLog
import VarveModel

/// Copies connection events into the message log.
struct ConnectionLog: Sendable {
    private let reader: EventsReader
    private let log: MessageLog

    init(events: String, log: MessageLog) {
        reader = EventsReader(events)
        self.log = log
    }

    /// Takes over what is new.
    ///
    /// - Returns: Lines that were damaged and left out.
    @discardableResult
    func takeOver() throws -> Int {
        var damaged = 0
        var position = try log.bookmark().flatMap { EventsPosition($0) }
        while true {
            let piece = try reader.read(after: position)
            guard piece.position != position else { return damaged }
            damaged += piece.damaged
            let entries = piece.events.compactMap(Self.entry)
            // The log takes about a mebibyte at once.
            var rest = entries[...]
            repeat {
                let some = Array(rest.prefix(500))
                rest = rest.dropFirst(some.count)
                try log.append(some, bookmark: rest.isEmpty ? piece.position?.description : nil)
            } while !rest.isEmpty
            position = piece.position
        }
    }

    private static func entry(_ event: ConnectionEvent) -> LogEntry? {
        // The service's own coming and going is no matter of a channel.
        if event.kind != .more, event.username == CredentialsPublisher.serviceName, event.product.isEmpty {
            return nil
        }
        let what: LogEntry.Event
        switch event.kind {
        case .connected: what = .connected
        case .disconnected: what = .disconnected
        case .refused: what = .refused
        case .deniedPublish, .deniedSubscribe: what = .denied
        case .more: what = .dropped
        }
        var entry = LogEntry(.connection, what, time: Timestamp(nanoseconds: event.time))
        func text(_ field: String) -> String? { field.isEmpty ? nil : field }
        entry.channel = text(event.channel)
        entry.product = text(event.product)
        entry.client = text(event.client)
        entry.address = text(event.address)
        switch event.kind {
        case .deniedPublish:
            entry.topic = event.reason
            entry.reason = "may not publish to \(event.reason)"
        case .deniedSubscribe:
            entry.topic = event.reason
            entry.reason = "may not subscribe to \(event.reason)"
        default: entry.reason = text(event.reason)
        }
        return entry
    }
}
