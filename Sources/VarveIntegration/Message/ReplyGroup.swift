// ReplyGroup.swift — the answers to a group of messages, in one run of memory.
//
// Invariants:
// - Each payload is one line of valid JSON, whose id is byte for byte that of the request, or null. It may be replaced by
//   what the product's script made of it, and be packed.

import VarveModel
import VarveText

/// Answers that may leave once their commit is durable.
public struct ReplyGroup {
    /// One answer.
    public struct Reply: Sendable {
        /// The topic to publish on.
        public var topic: String
        /// The quality of service: that of the request, at most 1.
        public var qos: Int32
        /// The client id of the message's sender, if the broker's plugin passed it on.
        public var client: String?
        /// Where the correlation data of the message and the payload are in the group's memory.
        var correlation: Range<Int>, payload: Range<Int>
    }

    /// The answers, in the order of the messages.
    public private(set) var replies: [Reply] = []
    /// How many of the answers refuse their message.
    public private(set) var refused = 0
    private var bytes: [UInt8] = []

    /// Makes an empty group.
    public init() {}

    /// Calls `body` with each answer, its payload, and the correlation data of its message.
    ///
    /// - Throws: What `body` throws.
    public func forEach(
        _ body: (Reply, UnsafeRawBufferPointer, _ correlation: UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        try bytes.withUnsafeBytes { bytes in
            for reply in replies {
                try body(
                    reply, UnsafeRawBufferPointer(rebasing: bytes[reply.payload]),
                    UnsafeRawBufferPointer(rebasing: bytes[reply.correlation]))
            }
        }
    }

    mutating func removeAll() {
        replies.removeAll(keepingCapacity: true)
        refused = 0
        bytes.removeAll(keepingCapacity: true)
    }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - client: The client id of the message's sender.
    ///   - correlation: The correlation data of the message.
    ///   - receipt: What the message did; the answer counts the samples that were not stored now.
    mutating func append(
        topic: String, qos: Int32, client: String?, correlation: UnsafeRawBufferPointer,
        id: UnsafeRawBufferPointer?, code: ReplyCode, message: String?, receipt: Receipt? = nil
    ) {
        let correlationStart = bytes.count
        bytes.append(contentsOf: correlation)
        let start = bytes.count
        if code != .success { refused += 1 }
        bytes.append(contentsOf: "{\"id\":".utf8)
        if let id { bytes.append(contentsOf: id) } else { bytes.append(contentsOf: "null".utf8) }
        bytes.append(contentsOf: ",\"code\":".utf8)
        bytes.append(contentsOf: String(code.rawValue).utf8)
        if let message {
            bytes.append(contentsOf: ",\"message\":".utf8)
            JSONString.append(message, to: &bytes)
        }
        bytes.append(contentsOf: ",\"data\":{".utf8)
        if let receipt, receipt.samples > receipt.stored { appendCounts(receipt) }
        bytes.append(contentsOf: "}}".utf8)
        replies.append(
            Reply(
                topic: topic, qos: min(qos, 1), client: client, correlation: correlationStart..<start,
                payload: start..<bytes.count))
    }

    /// Calls `body` with the payload of an answer.
    func withPayload<Result>(of index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[replies[index].payload])) }
    }

    /// Replaces the payload of an answer.
    mutating func replacePayload(of index: Int, with payload: [UInt8]) {
        let start = bytes.count
        bytes.append(contentsOf: payload)
        replies[index].payload = start..<bytes.count
    }

    /// Writes the members that count samples which were not stored now.
    private mutating func appendCounts(_ receipt: Receipt) {
        var separator = ""
        for (name, count) in [
            ("rejected", receipt.rejected), ("expired", receipt.expired), ("replayed", receipt.replayed),
        ] where count > 0 {
            bytes.append(contentsOf: "\(separator)\"\(name)\":\(count)".utf8)
            separator = ","
        }
    }
}
