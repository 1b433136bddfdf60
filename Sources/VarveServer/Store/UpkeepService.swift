// UpkeepService.swift — what a store needs from time to time: merges that are due, and retention.
//
// Retention is heeded when its rules change and once an hour, so a sample goes at most an hour later than its rule says.

import Logging
import ServiceLifecycle
import VarveModel
import VarveRegistry
import VarveStorage

/// Keeps the store in shape.
struct UpkeepService: Service {
    private let store: ServiceStore
    private let registry: Registry
    private let logger: Logger
    private let merging: TroubleReport
    private let expiring: TroubleReport

    private static let pause = Duration.seconds(10)
    private static let pausesBetweenExpiries = 360

    init(_ store: ServiceStore, _ registry: Registry, _ logger: Logger) {
        self.store = store
        self.registry = registry
        self.logger = logger
        merging = TroubleReport("the store cannot be compacted", logger)
        expiring = TroubleReport("retention cannot be carried out", logger)
    }

    func run() async {
        await cancelWhenGracefulShutdown {
            var rules: [RetentionRule]?
            var pauses = 0
            while !Task.isCancelled {
                expiring.watch {
                    let newest = try registry.retentionRules()
                    guard newest != rules || pauses >= Self.pausesBetweenExpiries else { return }
                    try heed()
                    rules = newest
                    pauses = 0
                }
                merging.watch { _ = try store.compactIfDue() }
                try? await Task.sleep(for: Self.pause)
                pauses += 1
            }
        }
    }

    private func heed() throws {
        store.setHistory(try registry.historySeconds() * 1_000_000_000)
        let report = try store.expire(try registry.retentionPeriods())
        guard report.samples > 0 else { return }
        logger.info("retention let go of \(report.samples) samples of \(report.series) series")
    }
}
