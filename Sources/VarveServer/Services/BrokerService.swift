// BrokerService.swift — supervises the broker on a thread of its own: starts it again when it has died, or has a new
// certificate.
//
// Starting or ending a broker can take 20 seconds; meanwhile only this thread waits.

import Logging
import ServiceLifecycle
import VarvePlatform

/// Restarts a broker that died, and ends it with the service.
///
/// If the supervisor has died, the broker is left running for the next service.
struct BrokerService: Service {
    private let broker: BrokerProcess?
    private let supervisor: SupervisorLink?
    private let logger: Logger
    private let trouble: TroubleReport
    private let logTrouble: TroubleReport
    private let folder: BrokerFolderWatch
    private let certificates: CertificateWatch
    private let externalLog: BrokerLog?
    private let folderTrouble: TroubleReport

    /// Milliseconds until the next attempt to start a broker that could not be started.
    private static let retryPause: Int64 = 1000

    init(
        _ broker: BrokerProcess?, _ supervisor: SupervisorLink?, _ folder: BrokerFolderWatch,
        _ certificates: CertificateWatch, _ externalLog: BrokerLog?, _ logger: Logger
    ) {
        self.certificates = certificates
        self.externalLog = externalLog
        self.broker = broker
        self.supervisor = supervisor
        self.folder = folder
        folderTrouble = TroubleReport("the broker's folder cannot be made again", logger)
        self.logger = logger
        trouble = TroubleReport("the broker cannot be started", logger)
        logTrouble = TroubleReport("the broker's log cannot be cut", logger)
    }

    func run() async throws {
        guard let broker else {
            return try await repeatUntilShutdown {
                logTrouble.reportingFailure { try externalLog?.truncateIfLong() }
                return usualPause
            }
        }
        try await repeatUntilShutdown { restoreIfNeeded(broker) }
        // If the supervisor has died, the next service finds the broker running.
        if supervisor?.isGone != true { try await onOwnThread { try broker.stop() } }
    }

    /// Restores the broker's folder, restarts a broker that died or is out of reach, and bounds its log.
    ///
    /// - Returns: The milliseconds until the next call.
    private func restoreIfNeeded(_ broker: BrokerProcess) -> Int64 {
        folderTrouble.reportingFailure { try mendFolder(broker) }
        var pause = usualPause
        if let reason = Self.reasonToStart(broker) {
            logger.warning("\(reason): starting it again")
            trouble.reportingFailure {
                try broker.stop()
                try broker.start()
            }
            if !broker.isRunning { pause = Self.retryPause }
        }
        certificates.look {
            try folder.refill()
            try broker.stop()
            try broker.start()
        }
        logTrouble.reportingFailure { try broker.truncateLogIfLong() }
        return pause
    }

    private static func reasonToStart(_ broker: BrokerProcess) -> String? {
        guard broker.isRunning else { return "the broker has died" }
        return broker.isReachable ? nil : "the broker's own socket was removed or replaced"
    }

    private func mendFolder(_ broker: BrokerProcess) throws {
        guard try folder.mend() else { return }
        logger.error(
            "broker/ was removed while it was in use: it is made again, and the broker is restarted")
        // When it stops, the broker saves the messages that wait into the new folder.
        try broker.stop()
        try broker.start()
    }
}
