// DirectoryService.swift — checks once a second that the data directory is still what the service made of it.
//
// Files can be removed under a running service without an error from the kernel. What is in memory is written again. If
// that is not possible, the store takes no more commits and says why.

import Logging
import ServiceLifecycle
import VarveRegistry

/// Keeps the data directory whole.
struct DirectoryService: Service {
    private let store: ServiceStore
    private let registry: Registry
    private let logger: Logger
    private let storeTrouble: TroubleReport
    private let registryTrouble: TroubleReport

    private static let pause: Int64 = 1000

    init(_ store: ServiceStore, _ registry: Registry, _ logger: Logger) {
        self.store = store
        self.registry = registry
        self.logger = logger
        storeTrouble = TroubleReport("the data directory was damaged", logger)
        registryTrouble = TroubleReport("the registry was damaged", logger)
    }

    func run() async throws {
        try await repeatUntilShutdown {
            storeTrouble.reportingFailure { try store.examine() }
            registryTrouble.reportingFailure {
                guard try registry.restoreIfRemoved() else { return }
                logger.error(
                    "\(registry.path) was removed while it was in use: it is written again, nothing is lost")
            }
            return Self.pause
        }
    }
}
