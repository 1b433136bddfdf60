// Server.swift — the service: its parts, and the order in which they start and stop.
//
// A supervisor may have started the service (`varve serve`). If the supervisor dies, the service ends as after SIGTERM,
// but leaves its broker to the next service.
//
// Order of the start:
// 1. The store and its lock, for which the service waits up to 5 seconds.
// 2. The registry and the message log.
// 3. The credentials file, so that the broker's plugin can decide from its first moment.
// 4. The broker.
// 5. The loop.
// 6. `control.sock`.
// The service stops in the reverse order, so that the broker's last events are still logged.
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

/// The service: starts all its parts, runs until a signal, and stops them.
public struct Server: Sendable {
    private let settings: ServerConfiguration
    private let supervisor: SupervisorLink?
    private let logger: Logger

    /// Prepares a service with these settings; it reports on standard error.
    ///
    /// - Parameter supervisor: The line to the process that restarts the service when it dies; nil for none.
    public init(_ settings: ServerConfiguration, supervisor: SupervisorLink? = nil) {
        self.settings = settings
        self.supervisor = supervisor
        var logger = Logger(label: "varve") { ReportHandler(label: $0) }
        logger.logLevel = Logger.Level(rawValue: settings.logLevel) ?? .info
        self.logger = logger
    }

    /// The mosquitto.conf for these settings, for a broker that somebody else runs; makes the data directory.
    ///
    /// - Throws: `ServerError` if there is no plugin, and what preparing the data directory throws.
    public static func brokerConfiguration(_ settings: ServerConfiguration) throws -> String {
        let files = POSIXFileSystem()
        _ = try DirectoryGuard.prepare(settings.data)
        let folder = try BrokerFolder(data: settings.data, files)
        return try BrokerConfiguration(
            settings, folder, plugin: try PluginPath.find(settings, files), files
        ).text
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// Durability: a message that is answered with code 200 is on disk, and the WAL is sealed at the end.
    /// - Throws: `ServerError`, `DirectoryRefused`, and what opening the store and the registry and starting the broker
    ///   throw.
    public func run() async throws {
        // From here on a signal waits until everything has started: an end in between would leave a broker behind.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let (settings, supervisor, logger) = (settings, supervisor, logger)
        let parts = try await onOwnThread { try ServerParts(settings, supervisor, logger) }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services(parts).map { .init(service: $0) }, logger: quietLogger))
        let ending = Task {
            for await _ in signals { await group.triggerGracefulShutdown() }
        }
        defer { ending.cancel() }
        do {
            try await group.run()
        } catch {
            try await onOwnThread { parts.abandon() }
            throw error
        }
        try await onOwnThread { try parts.close() }
        logger.info("stopped")
    }

    /// The services in the order of their start.
    private func services(_ parts: ServerParts) -> [any Service] {
        let pace = MergePace(bytesPerSecond: settings.mergeBytesPerSecond)
        return [
            ConnectionLogService(parts.connectionLog, logger),
            CredentialsService(parts.credentials, logger),
            BrokerService(
                parts.broker, supervisor, parts.folderWatch, parts.certificates, parts.externalLog, logger),
            DirectoryService(parts.store, parts.registry, logger),
            UpkeepService(parts.store, parts.registry, pace, logger),
            IngestService(parts.loop),
            ControlService(
                settings.data, parts.control, logger, parts.loop, endsRefused: parts.broker == nil,
                ready: { announce(parts) }),
        ]
    }

    /// A logger for errors only: other reports of the lifecycle library matter only to its developers.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .error
        return quiet
    }

    /// Prints the line that says that the service is ready; programs may wait for it.
    private func announce(_ parts: ServerParts) {
        let who = parts.broker == nil ? "an external broker" : "its own broker"
        let line =
            "varve: ready: data in \(settings.data), MQTT on \(parts.places.url) (\(who)); Ctrl-C ends it\n"
        try? POSIXFile.standardOutput().append(Array(line.utf8))
        if let supervisor {
            logger.info(
                "process \(getpid()) serves; process \(supervisor.processID) starts it again if it dies")
            supervisor.announceReady()
        }
    }
}
