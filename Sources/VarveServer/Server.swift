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
    ///
    /// - Throws: `ServerError`, `DirectoryRefused`, `DirectoryInUse`, and what the store, the registry and the broker
    ///   cannot be opened or started with.
    public func run() async throws {
        // From here on a signal waits until everything has started: ended in between, it would leave a broker.
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
            BrokerService(parts.broker, supervisor, parts.folderWatch, logger),
            DirectoryService(parts.store, parts.registry, logger),
            UpkeepService(parts.store, parts.registry, pace, logger),
            IngestService(parts.loop),
            ControlService(
                settings.data, parts.control, logger, parts.loop, endsRefused: parts.broker == nil,
                ready: { announce(parts) }),
        ]
    }

    /// The library's own reports matter to nobody but its developers.
    private var quietLogger: Logger {
        var quiet = logger
        quiet.logLevel = .error
        return quiet
    }

    /// The line that says that everything works; programs may wait for it.
    private func announce(_ parts: ServerParts) {
        let who = parts.broker == nil ? "an external broker" : "its own broker"
        let line =
            "varve: ready: data in \(settings.data), MQTT on \(parts.address.url) (\(who)); Ctrl-C ends it\n"
        try? POSIXFile.standardOutput().append(Array(line.utf8))
        if let supervisor {
            logger.info(
                "process \(getpid()) serves; process \(supervisor.processID) starts it again if it dies")
            supervisor.tellReady()
        }
    }
}
