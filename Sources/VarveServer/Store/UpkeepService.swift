// UpkeepService.swift — what a store needs from time to time: merges that are due, and retention.
//
// Merges keep to an I/O budget (MergePace) and are given up when the service stops. Retention is heeded when its rules
// change and once an hour, so a sample goes at most an hour later than its rule says.

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
    private let pace: MergePace
    private let logger: Logger
    private let merging: TroubleReport
    private let expiring: TroubleReport

    private static let pause = Duration.seconds(10)
    private static let pausesBetweenExpiries = 360

    init(_ store: ServiceStore, _ registry: Registry, _ pace: MergePace, _ logger: Logger) {
        self.store = store
        self.pace = pace
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
                await merge()
                try? await Task.sleep(for: Self.pause)
                pauses += 1
            }
        }
    }

    /// Merges on a thread of its own: it may take long, and wait.
    private func merge() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { done in
                do {
                    try WorkerThread {
                        mergeWhatIsDue()
                        done.resume()
                    }.detach()
                } catch {
                    merging.watch { throw error }
                    done.resume()
                }
            }
        } onCancel: {
            pace.stop()
        }
    }

    private func mergeWhatIsDue() {
        merging.watch {
            do {
                _ = try store.compactIfDue { try pace.take($0, unless: { store.isMergeAwaited }) }
            } catch is MergePace.Stopped {}
        }
    }

    private func heed() throws {
        store.setHistory(try registry.historySeconds() * 1_000_000_000)
        let report = try store.expire(try registry.retentionPeriods())
        guard report.samples > 0 else { return }
        logger.info("retention let go of \(report.samples) samples of \(report.series) series")
    }
}
