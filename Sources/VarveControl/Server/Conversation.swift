// Conversation.swift — one connection from the greeting to its end: a request, its reply, the next request.
//
// Invariants:
// - The import permit is free when the connection has ended, but not before a batch that it sent is done.
// - A connection that may only read cannot change anything.
// - Anything that cannot be understood ends the connection, with the reason as the last frame.

import Synchronization
import VarveCodec
import VarveModel
import VarvePlatform

/// What all connections share.
final class ConversationContext: Sendable {
    let handler: any ControlHandler
    let times: ControlTimes
    let permit = ImportPermit()
    /// Whether a compaction that a command asked for is running.
    let isCompacting = Atomic<Bool>(false)

    init(handler: any ControlHandler, times: ControlTimes) {
        self.handler = handler
        self.times = times
    }
}

/// The service's end of one connection.
///
/// It lives on the connection's thread.
final class Conversation {
    private let channel: FrameChannel
    private let number: UInt64
    private let context: ConversationContext
    private let onlyReads: Bool

    init(
        _ connection: LocalSocketConnection, number: UInt64, _ context: ConversationContext,
        onlyReads: Bool = false
    ) {
        self.onlyReads = onlyReads
        channel = FrameChannel(connection, times: context.times)
        self.number = number
        self.context = context
    }

    /// Answers until the other end closes.
    func run() {
        defer { context.permit.release(connection: number) }
        do {
            try greet()
            while let request = try receive() { try answer(request) }
        } catch {
            let error = ControlError(describing: error)
            // A peer that is gone does not receive it.
            if error.kind != .lost { try? reply(.failure(error)) }
        }
    }

    private func receive() throws -> ControlRequest? {
        try channel.receive(within: context.times.idle) { kind, reader in
            try ControlRequest(kind: kind, from: &reader)
        }
    }

    private func reply(_ reply: ControlReply) throws {
        try channel.send(reply.frame)
    }

    private func greet() throws {
        let first = try channel.receive(within: context.times.frame) { kind, reader in
            let request = try ControlRequest(kind: kind, from: &reader)
            // Of a greeting of another version, only the version is sure to be where this version looks for
            // it.
            if case .hello(let version) = request, version != ControlLimits.version {
                _ = try reader.bytes(count: reader.remaining)
            }
            return request
        }
        guard let first else { return }
        guard case .hello(let version) = first else {
            throw ControlError(.notUnderstood, "a connection begins with a greeting")
        }
        guard version == ControlLimits.version else {
            let running = context.handler.identity.version
            throw ControlError(
                .wrongVersion,
                "the running service is of version \(running) and speaks version \(ControlLimits.version) of the "
                    + "control protocol, not \(version); use the varve that came with it, or restart the service"
            )
        }
        channel.limit = ControlLimits.frameBytes
        try reply(.welcome(version: ControlLimits.version, context.handler.identity))
    }

    /// Carries out one request.
    ///
    /// What the service cannot do is reported, and the conversation goes on.
    private func answer(_ request: ControlRequest) throws {
        let handler = context.handler
        guard !onlyReads || request.onlyReads else {
            return try reply(
                .failure(
                    ControlError(
                        .notAllowed, "only the user of the service may change anything; you may read")))
        }
        switch request {
        case .hello: throw ControlError(.notUnderstood, "a second greeting")
        case .status:
            let status = ServiceStatus(
                identity: handler.identity, lastCommit: handler.lastCommit, broker: handler.brokerState)
            try reply(.status(status))
        case .horizon: try reply(.horizon(handler.lastCommit))
        case .metrics: try reply(.metrics(handler.metrics))
        case .registryChanged: try replyDone { try handler.registryChanged() }
        case .beginImport:
            try replyDone { [context, number, channel] in
                try context.permit.acquire(
                    connection: number, processID: channel.connection.peer.processID)
            } long: {
                try handler.sink.beginImport()
            }
        case .endImport:
            context.permit.release(connection: number)
            try replyDone { try handler.importEnded() }
        case .storedType(let key): try replyResult { .storedType(try handler.sink.storedType(of: key)) }
        case .batch(let header): try answerBatch(header)
        case .compact(let waits): try answerCompaction(waits: waits)
        case .delete(let order):
            try replyResult { try .deletion(withSigns { try handler.delete(order) }) }
        case .changeType(let change): try answerTypeChange(change)
        case .flush: try replyDone { try handler.flush() }
        case .names(let kind, let end):
            try replyResult { .names(try withSigns { try handler.names(kind, after: end) }) }
        }
    }

