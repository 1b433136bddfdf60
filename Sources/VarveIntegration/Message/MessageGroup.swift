// MessageGroup.swift — messages that are answered together, copied out of the client library into one run of memory.
//
// Invariants:
// - The ranges of a message say where its bytes are; they are valid until `removeAll`.

public import VarveModel

/// Messages that are acknowledged together, after one commit or several.
public struct MessageGroup {
    /// One message.
    struct Message {
        var topic: Range<Int>
        var payload: Range<Int>
        var qos: Int32
        /// When it arrived at the broker, if the plugin said so, else when the service received it.
        ///
        /// It stays the same when the broker delivers the message again, if the plugin said it.
        var arrival: Timestamp
        /// When the service received it.
        var received: Timestamp
        /// The client id of its sender, if the broker's plugin passed it on.
        var client: String?
        /// Where the topic is on which its sender wants the answer; empty if the sender has not said one.
        var responseTopic: Range<Int>
        /// Where the bytes are by which its sender recognises the answer; empty without any.
        var correlation: Range<Int>
        /// What it costs in the broker's queue, if the plugin passed that on.
        var cost: Int?

        /// What it counts in `heldBytes`.
        fileprivate var bytes: Int {
            topic.count + payload.count + responseTopic.count + correlation.count
                + (client?.utf8.count ?? 0) + MessageGroup.fixedBytes
        }
    }

    private(set) var messages: [Message] = []
    /// The size of all payloads, in bytes.
    public private(set) var payloadBytes = 0
    /// The bytes that the messages take: their topics, payloads, senders and properties, and 128 bytes for each message.
    public private(set) var heldBytes = 0
    private static let fixedBytes = 128
    private var bytes: [UInt8] = []
    /// The most bytes of memory that are kept from one group to the next.
    private static let keptBytes = 32 << 20

    /// Makes an empty group.
    public init() {}

    /// The number of messages.
    public var count: Int { messages.count }

    /// Whether there is no message.
    public var isEmpty: Bool { messages.isEmpty }

    /// Adds a copy of a message.
    ///
    /// - Parameters:
    ///   - arrival: When the service received it.
    ///   - stamp: When it arrived at the broker, if the plugin said so.
    public mutating func append(
        topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, qos: Int32, arrival: Timestamp,
        client: String? = nil, responseTopic: String? = nil, correlation: [UInt8] = [], cost: Int? = nil,
        stamp: Timestamp? = nil
    ) {
        let message = Message(
            topic: append(topic), payload: append(payload), qos: qos, arrival: stamp ?? arrival,
            received: arrival, client: client,
            responseTopic: append((responseTopic ?? "").utf8), correlation: append(correlation), cost: cost)
        messages.append(message)
        payloadBytes += payload.count
        heldBytes += message.bytes
    }

    /// Adds bytes and returns where they are.
    private mutating func append(_ part: some Sequence<UInt8>) -> Range<Int> {
        let start = bytes.count
        bytes.append(contentsOf: part)
        return start..<bytes.count
    }

    /// The messages from `start` on that fit within the limits; the first one counts even if it is too large.
    func slice(from start: Int, messages limit: Int, bytes: Int) -> Range<Int> {
        var end = start
        var taken = 0
        while end < messages.count, end == start || end - start < limit {
            taken += messages[end].bytes
            if taken > bytes, end > start { break }
            end += 1
        }
        return start..<end
    }

    /// Removes all messages; up to 32 MiB of memory stay for the next group.
    public mutating func removeAll() {
        messages.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        payloadBytes = 0
        heldBytes = 0
    }

    /// Calls `body` with the memory that the ranges of the messages refer to.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}
