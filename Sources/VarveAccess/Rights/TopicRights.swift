// TopicRights.swift — which topics a client may publish to, subscribe to and read.
//
// Invariants:
// - A check is pure and allocates nothing. A role whose keys cannot be told apart in a topic has no rights.
// - Every topic that an allowed filter can match is below the client's own prefix, or is a topic for the answers about its
//   sub-devices.
// - `mayRead` is stricter than `maySubscribe`: each message that a filter matches is checked again.

public import VarveChannel

/// The rights of one logged-in client.
public struct TopicRights: Sendable {
    private enum Kind: Sendable {
        case service
        case client
        case activation
        case nobody
    }

    private let kind: Kind
    /// The beginning of every topic of the client, without the leading slash: `sys/{product}/`.
    private let prefix: [UInt8]
    /// The beginning of the topics on which the client logs its sub-devices in and out; empty if it may not.
    private let sessionPrefix: [UInt8]
    /// How many levels may follow that are not fixed: of a channel the gateway, and of the service the product too.
    private let freeLevels: Int

    /// The rights of a role.
    public init(_ role: Role) {
        guard Self.canName(role) else {
            kind = .nobody
            prefix = []
            (sessionPrefix, freeLevels) = ([], 0)
            return
        }
        (sessionPrefix, freeLevels) = Self.session(role)
        switch role {
        case .service:
            kind = .service
            prefix = Array("\(ChannelTopic.root)/".utf8)
        case .channel(let product):
            kind = .client
            prefix = Array("\(ChannelTopic.root)/\(product)/".utf8)
        case .device(let product, let key):
            kind = .client
            prefix = Array("\(ChannelTopic.root)/\(product)/\(key)/".utf8)
        case .activation(let product, let key):
            kind = .activation
            prefix = Array("\(ChannelTopic.sessionRoot)/\(product)/\(key)/".utf8)
        }
    }

    private static func session(_ role: Role) -> (prefix: [UInt8], freeLevels: Int) {
        let root = "\(ChannelTopic.sessionRoot)/"
        return switch role {
        case .service: (Array(root.utf8), 2)
        case .channel(let product): (Array("\(root)\(product)/".utf8), 1)
        case .device(let product, let key): (Array("\(root)\(product)/\(key)/".utf8), 0)
        case .activation: ([], 0)
        }
    }

    /// Whether each key of a role can be one level of a topic, and belongs to nobody else.
    ///
    /// A device called `integration` would own the topics of its product's channel.
    static func canName(_ role: Role) -> Bool {
        switch role {
        case .service: true
        case .channel(let product): isLevel(product)
        case .device(let product, let key), .activation(let product, let key):
            isLevel(product) && isLevel(key) && key != ChannelTopic.channelLevel
        }
    }

