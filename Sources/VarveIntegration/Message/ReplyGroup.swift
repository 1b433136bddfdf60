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
    /// The bytes that lists of faults take in `bytes`.
    private var faultBytes = 0

    /// The most bytes of the lists of faults of one answer, and of all.
    private static let faultBytesOfReply = 16 << 10
    private static let faultBytesOfGroup = 8 << 20

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
        faultBytes = 0
        bytes.removeAll(keepingCapacity: true)
    }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - client: The client id of the message's sender.
    ///   - correlation: The correlation data of the message.
    ///   - receipt: What the message did; the answer counts the samples that were not stored now.
    ///   - notStored: The samples of points that the policy does not store.
    ///   - errors: What is wrong with its items: why it is refused, or what was left out.
    ///   - data: A JSON object that takes the place of these counts and lists.
    mutating func append(
        topic: String, qos: Int32, client: String?, correlation: UnsafeRawBufferPointer,
        id: UnsafeRawBufferPointer?, code: ReplyCode, message: String?, receipt: Receipt? = nil,
        notStored: Int = 0, errors: ItemErrors = ItemErrors(), data: [UInt8]? = nil
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
        bytes.append(contentsOf: ",\"data\":".utf8)
        if let data {
            bytes.append(contentsOf: data)
        } else {
            appendData(receipt, notStored: notStored, errors, isRefused: code != .success)
        }
        bytes.append(UInt8(ascii: "}"))
        replies.append(
            Reply(
                topic: topic, qos: min(qos, 1), client: client, correlation: correlationStart..<start,
                payload: start..<bytes.count))
    }

    private mutating func appendData(
        _ receipt: Receipt?, notStored: Int, _ errors: ItemErrors, isRefused: Bool
    ) {
        bytes.append(UInt8(ascii: "{"))
        let start = bytes.count
        if let receipt, receipt.samples > receipt.stored - receipt.superseded {
            appendCounts(receipt, notStored: notStored)
        }
        if errors.count > 0 {
            if bytes.count > start { bytes.append(UInt8(ascii: ",")) }
            appendFaults(errors, isRefused: isRefused)
        }
        bytes.append(UInt8(ascii: "}"))
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
    private mutating func appendCounts(_ receipt: Receipt, notStored: Int) {
        var separator = ""
        for (name, count) in [
            ("rejected", receipt.rejected), ("expired", receipt.expired), ("replayed", receipt.replayed),
            ("superseded", receipt.superseded), ("notStored", UInt64(notStored)),
        ] where count > 0 {
            bytes.append(contentsOf: "\(separator)\"\(name)\":\(count)".utf8)
            separator = ","
        }
    }

    /// Writes a list of faults, and the number of those that are not in it.
    ///
    /// The list ends early if it, or all lists of the group, take too many bytes; the first fault is always in it.
    private mutating func appendFaults(_ errors: ItemErrors, isRefused: Bool) {
        let start = bytes.count
        let room = min(Self.faultBytesOfReply, Self.faultBytesOfGroup - faultBytes)
        bytes.append(contentsOf: (isRefused ? "\"errors\":[" : "\"skipped\":[").utf8)
        var written = 0
        for entry in errors.entries {
            let end = bytes.count
            if written > 0 { bytes.append(UInt8(ascii: ",")) }
            append(entry)
            if written > 0, bytes.count - start > room {
                bytes.removeLast(bytes.count - end)
                break
            }
            written += 1
        }
        bytes.append(UInt8(ascii: "]"))
        if errors.count > written {
            let name = isRefused ? "moreErrors" : "moreSkipped"
            bytes.append(contentsOf: ",\"\(name)\":\(errors.count - written)".utf8)
        }
        faultBytes += bytes.count - start
    }

    private mutating func append(_ entry: ItemErrors.Entry) {
        bytes.append(contentsOf: "{\"index\":\(entry.index)".utf8)
        for (name, value) in [("deviceKey", entry.device), ("point", entry.point)] {
            guard let value else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            JSONString.append(value, to: &bytes)
        }
        bytes.append(contentsOf: ",\"code\":\(entry.code.rawValue),\"reason\":".utf8)
        JSONString.append(entry.reason, to: &bytes)
        bytes.append(UInt8(ascii: "}"))
    }
}
