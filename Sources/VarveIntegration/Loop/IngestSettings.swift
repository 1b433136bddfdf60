// IngestSettings.swift — the limits of the loop.

/// The limits of the loop.
public struct IngestSettings: Sendable {
    /// The largest payload that is taken, in bytes; a larger one is answered 1008.
    public var payloadLimit = 1 << 20
    /// How much of each payload the channel's log gets, in bytes.
    public var loggedBytes = 4096
    /// Most messages that one commit takes; a packet may bring a few more.
    public var batchMessages = 4096
    /// Most payload bytes that one commit takes; the last message may pass it.
    public var batchBytes = 16 << 20
    /// The topic on which the consumed bytes are reported to the broker's plugin.
    public var reportTopic = "$CONTROL/varve/v1"
    /// The user property in which the broker's plugin tells who sent a message.
    public var senderProperty = "varve-client"

    /// The defaults.
    public init() {}
}

/// What the loop has done since it was made.
public struct IngestCounts: Hashable, Sendable {
    /// Messages that were answered.
    public var messages: UInt64 = 0
    /// Samples in messages that were answered 200.
    public var samples: UInt64 = 0
    /// Groups that were committed.
    public var groups: UInt64 = 0
    /// Groups that could not be committed and came again.
    public var failures: UInt64 = 0
    /// Whether the loop is connected and subscribed.
    public var isConnected = false
}