    /// Takes the import permit, or replies why it is not free.
    ///
    /// - Returns: Whether the connection did not have it before; nil if it was refused.
    private func acquirePermit() throws -> Bool? {
        do {
            return try context.permit.acquire(
                connection: number, processID: channel.connection.peer.processID)
        } catch {
            try reply(.failure(ControlError(describing: error)))
            return nil
        }
    }

    private func answerBatch(_ header: BatchHeader) throws {
        guard let isNew = try acquirePermit() else { return }
        // A batch outside an import holds the permit while it lasts, so that only one batch is in memory at a
        // time.
        defer { if isNew { context.permit.release(connection: number) } }
        try reply(.done)
        let batch = try receiveRows(header)
        let sink = context.handler.sink
        try replyResult {
            // After the answer the command may begin an import at once, so the permit is freed before.
            defer { if isNew { context.permit.release(connection: number) } }
            return try .outcome(
                withSigns { header.isAssessment ? try sink.assess(batch) : try sink.commit(batch) })
        }
    }

    private func answerTypeChange(_ change: TypeChange) throws {
        guard let isNew = try acquirePermit() else { return }
        let context = context
        let progress = LongProgress()
        try replyResult {
            defer { if isNew { context.permit.release(connection: number) } }
            let counts = try LongCall.run(signEvery: context.times.sign) {
                try context.handler.changeType(change) { progress.set($0, 0) }
            } sign: {
                try reply(progress.reply)
            }
            return .typeChange(counts)
        }
    }

    private func receiveRows(_ header: BatchHeader) throws -> SampleBatch {
        var rows = BatchReader(header)
        while !rows.isComplete {
            let received: Void? = try channel.receive(within: context.times.frame) { kind, reader in
                guard kind == ControlRequest.Kind.rows.rawValue else {
                    throw reader.failure("request \(kind) among the rows of a batch")
                }
                try rows.add(&reader)
            }
            guard received != nil else { throw ControlError(.lost, "the sender went away inside a batch") }
        }
        return rows.finish()
    }

    private func answerCompaction(waits: Bool) throws {
        let context = context
        guard !context.isCompacting.exchange(true, ordering: .acquiringAndReleasing) else {
            return try reply(.failure(ControlError(.busy, "a compaction is running; wait for it to end")))
        }
        defer { context.isCompacting.store(false, ordering: .releasing) }
        if !waits { try reply(.done) }
        let progress = LongProgress()
        let result = Result {
            try LongCall.run(signEvery: context.times.sign) {
                try context.handler.compact { progress.set($0, $1) }
            } sign: {
                if waits { try reply(progress.reply) }
            }
        }
        guard waits else { return }
        try replyResult { .compaction(try result.get()) }
    }

    /// Replies with the result of `body`, or with the reason why it failed.
    private func replyResult(_ body: () throws -> ControlReply) throws {
        let answer: ControlReply
        do {
            answer = try body()
        } catch {
            answer = .failure(ControlError(describing: error))
        }
        try reply(answer)
    }

    private func replyDone(
        _ quick: () throws -> Void = {}, long: @escaping @Sendable () throws -> Void
    ) throws {
        try replyResult {
            try quick()
            try withSigns(long)
            return .done
        }
    }

    private func withSigns<Value: Sendable>(_ call: @escaping @Sendable () throws -> Value) throws -> Value {
        try LongCall.run(signEvery: context.times.sign, call) { try reply(.working(done: 0, total: 0)) }
    }
}

/// The progress of a compaction or of a change of a type.
private final class LongProgress: Sendable {
    private let counts = Mutex<(done: UInt64, total: UInt64)>((0, 0))

    func set(_ done: UInt64, _ total: UInt64) { counts.withLock { $0 = (done, total) } }

    var reply: ControlReply {
        let (done, total) = counts.withLock { $0 }
        return .working(done: done, total: total)
    }
}
