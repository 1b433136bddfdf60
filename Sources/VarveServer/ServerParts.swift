// ServerParts.swift — the parts of a running service, from the opening of its directory to its end.
//
// Invariants:
// - If a part cannot be opened, the store and the log's writer are closed; a broker that was started stays for the next
//   service.
// - Opening and closing block, so the service calls them on a thread of their own.

import Glibc
import Logging
import VarveAccess
import VarveChannel
import VarveControl
import VarveFile
import VarveIntegration
import VarveMessageLog
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveSegment

/// The opened parts of a service.
struct ServerParts: Sendable {
    let store: ServiceStore
    let registry: Registry
    let credentials: CredentialsPublisher
    let connectionLog: ConnectionLog
    /// The service's own broker; nil if somebody else runs one.
    let broker: BrokerProcess?
    let folderWatch: BrokerFolderWatch
    let certificates: CertificateWatch
    let loop: IngestLoop
    let control: StoreControl
    /// Where clients reach the broker.
    let places: BrokerPlaces
    private let folder: BrokerFolder
    private let files: POSIXFileSystem
    private let writer: LogWriter
    private let scripts: ServiceScripts
    private let supervisor: SupervisorLink?

    /// Opens the directory of the settings, starts its broker or adopts a running one, and prepares the rest.
    ///
    /// - Throws: `ServerError`, `DirectoryRefused`, `LaunchFailure`, `FileError`; what opening the store and the
    ///   registry throws.
    init(_ settings: ServerConfiguration, _ supervisor: SupervisorLink?, _ logger: Logger) throws {
        let files = POSIXFileSystem()
        self.files = files
        self.supervisor = supervisor
        try Self.guardDirectory(settings, logger)
        let metrics = TextMetrics(help: Self.help)
        let store = try Self.openStore(settings, metrics, files, logger)
        self.store = store
        var opened: LogWriter?
        do {
            for note in store.recoveryNotes { logger.notice("recovered: \(note)") }
            let registry = try Registry.open(
                path: settings.data + "/" + DirectoryNames.registry, create: true)
            self.registry = registry
            store.setRetention(registry.currentRetentions)
            folder = try BrokerFolder(data: settings.data, files)
            let log = Self.openLog(settings, logger)
            let writer = try LogWriter(log) { logger.warning("\($0)") }
            opened = writer
            self.writer = writer
            let messages = MessageLogSink(writer, payloadBytes: settings.logPayloadBytes)
            let credentials = CredentialsPublisher(registry, path: folder.credentials) {
                messages.apply($0)
            }
            self.credentials = credentials
            try credentials.publishIfChanged()
            places = BrokerPlaces(settings, folder, files)
            certificates = CertificateWatch(settings, folder, files, logger) { writer.add($0) }
            broker = try Self.startBroker(settings, folder, places, files, logger)
            folderWatch = Self.watch(settings, folder, files, credentials)
            scripts = ServiceScripts(registry, settings, metrics)
            let options = Self.options(settings, credentials, broker, folder, places, files)
            let loop = try IngestLoop(
                options, directory: registry, sink: store, log: messages, scripts: scripts, logger: logger)
            self.loop = loop
            let activations = Activations(registry) { loop.send($0) }
            connectionLog = ConnectionLog(
                events: folder.events,
                broker: BrokerLogReader(folder.log, files),
                limits: .init(settings), log: log, masked: { messages.masked($0) },
                activate: { activations.answer($0) })
            let channel = ChannelMetrics(
                metrics, loop: loop, connections: connectionLog, log: writer,
                certificateEnd: { [certificates] in certificates.end },
                brokerBytes: { [folder, broker] in broker == nil ? 0 : folder.databaseBytes(files) })
            control = StoreControl(
                identity: Self.identity(supervisor), store: store, brokerState: { "\(loop.state)" },
                metrics: { channel.measured(metrics) },
                registryChanged: {
                    try credentials.publishIfChanged()
                    // Messages that were read under the registry before are stored by then.
                    loop.whilePaused {}
                },
                registry: registry, pausing: { try loop.whilePaused($0) })
        } catch {
            opened?.close()
            try? store.close()
            throw error
        }
    }

    /// The log of a broker that somebody else runs, which need not exist; nil if the service runs it.
    var externalLog: BrokerLog? { broker == nil ? BrokerLog(folder.log, files) : nil }

    /// Whether the broker is left running for the next service, because the supervisor has died.
    private var leavesBroker: Bool { supervisor?.isGone == true }

