// Server.swift — the service: what it consists of, in which order it starts and stops.
//
// A supervisor may stand before it (`varve serve`); where that one dies the service ends as told by SIGTERM, but leaves its
// broker to the next service.
//
// Start: the store and its lock, for which it waits a while; registry and message log; the credentials file, so that the
// broker's plugin can decide from its first moment; the broker; the loop; at last `control.sock`. Stop: the other way
// round, so that what the broker says when it ends is still logged.
//
// Invariants:
// - Only the holder of the data directory's lock starts a broker or listens on `control.sock`.

import Glibc
import Logging
import ServiceLifecycle
import UnixSignals
import VarveAccess
import VarveChannel
import VarveControl
import VarveFile
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveStorage

/// The service.
public struct Server: Sendable {
    private let settings: ServerConfiguration
    private let supervisor: SupervisorLink?
    private let logger: Logger

    /// Prepares a service with these settings; it reports on standard error.
    ///
    /// - Parameter supervisor: The process that starts it again when it dies; nil for none.
    public init(_ settings: ServerConfiguration, supervisor: SupervisorLink? = nil) {
        self.settings = settings
        self.supervisor = supervisor
        var logger = Logger(label: "varve") { ReportHandler(label: $0) }
        logger.logLevel = Logger.Level(rawValue: settings.logLevel) ?? .info
        self.logger = logger
    }

    /// The version that `status` tells.
    static let version = "0.1.0"

    /// The mosquitto.conf that a broker of these settings gets; for a broker that somebody else runs.
    public static func brokerConfiguration(_ settings: ServerConfiguration) throws -> String {
        let files = POSIXFileSystem()
        _ = try DirectoryGuard.prepare(settings.data)
        let folder = try BrokerFolder(data: settings.data, files)
        return try BrokerConfiguration(
            settings, folder, plugin: try PluginPath.find(settings, files), files
        ).text
    }

