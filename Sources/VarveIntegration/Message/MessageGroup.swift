// MessageGroup.swift — the messages of one commit, copied out of the client library into one run of memory.
//
// Invariants:
// - The bytes of a message lie at its ranges, and the ranges are valid until `removeAll`.

public import VarveModel

/// Messages that are answered together.
public struct MessageGroup {
    /// One message.
    struct Message {
        var topic: Range<Int>
        var payload: Range<Int>
        var qos: Int32
        var arrival: Timestamp
        /// The client id of its sender, if the broker's plugin told.
        var client: String?
    }

    private(set) var messages: [Message] = []
    /// The bytes of all payloads.
    public private(set) var payloadBytes = 0
    private var bytes: [UInt8] = []
    /// Memory that is kept from one group to the next.
    private static let keptBytes = 32 << 20

    /// Makes an empty group.
    public init() {}

    /// The number of messages.
    public var count: Int { messages.count }

    /// Whether there is no message.
    public var isEmpty: Bool { messages.isEmpty }

    /// Copies a message.
    public mutating func append(
        topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, qos: Int32, arrival: Timestamp,
        client: String? = nil
    ) {
        let start = bytes.count
        bytes.append(contentsOf: topic)
        bytes.append(contentsOf: payload)
        let middle = start + topic.count
        messages.append(
            Message(
                topic: start..<middle, payload: middle..<bytes.count, qos: qos, arrival: arrival,
                client: client))
        payloadBytes += payload.count
    }

    /// Forgets all messages.
    public mutating func removeAll() {
        messages.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
        payloadBytes = 0
    }

    /// Calls `body` with the memory that the ranges are of.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes(body)
    }
}
