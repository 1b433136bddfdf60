// ChannelEvent.swift — what a channel's log records about a message.

public import VarveModel

/// One message and its answer: what it did, or why it was refused.
public struct ChannelEvent: Sendable {
    /// When the message arrived.
    public var time: Timestamp
    /// The product of the topic, if it has one.
    public var product: String?
    /// The client id of its sender, if the broker's plugin passed it on; MQTT itself does not.
    public var client: String?
    /// The device that the refused item names, if the reason is about one.
    public var device: String?
    /// The topic as it was sent.
    public var topic: String
    /// The id as the request has it, quotes included, if there is one.
    public var id: String?
    /// The code of the answer; any other than `success` refuses the message.
    public var code: ReplyCode
    /// Why the message was refused; nil where it was not.
    public var reason: String?
    /// What is odd about a message that was taken; nil if nothing is.
    public var note: String?
    /// The size of the payload, in bytes.
    public var payloadBytes: Int
    /// The beginning of the payload, which may hold any bytes; see `MessageLimits.loggedBytes`.
    public var excerpt: [UInt8]
    /// What the message did; nil where it was refused.
    ///
    /// Its `skipped` counts readings without value and quality, and its `rejected` counts invalid ones that the request
    /// wanted to be left out.
    public var receipt: Receipt?
    /// Whether the same content had been committed before.
    public var isReplay: Bool
}

extension ChannelEvent {
    /// The event of a refused message, with the number of the faults that its reason does not name.
    func withCount(of errors: ItemErrors) -> ChannelEvent {
        guard let reason, errors.count > 1 else { return self }
        var copy = self
        copy.reason = "\(reason); \(errors.count - 1) more faults"
        return copy
    }
}

/// Records messages.
///
/// The thread that answers messages calls it, so it must not wait. It drops and counts what it cannot keep.
public protocol ChannelLog: Sendable {
    /// Records one message.
    ///
    /// Called once for each message after its commit, also for refused messages and for those on reply topics. Called once
    /// more, with a code other than `success`, for an answer that the product's script could not convert.
    func add(_ event: ChannelEvent)
}
