// MessageLogSink.swift — turns the events of the ingest loop's messages into entries of the message log.
//
// Invariants:
// - Only payloads can contain a secret of the registry: all other texts are masked (SecretMask).
// - It does not block: the log's writer has a bounded queue and a thread of its own.

import Synchronization
import VarveAccess
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarveRegistry

/// Writes the events of messages into the log.
final class MessageLogSink: ChannelLog {
    private let writer: LogWriter
    private let payloadBytes: Int
    /// The channel of each product.
    private let channels = Mutex<[Name: String]>([:])
    private let hidden = Mutex(Hidden())
    /// The most characters of a message's id that are logged.
    private static let idLength = 256

    init(_ writer: LogWriter, payloadBytes: Int) {
        self.writer = writer
        self.payloadBytes = payloadBytes
    }

    /// Secrets, and names as they are logged.
    private struct Hidden: Sendable {
        var mask = SecretMask()
        var names: [Name: String] = [:]
        /// The most client ids and topics that are remembered.
        static let limit = 4096
    }

    /// Takes over the names of channels, which are given by product, and secrets.
    func apply(_ publication: CredentialsPublisher.Publication) {
        switch publication {
        case .all(let names, let mask):
            channels.withLock { $0 = names }
            hidden.withLock { $0 = Hidden(mask: mask) }
        case .some(let names, let secrets):
            if !names.isEmpty { channels.withLock { $0.merge(names) { $1 } } }
            hidden.withLock { hidden in
                for secret in secrets where hidden.mask.add(secret) { hidden.names.removeAll() }
            }
        }
    }

    /// A text without secrets.
    func masked(_ text: String) -> String { hidden.withLock { $0.mask }.masked(text) }

    /// A client id or topic without secrets; most messages have one that was masked before.
    private func shown(_ name: String) -> String {
        hidden.withLock { hidden in
            if let known = hidden.names[Name(name)] { return known }
            if hidden.names.count >= Hidden.limit { hidden.names.removeAll() }
            let shown = hidden.mask.masked(name)
            hidden.names[Name(name)] = shown
            return shown
        }
    }

    func add(_ event: ChannelEvent) {
        let isRefused = event.code != .success
        var entry = LogEntry(
            isRefused || event.isOfAnswer ? .error : .payload, Self.kind(of: event), time: event.time)
        entry.channel = event.product.flatMap { product in channels.withLock { $0[Name(product)] } }
        entry.product = event.product
        entry.client = event.client.map(shown)
        entry.device = event.device
        entry.messageID = event.id.map { String($0.prefix(Self.idLength)) }
        if isRefused || event.isOfAnswer {
            // Of a message that was taken, these are names of the registry and an id that the sender made.
            entry.product = entry.product.map(masked)
            entry.device = entry.device.map(masked)
            entry.messageID = entry.messageID.map(masked)
        }
        // Its message has an entry with the code.
        entry.code = event.isOfAnswer ? nil : event.code.rawValue
        entry.category = event.category.map(LogEntry.Category.init)
        entry.topic = shown(event.topic)
        entry.items = event.items
        entry.commit = event.commit
        entry.latency = event.latency
        entry.scriptLine = event.scriptLine
        entry.counts = event.receipt.map { LogEntry.Counts($0) }
        entry.reason = event.reason.map(masked) ?? event.note
        entry.setPayload(event.excerpt, limit: payloadBytes, size: event.payloadBytes)
        writer.add(entry)
    }

    private static func kind(of event: ChannelEvent) -> LogEntry.Event {
        if event.isOfAnswer { return .unencoded }
        if event.code != .success { return .rejected }
        return event.isReplay ? .replayed : .received
    }

    func add(_ failure: ChannelFailure) {
        var entry = LogEntry(.error, failure.reason == nil ? .recovered : .failed, time: failure.time)
        entry.category = failure.part == .store ? .store : .broker
        entry.reason =
            failure.reason.map { "no message is taken, all of them wait at the broker: \($0)" }
            ?? "messages are taken again"
        writer.add(entry)
    }
}

extension LogEntry.Category {
    /// The category of a refused message.
    init(_ category: FailureCategory) {
        self =
            switch category {
            case .topic: .topic
            case .size: .size
            case .json: .json
            case .model: .model
            case .device: .device
            case .script: .script
            }
    }
}
