// ChannelEvent.swift — what the loop tells the channel's log about a message.

public import VarveModel

/// One message, and what became of it.
public struct ChannelEvent: Sendable {
    /// When it arrived, in ns since 1970 UTC.
    public var time: Int64
    /// The product, from the topic.
    public var product: String
    /// The client that sent it, if the broker told.
    public var client: String?
    /// The topic.
    public var topic: String
    /// The `id` as it stands in the payload.
    public var messageID: String?
    /// The code of the reply.
    public var code: Int
    /// Why it was refused.
    public var reason: String?
    /// The device concerned, if the reason names one.
    public var device: String?
    /// The size of the payload.
    public var bytes: Int
    /// The beginning of the payload.
    public var payload: [UInt8]
    /// What its rows did; nil if it was refused.
    public var receipt: Receipt?
    /// Whether it had been committed before.
    public var isReplay: Bool
}

/// Takes the events of messages; must not block.
public protocol ChannelLog: Sendable {
    /// Takes one event.
    func add(_ event: ChannelEvent)
}
