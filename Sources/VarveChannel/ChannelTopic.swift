// ChannelTopic.swift — the topics of offline channels, as EnOS forms them.
//
// `/sys/{productKey}/integration/measurepoint/post` takes readings. The answer goes to the same topic followed by
// `_reply`. The leading slash may be left out.

/// The parts of a channel's topics.
package enum ChannelTopic {
    /// The first level of every topic of a channel.
    package static let root = "sys"

    /// The level after the product in the channel's own topics; no device may have this key.
    package static let channelLevel = "integration"

    /// What follows a topic in the topic of its answer.
    package static let replyEnding = "_reply"

    /// The topic for readings, without the part up to the product.
    package static let measurepointPost = "integration/measurepoint/post"

    /// The filters that match every topic of every channel.
    package static let all = ["/\(root)/#", "\(root)/#"]

    /// The topic on which readings of a product are published.
    ///
    /// - Parameter product: The product's key, or a placeholder for it in a text.
    package static func measurepointPost(product: String) -> String {
        "/\(root)/\(product)/\(measurepointPost)"
    }

    /// The topic of the answer to a message on `topic`.
    package static func reply(to topic: String) -> String { topic + replyEnding }
}
