// MessageArena.swift — the messages of one group, copied out of the client library into one buffer.
//
// Invariants:
// - The buffer is used again for each group; a view into it is valid until `removeAll`.

import VarveMQTT

/// A group of messages.
struct MessageArena {
    /// One message.
    struct Message {
        var topic: Range<Int>
        var payload: Range<Int>
        var qos: Int32
        /// When it was read, in ns since 1970 UTC.
        var arrival: Int64
        /// The client that sent it, if the broker's plugin told.
        var client: String?
    }

    private(set) var bytes: [UInt8] = []
    private(set) var messages: [Message] = []
    /// Bytes of all payloads.
    private(set) var payloadBytes = 0

    mutating func append(_ message: MQTTMessageView, arrival: Int64, client: String?) {
        let topic = bytes.count
        bytes.append(contentsOf: message.topic)
        let payload = bytes.count
        bytes.append(contentsOf: message.payload)
        payloadBytes += message.payload.count
        messages.append(
            Message(
                topic: topic..<payload, payload: payload..<bytes.count, qos: message.qos, arrival: arrival,
                client: client))
    }

    mutating func removeAll() {
        // One huge group must not hold its memory for ever.
        if bytes.capacity > 64 << 20 { bytes = [] } else { bytes.removeAll(keepingCapacity: true) }
        messages.removeAll(keepingCapacity: true)
        payloadBytes = 0
    }
}
