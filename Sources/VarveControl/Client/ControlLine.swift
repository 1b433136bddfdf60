// ControlLine.swift — a command's connection to the service: one request at a time, each with its reply.
//
// Invariants:
// - After an error that leaves the position in the stream unknown, the line is closed. Every further request
//   then fails with the same error.

import VarveModel
import VarvePlatform

/// A connection after the greeting.
final class ControlLine: @unchecked Sendable {
    // Unchecked: only used under a lock of ControlClient.
    /// The service at the other end.
    let service: ServiceIdentity
    private let channel: FrameChannel
    private var failure: ControlError?

    /// Connects and exchanges greetings.
    ///
    /// - Returns: Nil if nobody listens at the path, or the listener is silent or goes away.
    /// - Throws: What the service answers to the greeting, such as another version; `FileError` if the socket
    ///   must not be used.
    static func connect(to path: String, times: ControlTimes) throws -> ControlLine? {
        let milliseconds = Int(times.greeting * 1000)
        guard let connection = try LocalSocketConnection.connect(to: path, within: milliseconds) else {
            return nil
        }
        let channel = FrameChannel(connection, times: times)
        do {
            // A service without room reports that and closes, perhaps before this is sent.
            let isSent = Result {
                try channel.send(ControlRequest.hello(version: ControlLimits.version).frame)
            }
            let reply = try channel.receive(within: times.greeting) { kind, reader in
                try ControlReply(kind: kind, from: &reader)
            }
            switch reply {
            case nil: return nil
            case .failure(let error): throw error
            case _ where (try? isSent.get()) == nil: return nil
            case .welcome(_, let service):
                channel.limit = ControlLimits.frameBytes
                return ControlLine(channel, service)
            default: throw ControlError(.notUnderstood, "\(path) does not answer as a service does")
            }
        } catch let error as ControlError where error.kind == .lost {
            return nil
        }
    }

    private init(_ channel: FrameChannel, _ service: ServiceIdentity) {
        self.channel = channel
        self.service = service
    }

    /// Whether the line can be used for another request.
    var isOpen: Bool { failure == nil }

    /// Sends a request and waits for its reply.
    ///
    /// - Parameters:
    ///   - seconds: How long to wait in all, with or without signs of life; nil for as long as there are such
    ///     signs.
    ///   - progress: Called with the counts of signs of life.
    /// - Throws: `ControlError`: what the service reports, or kind `lost`.
    func ask(
        _ request: ControlRequest, within seconds: Double? = nil,
        progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws -> ControlReply {
        try guarded {
            try channel.send(request.frame)
            return try receive(until: seconds.map(FrameChannel.deadline(in:)), progress)
        }
    }

    /// Sends a batch and waits for its outcome.
    ///
    /// - Throws: `ControlError`: what the service reports, or kind `lost`.
    func send(_ batch: borrowing SampleBatch, isAssessment: Bool) throws -> BatchOutcome {
        let header = try BatchHeader(batch, isAssessment: isAssessment)
        guard case .done = try ask(.batch(header)) else { throw unexpected() }
        return try guarded {
            do {
                try BatchWriter.write(batch) { try channel.send($0) }
            } catch let error as ControlError where error.kind == .lost {
                // If the service closes because of what was sent, it has sent the reason before.
                if case .failure(let reported)? = try? receiveOne(within: 0) { throw reported }
                throw error
            }
            guard case .outcome(let outcome) = try receive(until: nil, { _, _ in }) else {
                throw unexpected()
            }
            return outcome
        }
    }

    /// The error for an answer to another question than the one asked.
    ///
    /// Closes the line, which can no longer be used.
    func unexpected() -> ControlError {
        let error = ControlError(.notUnderstood, "the service answered something that was not asked")
        close(error)
        return error
    }

    private func guarded<T>(_ body: () throws -> T) throws -> T {
        if let failure { throw failure }
        do {
            return try body()
        } catch {
            let error = ControlError(describing: error)
            if error.kind == .lost || error.kind == .notUnderstood { close(error) }
            throw failure ?? error
        }
    }

    private func close(_ error: ControlError) {
        guard failure == nil else { return }
        channel.connection.shutdown()
        guard error.kind == .lost else {
            failure = error
            return
        }
        failure = ControlError(
            .lost,
            "the service (process \(service.processID)) ended or stopped answering (\(error.reason)); run this "
                + "again once it is back: what it acknowledged is safe")
    }

    private func receive(until deadline: Int64?, _ progress: (UInt64, UInt64) -> Void) throws -> ControlReply
    {
        while true {
            var seconds = channel.times.silence
            if let deadline {
                seconds = min(seconds, Double(deadline - SystemClock.monotonicNanoseconds()) / 1e9)
            }
            switch try receiveOne(within: seconds) {
            case nil: throw ControlError(.lost, "the connection was closed")
            case .working(let done, let total)?: if total > 0 { progress(done, total) }
            case .failure(let error)?: throw error
            case let reply?: return reply
            }
        }
    }

    private func receiveOne(within seconds: Double) throws -> ControlReply? {
        try channel.receive(within: seconds) { kind, reader in
            try ControlReply(kind: kind, from: &reader)
        }
    }
}
