// ReplyBundle.swift — many answers in one message from the service to the broker's plugin, which publishes them.
//
// The broker reads one packet of a client at a time and then one of each other client: answers that were packets of
// their own left at the pace of one for each message of every flooding sender.
//
// Format: the byte 1, then for each answer quality of service (1 byte), bytes of the topic (2), bytes of the payload
// (4), topic, payload; numbers have the most significant byte first.
//
// Invariants:
// - A bundle that is read is valid as a whole: nothing of a damaged one is published.

/// An answer that is published for the service.
package struct ForwardedReply {
    /// The quality of service: 0 or 1.
    package var qos: Int32
    /// A topic that may be published: `TopicRights.isReplyTopic`.
    package var topic: UnsafeRawBufferPointer
    /// The payload, any bytes.
    package var payload: UnsafeRawBufferPointer
}

/// Answers of one commit, as they go to the plugin.
package struct ReplyBundle: Sendable {
    /// Bytes of a bundle above which another is begun; one answer larger than this goes alone.
    package static let maximumBytes = 1 << 20
    private static let version: UInt8 = 1
    /// Bytes before the topic of an answer.
    private static let headBytes = 7

    /// The bundle's bytes; empty for one without an answer.
    package private(set) var bytes: [UInt8] = []

    /// Makes an empty bundle.
    package init() {}

    /// Whether there is no answer in it.
    package var isEmpty: Bool { bytes.isEmpty }

    /// Whether an answer of that size fits, or is the first.
    package func hasRoom(topic: Int, payload: Int) -> Bool {
        bytes.isEmpty || bytes.count + Self.headBytes + topic + payload <= Self.maximumBytes
    }

    /// Adds an answer.
    ///
    /// - Parameter qos: The quality of service; above 1 counts as 1.
    /// - Returns: False for an answer that the plugin would not publish, which is not added: its topic is too long,
    ///   or no topic for an answer.
    package mutating func append(
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

    /// Forgets all answers.
    package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    private mutating func appendInteger<T: FixedWidthInteger>(_ value: T) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Reads a bundle and hands its answers on in their order, after all of them have been checked.
    ///
    /// - Returns: The number of answers; nil for bytes that are no bundle, of which nothing is handed on.
    package static func read(
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

    /// The answer that begins at an offset, and where it ends; nil if it is not whole.
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
