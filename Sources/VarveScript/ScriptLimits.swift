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
    public static let realTimeFactor = 10

    /// The milliseconds of processor time for loading the script.
    public var loadMilliseconds: Int { milliseconds * Self.loadFactor }
}

/// How much one call may take before it ends with the results that it has.
public struct CallBudget: Hashable, Sendable {
    /// The nanoseconds after which no further payload is begun.
    public var nanoseconds: Int64
    /// The bytes of results after which no further payload is begun.
    public var bytes: Int

    /// Describes a budget; by default without bounds.
    public init(nanoseconds: Int64 = .max, bytes: Int = .max) {
        self.nanoseconds = nanoseconds
        self.bytes = bytes
    }
}

/// Bounds of the conversation between the service and a runner, the same on both sides.
enum WireLimits {
    /// The version of the conversation; both ends are built together.
    static let version: UInt16 = 1
    /// The most payloads of a request.
    static let payloads = 256
    /// The most payloads of the first request of a call with a budget, whose pace is not known yet.
    static let firstPayloads = 16
    /// The bytes of payloads after which no other is added to a request.
    static let requestBytes = 2 << 20
    /// The most bytes of a frame: one payload, script or result with what is around it.
    static let frameBytes = 64 << 20
    /// The most bytes of a message in a reply.
    static let messageBytes = 4096
}
