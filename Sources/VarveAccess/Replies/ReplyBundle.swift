// ReplyBundle.swift — many answers in one message from the service to the broker's plugin, which publishes
// them.
//
// The broker reads one packet of a client, then one packet of each other client. Sent as packets of their
// own, answers would leave at the pace of one for each message of every flooding sender.
//
// Format: the byte 1, then for each answer: quality of service (1 byte), bytes of the topic (2), bytes of the
// payload (4), topic, payload. Numbers have the most significant byte first.
//
// Invariants:
// - A bundle is read only if it is valid as a whole: nothing of a damaged one is published.

/// An answer that the plugin publishes for the service.
public struct ForwardedReply {
    /// The quality of service: 0 or 1.
    public var qos: Int32
    /// A topic for which `TopicRights.isReplyTopic` holds.
    public var topic: UnsafeRawBufferPointer
    /// The payload: any bytes.
    public var payload: UnsafeRawBufferPointer
}

/// Answers of one commit, in the form that goes to the plugin.
public struct ReplyBundle: Sendable {
    /// The size in bytes above which another bundle is begun.
    ///
    /// A single answer that is larger goes alone.
    public static let maximumBytes = 1 << 20
    private static let version: UInt8 = 1
    /// The bytes before the topic of an answer.
    private static let headBytes = 7

    /// The bundle's bytes; empty if it holds no answer.
    public private(set) var bytes: [UInt8] = []

    /// Makes an empty bundle.
    public init() {}

    /// Whether the bundle holds no answer.
    public var isEmpty: Bool { bytes.isEmpty }

    /// Whether an answer of this size fits.
    ///
    /// The first answer always does.
    public func hasRoom(topic: Int, payload: Int) -> Bool {
        bytes.isEmpty || bytes.count + Self.headBytes + topic + payload <= Self.maximumBytes
    }

    /// Adds an answer, unless the plugin would not publish it.
    ///
    /// - Parameter qos: The quality of service. A value above 1 counts as 1.
    /// - Returns: False, with nothing added, if the plugin would not publish the answer: its topic is too
    ///   long or not a topic for answers.
    public mutating func append(
        qos: Int32, topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) -> Bool {
        guard TopicRights.isReplyTopic(topic), let length = UInt16(exactly: topic.count),
            let size = UInt32(exactly: payload.count)
        else { return false }
        if bytes.isEmpty { bytes.append(Self.version) }
        bytes.append(qos > 0 ? 1 : 0)
        appendInteger(length)
        appendInteger(size)
        bytes.append(contentsOf: topic)
        bytes.append(contentsOf: payload)
        return true
    }

    /// Removes all answers, and keeps the memory for the next ones.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func appendInteger<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Checks all answers of a bundle, then hands them to `body` in their order.
    ///
    /// - Returns: The number of answers; nil, with nothing handed on, if the bytes are not a valid bundle.
    public static func read(
        _ source: UnsafeRawBufferPointer, _ body: (ForwardedReply) -> Void
    ) -> Int? {
        guard source.first == version, var offset = source.isEmpty ? nil : 1 else { return nil }
        var count = 0
        while offset < source.count {
            guard let (reply, end) = reply(in: source, at: offset), isPublishable(reply) else { return nil }
            offset = end
            count += 1
        }
        offset = 1
        while let (reply, end) = reply(in: source, at: offset) {
            body(reply)
            offset = end
        }
        return count
    }

    /// The answer at an offset, and the offset of its end; nil if it is cut off.
    private static func reply(
        in source: UnsafeRawBufferPointer, at offset: Int
    ) -> (reply: ForwardedReply, end: Int)? {
        guard source.count - offset >= headBytes else { return nil }
        let topicBytes = Int(
            UInt16(bigEndian: source.loadUnaligned(fromByteOffset: offset + 1, as: UInt16.self)))
        let size = Int(UInt32(bigEndian: source.loadUnaligned(fromByteOffset: offset + 3, as: UInt32.self)))
        let start = offset + headBytes
        guard topicBytes + size <= source.count - start else { return nil }
        let middle = start + topicBytes
        let reply = ForwardedReply(
            qos: Int32(source[offset]), topic: UnsafeRawBufferPointer(rebasing: source[start..<middle]),
            payload: UnsafeRawBufferPointer(rebasing: source[middle..<(middle + size)]))
        return (reply, middle + size)
    }

    private static func isPublishable(_ reply: ForwardedReply) -> Bool {
        reply.qos <= 1 && TopicRights.isReplyTopic(reply.topic)
    }
}
