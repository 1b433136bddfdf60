// MessageLogSink.swift — what the ingest loop tells about messages, as entries of the message log.
//
// Invariants:
// - Does not block: the log's writer has a bounded queue and a thread of its own.

import Synchronization
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarveRegistry

/// Writes the events of messages into the log.
final class MessageLogSink: ChannelLog {
    private let writer: LogWriter
    private let payloadBytes: Int
    /// The channel of each product; renewed with the registry.
    private let channels = Mutex<[String: String]>([:])

    init(_ writer: LogWriter, payloadBytes: Int) {
        self.writer = writer
        self.payloadBytes = payloadBytes
    }

    /// Takes the names of the channels anew.
    func setChannels(_ names: [String: String]) { channels.withLock { $0 = names } }

    func add(_ event: ChannelEvent) {
        let isStored = event.receipt != nil
        var entry = LogEntry(
            isStored ? .payload : .error, isStored ? (event.isReplay ? .replayed : .received) : .rejected,
            time: Timestamp(nanoseconds: event.time))
        entry.channel = channels.withLock { $0[event.product] }
        entry.product = event.product
        entry.client = event.client
        entry.device = event.device
        entry.messageID = event.messageID
        entry.code = event.code
        entry.topic = event.topic
        entry.counts = event.receipt.map { LogEntry.Counts($0) }
        entry.reason = event.reason
        entry.setPayload(event.payload, limit: payloadBytes, size: event.bytes)
        writer.add(entry)
    }
}
