// ChannelTopic.swift — the topics of offline channels, as EnOS forms them.
//
// `/sys/{productKey}/integration/measurepoint/post` takes readings. The answer goes to the same topic followed by
// `_reply`. The leading slash may be left out.

/// The parts of a channel's topics.
public enum ChannelTopic {
    /// The first level of every topic of a channel.
    public static let root = "sys"

    /// The level after the product in the channel's own topics; no device may have this key.
    public static let channelLevel = "integration"

    /// What follows a topic in the topic of its answer.
    public static let replyEnding = "_reply"

    /// The topic for readings, without the part up to the product.
    public static let measurepointPost = "integration/measurepoint/post"

    /// The filters that match every topic of every channel.
    public static let all =
        ["/\(root)/#", "\(root)/#"]
        + subDeviceEndings.flatMap { ["/\(sessionRoot)/+/+/\($0)", "\(sessionRoot)/+/+/\($0)"] }

    /// The topic on which readings of a product are published.
    ///
    /// - Parameter product: The product's key, or a placeholder for it in a text.
    public static func measurepointPost(product: String) -> String {
        "/\(root)/\(product)/\(measurepointPost)"
    }

    /// The first levels of the topics on which a device is activated, and a gateway logs its sub-devices in and out.
    public static let sessionRoot = "ext/session"

    /// The levels behind product and gateway in the topics for the logins of sub-devices: of one, of several, and for the
    /// end of a login.
    public static let subDeviceEndings = ["combine/login", "combine/login/batch", "combine/logout"]

    /// The topic on which a device is told its secret.
    ///
    /// - Parameters:
    ///   - product: The product's key.
    ///   - key: The device's key.
    public static func activation(product: String, key: String) -> String {
        "/\(sessionRoot)/\(product)/\(key)/\(activationEnding)"
    }

    /// The levels behind the device in the topic on which it is told its secret.
    public static let activationEnding = "thing/activate/info"

    /// The topic of the answer to a message on `topic`.
    public static func reply(to topic: String) -> String { topic + replyEnding }
}
