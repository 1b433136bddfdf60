// Services.swift — the parts of the running service, each as what ServiceLifecycle starts and stops.
//
// They are stopped in the opposite order of their start. Each looks after one thing about five times a second or
// owns a thread; no message waits for the common pool.

import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import VarveControl
import VarveFile
import VarveIntegration

/// How often things are looked after.
private let period = Duration.milliseconds(200)

/// Repeats a task until the service is to end, then runs it a last time.
private func repeatUntilShutdown(_ body: @escaping @Sendable () -> Void) async {
    await cancelWhenGracefulShutdown {
        while !Task.isCancelled {
            body()
            try? await Task.sleep(for: period)
        }
    }
    body()
}

/// Reports a trouble when it begins, and not again while it lasts.
final class TroubleReport: Sendable {
    private let last = Mutex("")
    private let logger: Logger
    private let what: String

    init(_ what: String, _ logger: Logger) {
        self.what = what
        self.logger = logger
    }

    /// Runs a task and reports what it throws.
    func watch(_ body: () throws -> Void) {
        do {
            try body()
            last.withLock { $0 = "" }
        } catch {
            let text = "\(error)"
            let isNew = last.withLock { last in
                defer { last = text }
                return last != text
            }
            if isNew { logger.warning("\(what): \(text)") }
        }
    }
}

/// Takes over the plugin's connection events.
struct ConnectionLogService: Service {
    private let log: ConnectionLog
    private let logger: Logger
    private let trouble: TroubleReport

    init(_ log: ConnectionLog, _ logger: Logger) {
        self.log = log
        self.logger = logger
        trouble = TroubleReport("logins are not logged", logger)
    }

    func run() async {
        await repeatUntilShutdown {
            trouble.watch { for note in try log.takeOver() { logger.warning("\(note)") } }
        }
    }
}

/// Keeps the credentials file as the registry is.
struct CredentialsService: Service {
    private let credentials: CredentialsPublisher
    private let trouble: TroubleReport

    init(_ credentials: CredentialsPublisher, _ logger: Logger) {
        self.credentials = credentials
        trouble = TroubleReport("logins are not up to date", logger)
    }

    func run() async { await repeatUntilShutdown { trouble.watch { try credentials.publishIfChanged() } } }
}

/// Starts a broker that died again, and ends it with the service; left for the next service where the supervisor died.
struct BrokerService: Service {
    private let broker: BrokerProcess?
    private let supervisor: SupervisorLink?
    private let logger: Logger
    private let trouble: TroubleReport
    private let logTrouble: TroubleReport

    init(_ broker: BrokerProcess?, _ supervisor: SupervisorLink?, _ logger: Logger) {
        self.broker = broker
        self.supervisor = supervisor
        self.logger = logger
        trouble = TroubleReport("the broker cannot be started", logger)
        logTrouble = TroubleReport("the broker's log cannot be cut", logger)
    }

    func run() async throws {
        guard let broker else { return try await gracefulShutdown() }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if let reason = Self.reasonToStart(broker) {
                    logger.warning("\(reason): starting it again")
                    trouble.watch {
                        try broker.stop()
                        try broker.start()
                    }
                    if !broker.isRunning { try? await Task.sleep(for: .seconds(1)) }
                }
                logTrouble.watch { try broker.boundLog() }
                try? await Task.sleep(for: period)
            }
        }
        if supervisor?.isGone != true { try broker.stop() }
    }

    private static func reasonToStart(_ broker: BrokerProcess) -> String? {
        guard broker.isRunning else { return "the broker has died" }
        return broker.isReachable ? nil : "the broker's own socket was removed or replaced"
    }
}

/// Runs the ingest loop, which has a thread of its own.
struct IngestService: Service {
    private let loop: IngestLoop

    init(_ loop: IngestLoop) { self.loop = loop }

    func run() async throws {
        try loop.start()
        try? await gracefulShutdown()
        loop.stop()
    }
}

/// Answers commands on `control.sock`, and says once that the service is ready: commands and messages are taken.
struct ControlService: Service {
    private let data: String
    private let control: StoreControl
    private let logger: Logger
    private let loop: IngestLoop
    /// Whether a broker that is none of ours ends the service before it was ready.
    private let endsRefused: Bool
    private let ready: @Sendable () -> Void
    private let trouble: TroubleReport

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
        trouble = TroubleReport("\(ControlServer.socketName) cannot be made again", logger)
    }

    func run() async throws {
        // The last one is reachable; those before it had their file removed and serve whom they have.
        let servers = Mutex([try ControlServer(directory: data, handler: control)])
        let refused = Mutex<String?>(nil)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, loop.state != .serving {
                if endsRefused, let refusal = loop.brokerRefusal {
                    refused.withLock { $0 = refusal }
                    return
                }
                try? await Task.sleep(for: .milliseconds(10))
            }
            if !Task.isCancelled { ready() }
            while !Task.isCancelled {
                trouble.watch { try servers.withLock { try replaceUnreachable(&$0) } }
                try? await Task.sleep(for: period)
            }
        }
        for server in servers.withLock({ $0 }) where !server.stop() {
            logger.warning("a command did not end in time")
        }
        if let refusal = refused.withLock({ $0 }) { throw ServerError(refusal) }
    }

    private func replaceUnreachable(_ servers: inout [ControlServer]) throws {
        guard servers.last?.isReachable == false else { return }
        servers.append(try ControlServer(directory: data, handler: control))
        logger.warning("\(ControlServer.socketName) was gone: it is made again")
    }
}