    /// Whether the client may publish to a topic.
    public func mayWrite(_ topic: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .client: isBelowPrefix(topic) && !Self.isReply(topic) || isSubDevice(topic)
        case .service:
            isBelowPrefix(topic) && Self.isReply(topic) || isSubDeviceReply(topic) || isControl(topic)
        case .activation, .nobody: false
        }
    }

    /// Whether a message is the answer of an EnOS client to the message that tells a device its secret.
    ///
    /// Nobody needs it. It is dropped, and not logged as denied.
    public func isActivationReply(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard kind == .activation, isBelowPrefix(topic), Self.isReply(topic) else { return false }
        return isActivation(UnsafeRawBufferPointer(rebasing: topic.dropLast(Self.replyEnding.count)))
    }

    /// Whether a message on a topic may be delivered to the client.
    public func mayRead(_ topic: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .client: isBelowPrefix(topic) && Self.isReply(topic) || isSubDeviceReply(topic)
        // The plugin publishes the service's answers, so "no local" on its subscription would not leave them
        // out.
        case .service:
            isBelowPrefix(topic) && !Self.isReply(topic) || isSubDevice(topic)
                || topic.elementsEqual(ControlTopic.proof.utf8)
        case .activation: isActivation(topic)
        case .nobody: false
        }
    }

    /// Whether the client may subscribe to a filter, which may have wildcards.
    public func maySubscribe(_ filter: UnsafeRawBufferPointer) -> Bool {
        if kind == .service ? isSubDevice(filter) : isSubDeviceReply(filter) { return true }
        guard kind != .nobody, isBelowPrefix(filter) else { return false }
        // A filter that ends in a name matches only topics that end in that name.
        guard let last = filter.last else { return false }
        if kind == .activation { return isActivation(filter) || last == Self.hash || last == Self.plus }
        return kind == .service || last == Self.hash || last == Self.plus || Self.isReply(filter)
    }

    /// Whether a topic takes logins of sub-devices of this client.
    private func isSubDevice(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard !sessionPrefix.isEmpty, Self.isBelow(topic, sessionPrefix) else { return false }
        var rest = topic[((topic.first == Self.slash ? 1 : 0) + sessionPrefix.count)...]
        for _ in 0..<freeLevels {
            guard let end = rest.firstIndex(of: Self.slash), end > rest.startIndex else { return false }
            rest = rest[(end + 1)...]
        }
        return ChannelTopic.subDeviceEndings.contains { rest.elementsEqual($0.utf8) }
    }

    /// Whether a topic is that of an answer about sub-devices of this client.
    private func isSubDeviceReply(_ topic: UnsafeRawBufferPointer) -> Bool {
        Self.isReply(topic)
            && isSubDevice(UnsafeRawBufferPointer(rebasing: topic.dropLast(Self.replyEnding.count)))
    }

    /// Whether a topic is the one on which this client, a device, is told its secret.
    private func isActivation(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard isBelowPrefix(topic) else { return false }
        let start = (topic.first == Self.slash ? 1 : 0) + prefix.count
        return topic[start...].elementsEqual(ChannelTopic.activationEnding.utf8)
    }

    /// Whether a device is told its secret on a topic: `/ext/session/{product}/{device}/thing/activate/info`.
    public static func isActivationTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.count <= maximumChosenBytes, !topic.contains(where: { $0 < 0x20 || $0 == 0x7F }),
            topic.first == slash, let names = activationNames(of: topic)
        else { return false }
        return isLevel(names.product) && isLevel(names.key)
    }

    /// The product and the device of a topic on which a device is told its secret.
    ///
    /// Nil for any other topic.
    public static func activationNames(
        of topic: UnsafeRawBufferPointer
    ) -> (product: String, key: String)? {
        guard topic.starts(with: activationStart), let text = String(validating: topic, as: UTF8.self) else {
            return nil
        }
        let levels = text.utf8.split(separator: slash, omittingEmptySubsequences: false)
        let ending = ChannelTopic.activationEnding.utf8.split(separator: slash)
        guard levels.count == 5 + ending.count,
            zip(levels[5...], ending).allSatisfy({ $0.elementsEqual($1) })
        else { return nil }
        return (String(Substring(levels[3])), String(Substring(levels[4])))
    }

    /// Whether an answer may be published on a topic: it is below `sys/` and ends in `_reply`, or is about sub-devices,
    /// and the broker would accept it from a client.
    ///
    /// The check is needed because the broker does not check what a plugin publishes.
    public static func isReplyTopic(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.count <= maximumTopicBytes, isReply(topic),
            service.isBelowPrefix(topic) || service.isSubDeviceReply(topic)
        else { return false }
        var slashes = 0
        var high: UInt8 = 0
        for byte in topic {
            if byte < 0x20 || byte == 0x7F || byte == plus || byte == hash { return false }
            if byte == slash { slashes += 1 }
            high |= byte
        }
        return slashes <= maximumSlashes && (high < 0x80 || String(validating: topic, as: UTF8.self) != nil)
    }

    /// Whether the answer to a message on `request` may be published on `topic`, which the sender has chosen.
    ///
    /// It must be a topic for answers of at most 512 bytes that has the first three levels of the request's:
    /// `sys`, the product, and the channel's level or the device. So whoever may publish the request may read
    /// the answer there.
    public static func isReplyTopic(
        _ topic: UnsafeRawBufferPointer, toMessageOn request: UnsafeRawBufferPointer
    ) -> Bool {
        guard topic.count <= maximumChosenBytes, isReplyTopic(topic), service.isBelowPrefix(topic) else {
            return false
        }
        let wanted = levels(3, of: request)
        return !wanted.isEmpty && levels(3, of: topic).elementsEqual(wanted)
    }

    /// The first levels of a topic, without the leading slash and with the slash that ends them.
    ///
    /// Empty if the topic has no further level, or one of them is empty.
    private static func levels(
        _ count: Int, of topic: UnsafeRawBufferPointer
    ) -> Slice<UnsafeRawBufferPointer> {
        let start = topic.first == slash ? 1 : 0
        var rest = count
        for place in topic.indices.dropFirst(start) where topic[place] == slash {
            guard place > start, topic[place - 1] != slash else { break }
            rest -= 1
            if rest == 0 { return topic[start...place] }
        }
        return topic[..<0]
    }

    /// The product in a topic: the level below `sys` or `ext/session`.
    ///
    /// Empty for any other topic.
    public static func product(of topic: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let isSession = isBelow(topic, service.sessionPrefix)
        guard isSession || service.isBelowPrefix(topic) else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        let prefix = isSession ? service.sessionPrefix.count : service.prefix.count
        let start = (topic.first == slash ? 1 : 0) + prefix
        let end = topic[start...].firstIndex(of: slash) ?? topic.endIndex
        return UnsafeRawBufferPointer(rebasing: topic[start..<end])
    }

    private static let activationStart = Array("/\(ChannelTopic.sessionRoot)/".utf8)
    private static let service = TopicRights(.service)
    private static let maximumTopicBytes = 65_535
    /// The most bytes of a topic that a client chooses for its answers, as of any topic of a client.
    private static let maximumChosenBytes = 512
    /// The most slashes that mosquitto accepts in a topic.
    private static let maximumSlashes = 200
    private static let slash = UInt8(ascii: "/")
    private static let plus = UInt8(ascii: "+")
    private static let hash = UInt8(ascii: "#")
    private static let replyEnding = Array(ChannelTopic.replyEnding.utf8)

    private static func isLevel(_ key: String) -> Bool {
        !key.isEmpty && !key.utf8.contains { $0 == slash || $0 == plus || $0 == hash || $0 == 0 }
    }

    /// Whether the topic goes on behind the prefix, with or without the leading slash.
    ///
    /// No prefix has a wildcard, so a filter that passes has its wildcards behind the prefix.
    private func isBelowPrefix(_ topic: UnsafeRawBufferPointer) -> Bool { Self.isBelow(topic, prefix) }

    private static func isBelow(_ topic: UnsafeRawBufferPointer, _ prefix: [UInt8]) -> Bool {
        let start = topic.first == slash ? 1 : 0
        guard topic.count > start + prefix.count else { return false }
        return prefix.withUnsafeBytes { prefix in
            UnsafeRawBufferPointer(rebasing: topic[start..<(start + prefix.count)]).elementsEqual(prefix)
        }
    }

    private static func isReply(_ topic: UnsafeRawBufferPointer) -> Bool {
        guard topic.count >= replyEnding.count else { return false }
        return UnsafeRawBufferPointer(rebasing: topic.suffix(replyEnding.count)).elementsEqual(replyEnding)
    }

    private func isControl(_ topic: UnsafeRawBufferPointer) -> Bool {
        topic.elementsEqual(ControlTopic.consumption.utf8) || topic.elementsEqual(ControlTopic.replies.utf8)
    }
}
