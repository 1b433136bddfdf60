// ChannelServices.swift — keeps the message log and the credentials file up to date.
//
// Invariants:
// - Each service works once more after the services that started later have ended, so the broker's last events are
//   logged.

import Logging
import ServiceLifecycle
import VarvePlatform

/// Copies the plugin's connection events into the message log.
struct ConnectionLogService: Service {
    private let log: ConnectionLog
    private let logger: Logger
    private let trouble: TroubleReport

    init(_ log: ConnectionLog, _ logger: Logger) {
        self.log = log
        self.logger = logger
        trouble = TroubleReport("logins are not logged", logger)
    }

    func run() async throws {
        try await repeatUntilShutdown {
            copyNewEvents()
            return usualPause
        }
        try await onOwnThread { copyNewEvents(isEnding: true) }
    }

    private func copyNewEvents(isEnding: Bool = false) {
        trouble.reportingFailure {
            for note in try log.copyNewEvents(isEnding: isEnding) { logger.warning("\(note)") }
        }
    }
}

/// Keeps the credentials file in step with the registry.
struct CredentialsService: Service {
    private let credentials: CredentialsPublisher
    private let trouble: TroubleReport

    init(_ credentials: CredentialsPublisher, _ logger: Logger) {
        self.credentials = credentials
        trouble = TroubleReport("logins are not up to date", logger)
    }

    func run() async throws {
        try await repeatUntilShutdown {
            publish()
            return usualPause
        }
        try await onOwnThread { publish() }
    }

    private func publish() { trouble.reportingFailure { try credentials.publishIfChanged() } }
}
