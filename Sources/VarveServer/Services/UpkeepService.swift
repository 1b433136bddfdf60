// UpkeepService.swift — what a store needs from time to time: merges that are due, and retention.
//
// Merges keep to an I/O budget (MergePace), take what others leave of the processor, and are given up when the service
// stops. Retention runs when its rules change and once an hour, so a sample is removed at most an hour later than its
// rule says.

import Logging
import ServiceLifecycle
import VarveModel
import VarvePlatform
import VarveRegistry
import VarveStorage

/// Keeps the store in shape.
struct UpkeepService: Service {
    private let store: ServiceStore
    private let registry: Registry
    private let retentions: RetentionRules
    private let pace: MergePace
    private let logger: Logger
    private let merging: TroubleReport
    private let expiring: TroubleReport

    /// Milliseconds between two rounds.
    private static let pause: Int64 = 10_000
    private static let roundsBetweenExpiries = 360

    /// What the thread remembers from round to round.
    private struct Course {
        /// The rules by which retention ran last, and the time for which versions were kept.
        var rules: [Name: ProductRetention]?
        var history: Int64?
        /// Rounds since then.
        var rounds = 0
    }

    init(_ store: ServiceStore, _ registry: Registry, _ pace: MergePace, _ logger: Logger) {
        self.store = store
        self.pace = pace
        self.registry = registry
        retentions = registry.currentRetentions
        self.logger = logger
        merging = TroubleReport("the store cannot be compacted", logger)
        expiring = TroubleReport("retention cannot be carried out", logger)
    }

    func run() async throws {
        let course = Monitor(Course())
        try await repeatUntilShutdown {
            course.withLock { applyRetention(&$0) }
            mergeWhatIsDue()
            return Self.pause
        } onShutdown: {
            pace.stop()
        }
    }

    private func mergeWhatIsDue() {
        merging.reportingFailure {
            do {
                _ = try store.compactIfDue(
                    pace: { try pace.waitForBudget($0, unless: { store.isMergeAwaited }) },
                    priority: .background)
            } catch is MergePace.Stopped {}
        }
    }

    /// Removes samples that are too old, if the rules have changed or the last run was an hour ago.
    private func applyRetention(_ course: inout Course) {
        expiring.reportingFailure {
            let newest = try retentions()
            let history = try registry.historySeconds()
            let isChanged = newest != course.rules || history != course.history
            guard isChanged || course.rounds >= Self.roundsBetweenExpiries else { return }
            try expire(newest, history)
            course.rules = newest
            course.history = history
            course.rounds = 0
        }
        course.rounds += 1
    }

    private func expire(_ rules: [Name: ProductRetention], _ history: Int64) throws {
        store.setHistory(history * 1_000_000_000)
        let report = try store.expire(rules)
        guard report.samples > 0 else { return }
        logger.info("retention let go of \(report.samples) samples of \(report.series) series")
    }
}
