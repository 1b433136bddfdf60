// ChannelEvent.swift — what a channel's log is told about a message.

public import VarveModel

/// One message and its answer: what it did, or why it was refused.
public struct ChannelEvent: Sendable {
    /// When the message arrived.
    public var time: Timestamp
    /// The product of the topic, if it has one.
    public var product: String?
    /// The client id of its sender, if the broker's plugin told: MQTT itself does not.
    public var client: String?
    /// The device that the refused item names, if the reason is about one.
    public var device: String?
    /// The topic as it was sent.
    public var topic: String
    /// The id as it stood in the request, quotes included, if there is one.
    public var id: String?
    /// The code of the answer; any other than `success` refuses the message.
    public var code: ReplyCode
    /// Why the message was refused; nil where it was not.
    public var reason: String?
    /// What is odd about a message that was taken; nil where nothing is.
    public var note: String?
    /// The bytes of the payload.
    public var payloadBytes: Int
    /// The beginning of the payload, any bytes.
    public var excerpt: [UInt8]
    /// What the message did; nil where it was refused.
    ///
    /// Its `skipped` counts readings without value and quality.
    public var receipt: Receipt?
    /// Whether the same content had been committed before.
    public var isReplay: Bool
}

/// Takes note of messages.
///
/// It is called on the thread that answers messages and must not wait: what cannot be kept is dropped and counted
/// there.
public protocol ChannelLog: Sendable {
    /// Takes one message; there is one call for each message that was answered.
    func add(_ event: ChannelEvent)
}
