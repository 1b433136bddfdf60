// MessageLogSink.swift — turns the events of the ingest loop's messages into entries of the message log.
//
// Invariants:
// - It does not block: the log's writer has a bounded queue and a thread of its own.

import Synchronization
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarveRegistry

/// Writes the events of messages into the log.
final class MessageLogSink: ChannelLog {
    private let writer: LogWriter
    private let payloadBytes: Int
    /// The channel of each product; replaced when the credentials file is written.
    private let channels = Mutex<[Name: String]>([:])
    /// The most characters of a message's id that are logged.
    private static let idLength = 256

    init(_ writer: LogWriter, payloadBytes: Int) {
        self.writer = writer
        self.payloadBytes = payloadBytes
    }

    /// Replaces the names of the channels, which are given by product.
    func setChannels(_ names: [Name: String]) { channels.withLock { $0 = names } }

    func add(_ event: ChannelEvent) {
        let isRefused = event.code != .success
        var entry = LogEntry(
            isRefused ? .error : .payload, isRefused ? .rejected : event.isReplay ? .replayed : .received,
            time: event.time)
        entry.channel = event.product.flatMap { product in channels.withLock { $0[Name(product)] } }
        entry.product = event.product
        entry.client = event.client
        entry.device = event.device
        entry.messageID = event.id.map { String($0.prefix(Self.idLength)) }
        entry.code = event.code.rawValue
        entry.category = event.category.map(LogEntry.Category.init)
        entry.topic = event.topic
        entry.items = event.items
        entry.commit = event.commit
        entry.latency = event.latency
        entry.scriptLine = event.scriptLine
        entry.counts = event.receipt.map { LogEntry.Counts($0) }
        entry.reason = event.reason ?? event.note
        entry.setPayload(event.excerpt, limit: payloadBytes, size: event.payloadBytes)
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