    /// Closes the parts at the end of the service, after its broker has ended.
    ///
    /// Durability: the WAL is sealed.
    /// - Throws: `FileError` if the broker's address file cannot be removed, what closing the store throws.
    func close() throws {
        defer { try? store.close() }
        scripts.end()
        if !leavesBroker {
            try folder.publish(nil, files)
        }
        writer.close()
        try store.close()
    }

    /// Ends the broker and closes the parts after one of the services has failed.
    func abandon() {
        if !leavesBroker { try? broker?.stop() }
        scripts.end()
        writer.close()
        try? store.close()
    }
}

extension ServerParts {
    /// Closes the data directory to others, or opens it to the group of the settings.
    private static func guardDirectory(_ settings: ServerConfiguration, _ logger: Logger) throws {
        // For files that the broker and SQLite make in the directory. Varve sets the rights of its own files itself.
        umask(0o077)
        for note in try DirectoryGuard.prepare(settings.data, for: settings.readers) {
            logger.notice("\(note)")
        }
    }

    /// The help sentences of all metrics.
    private static var help: [String: String] {
        StoreMetrics.help.merging(ServiceScripts.help) { $1 }.merging(ChannelMetrics.help) { $1 }
    }

    private static func openStore(
        _ settings: ServerConfiguration, _ metrics: TextMetrics, _ files: POSIXFileSystem, _ logger: Logger
    ) throws -> ServiceStore {
        try LockPatience(files: files).wait {
            do {
                return try ServiceStore(path: settings.data, metrics: StoreMetrics(metrics)) {
                    logger.error("\($0)")
                }
            } catch let error as StorageError where error.isDamage {
                throw ServerError(messageWithRemedy(error))
            }
        }
    }

    private static func openLog(_ settings: ServerConfiguration, _ logger: Logger) -> MessageLog {
        MessageLog.open(
            path: settings.data + "/" + DirectoryNames.messageLog, limitBytes: settings.logBytes,
            keepSeconds: settings.logKeepSeconds
        ) { logger.warning("\($0)") }
    }

    /// This service, started now.
    private static func identity(_ supervisor: SupervisorLink?) -> ServiceIdentity {
        ServiceIdentity(
            // The service is known by the process that the user started.
            version: VarveVersion.current, processID: Int(supervisor?.processID ?? getpid()),
            startedAt: Timestamp(nanoseconds: SystemClock.nanoseconds()))
    }

    /// The watch over the broker's folder.
    private static func watch(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, _ files: POSIXFileSystem,
        _ credentials: CredentialsPublisher
    ) -> BrokerFolderWatch {
        BrokerFolderWatch(data: settings.data, folder, files) {
            // The names of a new certificate may be others.
            try folder.publish(BrokerPlaces(settings, folder, files), files)
            try credentials.publishIfChanged()
        }
    }

    private static func startBroker(
        _ settings: ServerConfiguration, _ folder: BrokerFolder, _ places: BrokerPlaces,
        _ files: POSIXFileSystem, _ logger: Logger
    ) throws -> BrokerProcess? {
        try folder.publish(places, files)
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

    private static func options(
        _ settings: ServerConfiguration, _ credentials: CredentialsPublisher, _ broker: BrokerProcess?,
        _ folder: BrokerFolder, _ places: BrokerPlaces, _ files: POSIXFileSystem
    ) -> IngestOptions {
        let login = credentials.service
        let address = places.ofService
        var options = IngestOptions(host: address.host, port: UInt16(clamping: address.port))
        // Messages that wait at the broker come before its proof. They exceed the budget if that was higher before.
        let waiting = max(settings.brokerQueueBytes, broker == nil ? 0 : folder.databaseBytes(files))
        options.proof = .plugin(
            secret: login.password, heldBytes: waiting + (16 << 20),
            remedy:
                "it must run Varve's plugin with \(folder.credentials): give the mosquitto at \(address.text) the "
                + "configuration that varve serve --broker external --print-broker-config prints")
        if broker == nil { options.encryption = places.encryptionOfService(settings) }
        if let broker {
            options.socket = folder.socket
            options.refusalOfPeer = { broker.refusal(of: $0) }
        }
        options.username = login.username
        options.commitMessages = settings.batchMessages
        options.commitBytes = settings.batchBytes
        options.limits.payloadBytes = settings.payloadBytes
        options.limits.preparedBytes = settings.batchBytes
        options.limits.loggedBytes = settings.logPayloadBytes
        return options
    }
}
