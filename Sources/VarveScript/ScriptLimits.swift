// ScriptLimits.swift — all bounds of scripts and of the conversation with their processes.

/// What a script may take.
public struct ScriptLimits: Hashable, Sendable {
    /// The most milliseconds of processor time for one payload.
    ///
    /// Loading the script may take ten times as long. In real time each may take ten times its processor time.
    public var milliseconds = 100
    /// The most bytes of memory of the script's process, sampled every 5 ms.
    ///
    /// The process itself takes about 45 MB of them.
    public var memoryBytes = 300 << 20
    /// The most bytes of a payload.
    public var payloadBytes = 1 << 20
    /// The most bytes of a result.
    public var resultBytes = 4 << 20
    /// The most bytes of a script.
    public var scriptBytes = 1 << 20

    /// Makes the default limits.
    public init() {}

    /// How many times the processor time of one payload the loading of a script may take.
    static let loadFactor = 10
    /// How many times its processor time something may take in real time.
    package static let realTimeFactor = 10

    /// The milliseconds of processor time for loading the script.
    package var loadMilliseconds: Int { milliseconds * Self.loadFactor }
}

/// Bounds of the conversation between the service and a runner, the same on both sides.
package enum WireLimits {
    /// The version of the conversation; both ends are built together.
    package static let version: UInt16 = 1
    /// The most payloads of a request.
    package static let payloads = 256
    /// The bytes of payloads after which no other is added to a request.
    package static let requestBytes = 2 << 20
    /// The most bytes of a frame: one payload, script or result with what is around it.
    package static let frameBytes = 64 << 20
    /// The bytes of results after which a runner sends them.
    package static let replyBytes = 64 << 10
    /// The nanoseconds after which a runner sends the results it has.
    package static let replyNanoseconds: Int64 = 20_000_000
    /// The most bytes of a message in a reply.
    package static let messageBytes = 4096
}
