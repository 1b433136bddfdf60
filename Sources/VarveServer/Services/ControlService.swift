// ControlService.swift — takes messages and commands, and announces once that the service is ready for both.

import Logging
import ServiceLifecycle
import Synchronization
import VarveControl
import VarveIntegration
import VarvePlatform

/// Runs the ingest loop, which has a thread of its own.
struct IngestService: Service {
    private let loop: IngestLoop

    init(_ loop: IngestLoop) { self.loop = loop }

    func run() async throws {
        try loop.start()
        try? await gracefulShutdown()
        try await onOwnThread { loop.stop() }
    }
}

/// Answers commands on `control.sock`, and announces once that the service takes commands and messages.
struct ControlService: Service {
    private let data: String
    private let control: StoreControl
    private let logger: Logger
    private let loop: IngestLoop
    /// Whether a broker that is not Varve's ends the service, if it is met before the service is ready.
    private let endsRefused: Bool
    private let ready: @Sendable () -> Void

    init(
        _ data: String, _ control: StoreControl, _ logger: Logger, _ loop: IngestLoop, endsRefused: Bool,
        ready: @escaping @Sendable () -> Void
    ) {
        self.data = data
        self.control = control
        self.logger = logger
        self.loop = loop
        self.endsRefused = endsRefused
        self.ready = ready
    }

    func run() async throws {
        let sockets = try await onOwnThread { try ControlSockets(data, control, logger) }
        let refusal = await awaitMessages()
        if refusal == nil {
            try await repeatUntilShutdown {
                sockets.mend()
                return usualPause
            }
        }
        control.giveUpLongChanges()
        try await onOwnThread { sockets.stop() }
        if let refusal { throw ServerError(refusal) }
    }

    /// Waits until messages are taken, and announces that.
    ///
    /// - Returns: Why the broker is refused, if that ends the service; nil once the service is ready or is to end.
    private func awaitMessages() async -> String? {
        let refusal = Mutex<String?>(nil)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, loop.state != .serving {
                if endsRefused, let reason = loop.brokerRefusal {
                    refusal.withLock { $0 = reason }
                    return
                }
                try? await Task.sleep(for: .milliseconds(10))
            }
            if !Task.isCancelled { ready() }
        }
        return refusal.withLock { $0 }
    }
}

/// The service's sockets in the data directory.
private final class ControlSockets: Sendable {
    private let data: String
    private let control: StoreControl
    private let logger: Logger
    private let trouble: TroubleReport
    /// The servers; only the last one can be reached.
    ///
    /// The socket files of the earlier ones were removed. They go on serving the callers that they have.
    private let servers: Mutex<[ControlServer]>

    init(_ data: String, _ control: StoreControl, _ logger: Logger) throws {
        self.data = data
        self.control = control
        self.logger = logger
        trouble = TroubleReport("\(ControlServer.socketName) cannot be made again", logger)
        servers = Mutex([try ControlServer(directory: data, handler: control)])
    }

    /// Makes the socket again if somebody has removed its file.
    func mend() {
        trouble.reportingFailure {
            try servers.withLock { servers in
                guard servers.last?.isReachable == false else { return }
                servers.append(try ControlServer(directory: data, handler: control))
                logger.warning("\(ControlServer.socketName) was gone: it is made again")
            }
        }
    }

    /// Ends all conversations, and waits some time for the commands that are running.
    func stop() {
        for server in servers.withLock({ $0 }) where !server.stop() {
            logger.warning("a command did not end in time")
        }
    }
}
