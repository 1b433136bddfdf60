// IngestLoop.swift — from message to durable answer: read a group, commit it, then let acknowledgements and replies go.
//
// Invariants:
// - Between the first read of a group and its commit nothing is written to the broker: `turn` is the only caller of
//   `flush`, and calls it after the commit only.
// - A group that could not be committed leaves nothing: the connection is dropped without writing, and the broker sends
//   every message of it again.
// - Runs on one thread, that of `run`; `stop` and `counts` may be called from any.

public import Logging
import Synchronization
import VarveFile
public import VarveMQTT
public import VarveModel

/// The loop of the offline channels.
public final class IngestLoop: Sendable {
    private let options: MQTTOptions
    private let settings: IngestSettings
    private let sink: any SampleSink
    private let directory: any PointDirectory
    private let log: any ChannelLog
    private let logger: Logger
    private let wakeup: Wakeup
    private let isStopping = Atomic<Bool>(false)
    private let state = Mutex(IngestCounts())

    /// Prepares a loop.
    ///
    /// - Parameters:
    ///   - options: The service's login; it must keep its session and speak MQTT 5.
    ///   - sink: Where rows go; it reopens itself after a failure.
    ///   - directory: Knows the points.
    ///   - log: Is told of every message.
    public init(
        _ options: MQTTOptions, _ settings: IngestSettings, sink: any SampleSink,
        directory: any PointDirectory,
        log: any ChannelLog, logger: Logger
    ) throws {
        self.options = options
        self.settings = settings
        self.sink = sink
        self.directory = directory
        self.log = log
        self.logger = logger
        wakeup = try Wakeup()
    }

    /// What has been done so far.
    public var counts: IngestCounts { state.withLock { $0 } }

    /// Ends `run` after the group in hand.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeup.signal()
    }

    /// Serves until `stop`; blocks its thread.
    public func run() {
        let session = Session(
            settings,
            MessageProcessor(
                sink: sink, directory: directory, log: log, payloadLimit: settings.payloadLimit,
                loggedBytes: settings.loggedBytes))
        var backoff = Backoff()
        var lastTrouble = ""
        while !isStopping.load(ordering: .acquiring) {
            let connection = MQTTConnection(options, receiver: session)
            session.begin(connection)
            do {
                try connection.connect()
                try serve(connection, session) {
                    backoff.reset()
                    if !lastTrouble.isEmpty { logger.notice("the channel works again") }
                    lastTrouble = ""
                }
                connection.disconnect()
            } catch {
                // Nothing is written any more: what was not acknowledged comes again.
                connection.drop()
                let trouble = "\(error)"
                if trouble != lastTrouble { logger.warning("the channel waits: \(trouble)") }
                lastTrouble = trouble
                if !(error is MQTTError) { state.withLock { $0.failures += 1 } }
                session.end()
                state.withLock { $0.isConnected = false }
                if !isStopping.load(ordering: .acquiring) { _ = wakeup.wait(milliseconds: backoff.next()) }
            }
        }
        state.withLock { $0.isConnected = false }
    }

    private func serve(_ connection: MQTTConnection, _ session: Session, works: () -> Void) throws {
        try connection.flush()
        while !isStopping.load(ordering: .acquiring) {
            if connection.wait(milliseconds: 200, wakeup: wakeup.descriptor) {
                try connection.readAvailable { session.isFull }
            }
            if let failure = session.failure { throw failure }
            if session.isReady, !counts.isConnected {
                state.withLock { $0.isConnected = true }
                works()
            }
            if !session.arena.messages.isEmpty {
                try commit(connection, session)
                works()
            }
            try connection.flush()
            try connection.housekeeping()
        }
    }

    /// Makes the group durable and queues its replies; they leave with the acknowledgements at the next `flush`.
    private func commit(_ connection: MQTTConnection, _ session: Session) throws {
        let (replies, samples) = try session.processor.process(session.arena)
        for reply in replies {
            try reply.payload.withUnsafeBytes { bytes -> Result<Void, MQTTError> in
                Result { () throws(MQTTError) in
                    do throws(MQTTError) {
                        _ = try connection.publish(topic: reply.topic, payload: bytes, qos: reply.qos)
                    } catch {
                        // A topic that cannot be published to was one nobody can wait on.
                        guard case .invalid = error else { throw error }
                    }
                }
            }.get()
        }
        let report = Array("consumed \(session.arena.payloadBytes)".utf8)
        _ = try report.withUnsafeBytes { bytes -> Result<Int32, MQTTError> in
            Result { () throws(MQTTError) in
                try connection.publish(topic: settings.reportTopic, payload: bytes, qos: 0)
            }
        }.get()
        session.arena.removeAll()
        state.withLock { counts in
            counts.messages += UInt64(replies.count)
            counts.samples += UInt64(samples)
            counts.groups += 1
        }
    }
}

/// Waits that grow.
private struct Backoff {
    private var milliseconds: Int32 = 100

    mutating func reset() { milliseconds = 100 }

    mutating func next() -> Int32 {
        defer { milliseconds = min(milliseconds * 2, 5000) }
        return milliseconds
    }
}
