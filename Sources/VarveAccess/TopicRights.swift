// TopicRights.swift — which topics a role may write and read.
//
// A client may publish anywhere below its own prefix, `/sys/{pk}/` or for a device `/sys/{pk}/{dk}/`, with or without
// the first slash: what the service does not know there it answers with code 1009. It may read replies only, and write
// none. The broker checks a subscription and then each message that it would deliver.
//
// Invariants:
// - Pure; looks at bytes and allocates nothing.

/// The rights of one client.
package struct TopicRights: Sendable {
    private enum Kind { case service, client }
    private let kind: Kind
    /// `sys/{pk}/` or `sys/{pk}/{dk}/`.
    private let prefix: [UInt8]

    private static let replyEnding = Array("_reply".utf8)
    private static let root = Array("sys/".utf8)
    /// The topic on which the service tells the plugin what it consumed.
    package static let controlTopic = "$CONTROL/varve/v1"
    private static let control = Array(controlTopic.utf8)

    package init(_ role: Role) {
        switch role {
        case .service:
            kind = .service
            prefix = Self.root
        case .channel(let product):
            kind = .client
            prefix = Array("sys/\(product)/".utf8)
        case .device(let product, let key):
            kind = .client
            prefix = Array("sys/\(product)/\(key)/".utf8)
        }
    }

    /// Whether a message may be published on a topic.
    package func mayWrite(_ topic: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .service: (isBelowPrefix(topic) && isReply(topic)) || topic.elementsEqual(Self.control)
        case .client: isBelowPrefix(topic) && !isReply(topic)
        }
    }

    /// Whether a message of a topic may be delivered.
    package func mayRead(_ topic: UnsafeRawBufferPointer) -> Bool {
        switch kind {
        case .service: isBelowPrefix(topic)
        case .client: isBelowPrefix(topic) && isReply(topic)
        }
    }

    /// Whether a topic filter may be subscribed: all it can match must lie below the own prefix.
    package func maySubscribe(_ filter: UnsafeRawBufferPointer) -> Bool {
        isBelowPrefix(filter)
    }

    private func isBelowPrefix(_ topic: UnsafeRawBufferPointer) -> Bool {
        let start = topic.first == UInt8(ascii: "/") ? 1 : 0
        // A wildcard inside the prefix can never equal it: names in topics have none.
        guard topic.count >= start + prefix.count else { return false }
        for index in prefix.indices where topic[start + index] != prefix[index] { return false }
        return true
    }

    private func isReply(_ topic: UnsafeRawBufferPointer) -> Bool {
        topic.count >= Self.replyEnding.count
            && topic.suffix(Self.replyEnding.count).elementsEqual(Self.replyEnding)
    }
}
