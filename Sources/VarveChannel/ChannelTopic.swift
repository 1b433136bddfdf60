// ChannelTopic.swift — the topics of offline channels, as EnOS forms them.
//
// `/sys/{productKey}/integration/measurepoint/post` takes readings; the answer goes to the same topic with `_reply`
// behind it. The leading slash may be left out.

/// The parts of a channel's topics.
package enum ChannelTopic {
    /// The first level of every topic of a channel.
    package static let root = "sys"

    /// The level behind the product that belongs to the channel itself; no device may have this key.
    package static let channelLevel = "integration"

    /// What stands behind a topic in the topic of its answer.
    package static let replyEnding = "_reply"

    /// The topic for readings, behind the product.
    package static let measurepointPost = "integration/measurepoint/post"

    /// The filters that match every topic of every channel.
    package static let all = ["/\(root)/#", "\(root)/#"]

    /// The topic on which readings of a product are published.
    ///
    /// - Parameter product: The product's key, or what stands for it in a text for people.
    package static func measurepointPost(product: String) -> String {
        "/\(root)/\(product)/\(measurepointPost)"
    }

    /// The topic of the answer to a message on `topic`.
    package static func reply(to topic: String) -> String { topic + replyEnding }
}
