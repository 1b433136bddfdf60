// ServiceLine.swift — the runner's end of the conversation.

import VarveCodec
public import VarvePlatform

/// Receives requests of the service and sends replies.
///
/// One thread receives, and one at a time sends.
public final class ServiceLine: Sendable {
    /// The version of the conversation, for `ScriptReply.ready`.
    public static let version = WireLimits.version

    /// The nanoseconds within which the service must take a reply.
    private static let patience: Int64 = 60_000_000_000

    private let connection: LocalSocketConnection

    /// Uses the connection to the service.
    public init(_ connection: LocalSocketConnection) { self.connection = connection }

    /// Waits for a request.
    ///
    /// - Returns: Nil once the service has closed the connection.
    /// - Throws: `LostRunner` if what comes is no request.
    public func receive() throws(LostRunner) -> ScriptRequest? {
        try ScriptFrames(connection).receive(until: .max) { kind, reader throws(CodecError) in
            try ScriptRequest(kind, &reader)
        }
    }

    /// Sends a reply.
    ///
    /// - Throws: `LostRunner` if the service is gone or does not take it.
    public func send(_ reply: ScriptReply) throws(LostRunner) {
        var writer = ByteWriter()
        reply.append(to: &writer)
        let deadline = SystemClock.monotonicNanoseconds() + Self.patience
        try connection.send(frames: writer.bytes, until: deadline)
    }
}
