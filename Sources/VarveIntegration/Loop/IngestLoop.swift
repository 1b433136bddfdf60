// IngestLoop.swift — takes messages from the broker, on a thread of its own, until it is stopped.

public import Logging
import Synchronization
public import VarveFile
public import VarveModel
import VarvePlatform
public import VarveScript

/// The service's side of the offline channels: a message is acknowledged and answered only when it is durable.
///
/// One loop runs per broker. The broker keeps the session under the loop's client id.
public final class IngestLoop: Sendable {
    /// What the loop and its thread share.
    final class Control: Sendable {
        let wakeup: Wakeup
        let isStopping = Atomic(false)
        let counters = IngestCounters()
        /// What the service wants to tell clients on its own; the loop sends it with its answers.
        let notices = Mutex<[ClientNotice]>([])
        /// Held while messages are parsed and committed.
        let processing = Mutex(())

        init() throws(FileError) { wakeup = try Wakeup() }
    }

    private let options: IngestOptions
    private let directory: any PointDirectory
    private let sink: any SampleSink
    private let log: any ChannelLog
    private let scripts: (any PayloadScripts)?
    private let logger: Logger
    private let control: Control
    private let thread = Mutex<WorkerThread?>(nil)

    /// Prepares a loop; `start` begins it.
    ///
    /// - Parameters:
    ///   - options: The broker and the limits.
    ///   - directory: Knows the devices and their points.
    ///   - sink: Makes samples durable; while it fails, messages stay at the broker and come again.
    ///   - log: Records every message.
    ///   - scripts: Turns payloads of products with the format `custom` into JSON; nil: their raw messages are refused.
    ///   - logger: Gets a line when the broker or the sink goes away or comes back.
    /// - Throws: `FileError` if the process is out of descriptors.
    public init(
        _ options: IngestOptions, directory: any PointDirectory, sink: any SampleSink, log: any ChannelLog,
        scripts: (any PayloadScripts)? = nil, logger: Logger
    ) throws(FileError) {
        self.options = options
        self.directory = directory
        self.sink = sink
        self.log = log
        self.scripts = scripts
        self.logger = logger
        control = try Control()
    }

    deinit { stop() }

    /// What the loop is doing.
    public var state: IngestState { control.counters.state }

    /// Why the loop refused the broker of its last attempt, and what to do; nil if it accepted the broker or reached
    /// none.
    public var brokerRefusal: String? { control.counters.refusal }

    /// What the loop has done since it was made.
    public var counts: IngestCounts { control.counters.counts }

    /// Starts the thread; does nothing if the thread runs.
    ///
    /// - Throws: `FileError` if no thread can be started.
    public func start() throws(FileError) {
        let (options, directory, sink, log) = (options, directory, sink, log)
        let (scripts, logger, control) = (scripts, logger, control)
        try thread.withLock { thread throws(FileError) in
            guard thread == nil else { return }
            control.isStopping.store(false, ordering: .relaxed)
            control.wakeup.clear()
            thread = try WorkerThread {
                let processor = MessageProcessor(
                    directory: directory, sink: sink, log: log, limits: options.limits,
                    scripts: scripts)
                IngestRun(options, processor, log, logger, control).run()
            }
        }
    }

    /// Runs `body` while no message is parsed or committed.
    ///
    /// Messages that come meanwhile wait. They are parsed with the registry as `body` leaves it.
    /// - Throws: What `body` throws.
    public func whilePaused<Result>(_ body: () throws -> Result) rethrows -> Result {
        try control.processing.withLock { _ in try body() }
    }

    /// Sends a message to one client, through the broker's plugin, as soon as the loop has a connection.
    ///
    /// Durability: none; it is lost if the loop or the connection ends before.
    public func send(_ notice: ClientNotice) {
        control.notices.withLock { $0.append(notice) }
        control.wakeup.signal()
    }

    /// Ends the loop and waits for its thread; does nothing if the thread does not run.
    ///
    /// The current group is committed and answered first. The session stays at the broker. The call takes as long as a
    /// commit and at most a second more.
    public func stop() {
        thread.withLock { thread in
            control.isStopping.store(true, ordering: .relaxed)
            control.wakeup.signal()
            thread?.join()
            thread = nil
        }
    }
}

/// A message of the service to one client that is no answer.
public struct ClientNotice: Sendable {
    /// A topic for which `TopicRights.isActivationTopic` holds.
    public var topic: String
    /// The client id.
    public var client: String
    /// The payload.
    public var payload: [UInt8]

    /// Takes all members as they are.
    public init(topic: String, client: String, payload: [UInt8]) {
        self.topic = topic
        self.client = client
        self.payload = payload
    }
}