    /// Serves until SIGTERM or SIGINT.
    public func run() async throws {
        // From here on a signal waits until everything has started: ended in between, it would leave a broker.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let files = POSIXFileSystem()
        try guardDirectory()
        let logger = logger
        let metrics = TextMetrics(help: StoreMetrics.help)
        let store = try LockPatience(files: files).wait {
            try ServiceStore(path: settings.data, metrics: StoreMetrics(metrics)) { logger.error("\($0)") }
        }
        defer { try? store.close() }
        for note in store.recoveryNotes { logger.notice("recovered: \(note)") }
        let registry = try Registry.open(path: settings.data + "/registry.sqlite", create: true)
        store.setRetention(registry.currentRetentions)
        let folder = try BrokerFolder(data: settings.data, files)
        let log = MessageLog.open(path: settings.data + "/log.sqlite", limitBytes: settings.logBytes) {
            logger.warning("\($0)")
        }
        let writer = LogWriter(log) { logger.warning("\($0)") }
        defer { writer.close() }
        let messages = MessageLogSink(writer, payloadBytes: settings.logPayloadBytes)
        let credentials = CredentialsPublisher(registry, path: folder.credentials) { channels in
            messages.setChannels(channels)
        }
        try credentials.publishIfChanged()
        let broker = try startBroker(folder, files)
        let loop = try IngestLoop(
            options(credentials, broker, folder, files), directory: registry, sink: store, log: messages,
            logger: logger)
        let control = StoreControl(
            identity: identity(), store: store, brokerState: { "\(loop.state)" }, metrics: { metrics.text },
            registryChanged: { try credentials.publishIfChanged() }, registry: registry,
            pausing: { try loop.whilePaused($0) })
        let services: [any Service] = [
            ConnectionLogService(connectionLog(folder, log, files), logger),
            CredentialsService(credentials, logger),
            BrokerService(broker, supervisor, watch(folder, files, credentials), logger),
            DirectoryService(store, registry, logger),
            UpkeepService(store, registry, MergePace(bytesPerSecond: settings.mergeBytesPerSecond), logger),
            IngestService(loop),
            ControlService(
                settings.data, control, logger, loop, endsRefused: broker == nil,
                ready: { announce(broker) }),
        ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) }, logger: quietLogger))
        let ending = Task {
            for await _ in signals { await group.triggerGracefulShutdown() }
        }
        defer { ending.cancel() }
        try await run(group, broker)
        if supervisor?.isGone != true { try files.remove(folder.address) }
        writer.close()
        try store.close()
        logger.info("stopped")
    }

    /// Runs the services to their end; where one fails the broker is ended, unless the next service is to find it.
    private func run(_ group: ServiceGroup, _ broker: BrokerProcess?) async throws {
        do {
            try await group.run()
        } catch {
            if supervisor?.isGone != true { try? broker?.stop() }
            throw error
        }
    }

    /// Closes the data directory to others, or opens it to the group of the settings.
    private func guardDirectory() throws {
        // For what others make in the directory: the broker, SQLite. Varve's own files have their rights without it.
        umask(0o077)
        for note in try DirectoryGuard.prepare(settings.data, for: settings.readers) {
            logger.notice("\(note)")
        }
    }

    private func connectionLog(
        _ folder: BrokerFolder, _ log: MessageLog, _ files: POSIXFileSystem
    ) -> ConnectionLog {
        let isOwn = settings.brokerMode == .managed
        return ConnectionLog(
            events: folder.events, broker: isOwn ? BrokerLogReader(folder.log, files) : nil, log: log)
    }

    /// This service, started now.
    private func identity() -> ServiceIdentity {
        ServiceIdentity(
            // The one that the user started stands for the service.
            version: Self.version, processID: Int(supervisor?.processID ?? getpid()),
            startedAt: Timestamp(nanoseconds: SystemClock.nanoseconds()))
    }

    /// What looks after the broker's folder.
    private func watch(
        _ folder: BrokerFolder, _ files: POSIXFileSystem, _ credentials: CredentialsPublisher
    ) -> BrokerFolderWatch {
        BrokerFolderWatch(data: settings.data, folder, files) {
            try files.replace(folder.address, Array("\(address)\n".utf8))
            try credentials.publishIfChanged()
        }
    }

    private func startBroker(_ folder: BrokerFolder, _ files: POSIXFileSystem) throws -> BrokerProcess? {
        try files.replace(folder.address, Array("\(address)\n".utf8))
        guard settings.brokerMode == .managed else { return nil }
        let broker = try BrokerProcess(
            settings, folder, plugin: try PluginPath.find(settings, files), files)
        try broker.start()
        let origin = broker.isAdopted ? "found running" : "started"
        let room = BrokerRoom(files: broker.openFiles, connections: settings.brokerConnections)
        logger.info(
            "broker \(origin): mosquitto, process \(broker.id ?? 0); \(room)")
        return broker
    }

    /// Where the broker is, as it stands in a URL.
    private var address: String {
        BrokerAddress(host: settings.mqttHost, port: settings.mqttPort).text
    }

    private func options(
        _ credentials: CredentialsPublisher, _ broker: BrokerProcess?, _ folder: BrokerFolder,
        _ files: POSIXFileSystem
    ) -> IngestOptions {
        let login = credentials.service
        var options = IngestOptions(host: settings.mqttHost, port: UInt16(settings.mqttPort))
        // What waits at the broker comes before its proof: more than the budget where that was higher before.
        let waiting = max(settings.brokerQueueBytes, broker == nil ? 0 : folder.databaseBytes(files))
        options.proof = .plugin(
            secret: login.password, heldBytes: waiting + (16 << 20),
            remedy:
                "it must run Varve's plugin with \(folder.credentials): give the mosquitto at \(address) the "
                + "configuration that varve serve --broker external --print-broker-config prints")
        if let broker {
            options.socket = folder.socket
            options.refusalOfPeer = { broker.refusal(of: $0) }
        }
        options.username = login.username
        options.groupMessages = settings.batchMessages
        options.groupBytes = settings.batchBytes
        options.limits.payloadBytes = settings.payloadBytes
        options.limits.loggedBytes = settings.logPayloadBytes
        return options
    }

    /// The library's own reports matter to nobody but its developers.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .error
        return quiet
    }

    /// The line that says that everything works; programs may wait for it.
    private func announce(_ broker: BrokerProcess?) {
        let who = broker == nil ? "an external broker" : "its own broker"
        let line =
            "varve: ready: data in \(settings.data), MQTT on mqtt://\(address) (\(who)); Ctrl-C ends it\n"
        try? POSIXFile.standardOutput().append(Array(line.utf8))
        if let supervisor {
            logger.info(
                "process \(getpid()) serves; process \(supervisor.processID) starts it again if it dies")
            supervisor.tellReady()
        }
    }
}
