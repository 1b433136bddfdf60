// ClientLimits.swift — how much of the broker's memory one login, topic or subscription may take.

/// Limits that no client of EnOS comes near.
enum ClientLimits {
    /// The most bytes of a client id, and of a user name.
    static let nameBytes = 512
    /// The most bytes of a topic or filter.
    static let topicBytes = 512
    /// The most levels of a filter.
    ///
    /// The broker keeps a record for each.
    static let filterLevels = 16
    /// The most properties of a message, and the most bytes of all of them.
    static let properties = 32, propertyBytes = 8 << 10
    /// The bytes that the broker keeps for a property besides its own.
    static let propertyCost = 128

    /// Why a login's names are refused; nil if they are accepted.
    static func refusal(clientID: String, username: String) -> String? {
        if clientID.utf8.count > nameBytes {
            return "the client id has \(clientID.utf8.count) bytes, the most is \(nameBytes)"
        }
        if username.utf8.count > nameBytes {
            return "the user name has \(username.utf8.count) bytes, the most is \(nameBytes)"
        }
        return nil
    }

    /// Why a topic is refused; nil if it is accepted.
    static func refusal(topic: UnsafeRawBufferPointer) -> String? {
        topic.count > topicBytes ? "the topic has \(topic.count) bytes, the most is \(topicBytes)" : nil
    }

    /// Why a subscription is refused for its form; nil if it is accepted.
    static func refusal(filter: UnsafeRawBufferPointer) -> String? {
        if let reason = refusal(topic: filter) { return reason }
        let levels = filter.reduce(1) { $1 == UInt8(ascii: "/") ? $0 + 1 : $0 }
        return levels > filterLevels ? "the filter has \(levels) levels, the most is \(filterLevels)" : nil
    }
}
