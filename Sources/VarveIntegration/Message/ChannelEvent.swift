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
    /// What the refusal is about; nil where the message was not refused.
    public var category: FailureCategory?
    /// The number of items in the message; nil where it was refused.
    public var items: Int?
    /// The number of the commit that has the message's samples, now or from before; nil where it has none.
    public var commit: UInt64?
    /// Nanoseconds from the arrival of the message to the moment at which its answer was ready.
    public var latency: Int64?
    /// The line of the product's script that failed, counted from 1.
    public var scriptLine: Int?
    /// Whether this is about the answer, which the product's script could not encode, and not about the message.
    ///
    /// Its `code` is then that of the answer, and `reason` and `category` say what the script failed with.
    public var isOfAnswer = false
}

/// What a refusal is about.
public enum FailureCategory: Sendable {
    /// The topic is unknown or not taken, its product does not exist, or the method is not that of the topic.
    case topic
    /// The payload is over the limit.
    case size
    /// The payload is missing, not JSON, or not of the documented shape.
    case json
    /// A point, a value or a quality does not fit the model.
    case model
    /// The product has no such device, or a sub-device cannot be logged in.
    case device
    /// The parsing script of the product failed.
    case script
}

/// A failure of the service that concerns all messages, or its end.
public struct ChannelFailure: Sendable {
    /// What fails.
    public enum Part: Sendable {
        /// The store or the registry.
        case store
        /// The broker, or the way to it.
        case broker
    }

    /// When it was noticed.
    public var time: Timestamp
    /// What fails, or failed.
    public var part: Part
    /// Why; nil if messages are taken again.
    public var reason: String?
}

extension ChannelEvent {
    /// The event with its latency; the clock may have been set back since the message arrived.
    func answered(at nanoseconds: Int64) -> ChannelEvent {
        var copy = self
        copy.latency = max(0, nanoseconds.subtractingReportingOverflow(time.nanoseconds).partialValue)
        return copy
    }

    /// The event of a refused message, with the number of the faults that its reason does not name.
    func withCount(of errors: ItemErrors) -> ChannelEvent {
        guard let reason, errors.count > 1 else { return self }
        var copy = self
        copy.reason = "\(reason); \(errors.count - 1) more fault\(errors.count == 2 ? "" : "s")"
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
    /// more, with `isOfAnswer`, for an answer that the product's script could not encode.
    func add(_ event: ChannelEvent)

    /// Records that no messages are taken, or that they are taken again.
    ///
    /// Called once for each change.
    func add(_ failure: ChannelFailure)
}
