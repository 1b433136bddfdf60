// ReplyBundle.swift — many answers in one message from the service to the broker's plugin, which publishes
// them.
//
// The broker reads one packet of a client, then one packet of each other client. Sent as packets of their
// own, answers would leave at the pace of one for each message of every flooding sender.
//
// Format: the byte 2, then for each answer: quality of service (1 byte), bytes of the topic (2), of the client id
// (2), of the correlation data (2) and of the payload (4), then topic, client id, correlation data and payload.
// Numbers have the most significant byte first.
//
// Invariants:
// - A bundle is read only if it is valid as a whole: nothing of a damaged one is published.

/// An answer that the plugin publishes for the service.
public struct ForwardedReply {
    /// The quality of service: 0 or 1.
    public var qos: Int32
    /// A topic for which `TopicRights.isReplyTopic` holds, or with a client id `TopicRights.isActivationTopic`.
    public var topic: UnsafeRawBufferPointer
    /// The client id of the sender whose message is answered, without a NUL; empty if it is not known.
    public var client: UnsafeRawBufferPointer
    /// The correlation data of the message (MQTT 5); empty if it had none.
    public var correlation: UnsafeRawBufferPointer
    /// The payload: any bytes.
    public var payload: UnsafeRawBufferPointer

    /// The bytes that the answer takes in the broker: all but its client id.
    public var byteCount: Int { topic.count + correlation.count + payload.count }

    /// Describes an answer.
    public init(
        qos: Int32, topic: UnsafeRawBufferPointer, client: UnsafeRawBufferPointer,
        correlation: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer
    ) {
        self.qos = qos
        self.topic = topic
        self.client = client
        self.correlation = correlation
        self.payload = payload
    }
}

/// Answers of one commit, in the form that goes to the plugin.
public struct ReplyBundle: Sendable {
    /// The size in bytes above which another bundle is begun.
    ///
    /// A single answer that is larger goes alone.
    public static let maximumBytes = 1 << 20
    private static let version: UInt8 = 2
    /// The bytes before the topic of an answer.
    private static let headBytes = 11

    /// The bundle's bytes; empty if it holds no answer.
    public private(set) var bytes: [UInt8] = []

    /// Makes an empty bundle.
    public init() {}

    /// Whether the bundle holds no answer.
    public var isEmpty: Bool { bytes.isEmpty }

    /// Whether an answer fits whose parts have this many bytes in all.
    ///
    /// The first answer always does.
    public func hasRoom(for size: Int) -> Bool {
        bytes.isEmpty || bytes.count + Self.headBytes + size <= Self.maximumBytes
    }

    /// Adds an answer, unless the plugin would not publish it.
    ///
    /// A quality of service above 1 counts as 1.
    ///
    /// - Returns: False, with nothing added, if the plugin would not publish the answer: a part of it is too
    ///   long, its topic is not a topic for answers, or its client id has a NUL.
    public mutating func append(_ reply: ForwardedReply) -> Bool {
        guard Self.isPublishable(reply), let topic = UInt16(exactly: reply.topic.count),
            let client = UInt16(exactly: reply.client.count),
            let correlation = UInt16(exactly: reply.correlation.count),
            let payload = UInt32(exactly: reply.payload.count)
        else { return false }
        if bytes.isEmpty { bytes.append(Self.version) }
        bytes.append(reply.qos > 0 ? 1 : 0)
        appendInteger(topic)
        appendInteger(client)
        appendInteger(correlation)
        appendInteger(payload)
        bytes.append(contentsOf: reply.topic)
        bytes.append(contentsOf: reply.client)
        bytes.append(contentsOf: reply.correlation)
        bytes.append(contentsOf: reply.payload)
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
            guard let (reply, end) = reply(in: source, at: offset), reply.qos <= 1, isPublishable(reply)
            else {
                return nil
            }
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
        func length(at place: Int) -> Int {
            Int(UInt16(bigEndian: source.loadUnaligned(fromByteOffset: offset + place, as: UInt16.self)))
        }
        let size = Int(UInt32(bigEndian: source.loadUnaligned(fromByteOffset: offset + 7, as: UInt32.self)))
        var end = offset + headBytes
        let (topic, client, correlation) = (length(at: 1), length(at: 3), length(at: 5))
        guard topic + client + correlation + size <= source.count - end else { return nil }
        func part(_ count: Int) -> UnsafeRawBufferPointer {
            defer { end += count }
            return UnsafeRawBufferPointer(rebasing: source[end..<(end + count)])
        }
        let reply = ForwardedReply(
            qos: Int32(source[offset]), topic: part(topic), client: part(client),
            correlation: part(correlation), payload: part(size))
        return (reply, end)
    }

    private static func isPublishable(_ reply: ForwardedReply) -> Bool {
        guard !reply.client.contains(0) else { return false }
        return TopicRights.isReplyTopic(reply.topic)
            || !reply.client.isEmpty && TopicRights.isActivationTopic(reply.topic)
    }
}
