// ServiceScripts.swift — the scripts of a running service: the registry's texts, run by a pool, and counted.
//
// Invariants:
// - A service without a runner starts. Its raw messages fail with a `LaunchFailure` until there is one.

import CoreMetrics
import Synchronization
import VarvePlatform
import VarveRegistry
import VarveScript

/// Runs the scripts of products for the channel.
final class ServiceScripts: PayloadScripts {
    static let help = [
        "varve_script_payloads_total": "Payloads and answers given to scripts by what came of them.",
        "varve_script_nanoseconds_total": "Nanoseconds that the service waited for scripts.",
        "varve_script_processes": "Processes of scripts that wait for work.",
    ]

    private struct Running: Sendable {
        var pool: ScriptPool
        var scripts: ProductScripts
    }

    private let running = Mutex<Running?>(nil)
    private let processes: Int
    private let limits: ScriptLimits
    private let text: @Sendable (String) throws -> String?
    private let outcomes: [String: Counter]
    private let waited: Counter
    private let idle: Meter

    /// Prepares to run the scripts of a registry; the first call starts a process.
    ///
    /// A payload, and what a script makes of it, have at most `limits.payloadBytes`.
    init(_ registry: Registry, _ settings: ServerConfiguration, _ metrics: any MetricsFactory) {
        processes = settings.scriptProcesses
        var limits = ScriptLimits()
        limits.payloadBytes = settings.payloadBytes
        limits.resultBytes = settings.payloadBytes
        self.limits = limits
        text = registry.currentScripts
        let names = ["decoded", "encoded"] + ScriptFailure.Category.allCases.map(\.name)
        outcomes = Dictionary(
            uniqueKeysWithValues: names.map { name in
                (
                    name,
                    Counter(
                        label: "varve_script_payloads_total", dimensions: [("outcome", name)],
                        factory: metrics)
                )
            })
        waited = Counter(label: "varve_script_nanoseconds_total", factory: metrics)
        idle = Meter(label: "varve_script_processes", factory: metrics)
    }

    /// Calls a function of a product's script for payloads; see `PayloadScripts`.
    ///
    /// - Throws: `LaunchFailure` if no process can be started; `RegistryError` if the script cannot be read.
    func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]],
        within budget: CallBudget
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        let running = try running.withLock { running in
            if let running { return running }
            let pool = ScriptPool(try RunnerPath.find(), processes: processes, limits: limits)
            let made = Running(pool: pool, scripts: ProductScripts(pool, text: text))
            running = made
            return made
        }
        let start = SystemClock.monotonicNanoseconds()
        let results = try running.scripts.call(function, ofProduct: product, payloads, within: budget)
        waited.increment(by: max(SystemClock.monotonicNanoseconds() - start, 0))
        idle.set(running.pool.idleProcesses.count)
        count(results, function == .decode ? "decoded" : "encoded")
        return results
    }

    /// Ends all processes.
    func end() { running.withLock { $0?.pool.end() } }

    private func count(_ results: [Result<[UInt8], ScriptFailure>], _ success: String) {
        var counts: [String: Int] = [:]
        for result in results {
            switch result {
            case .success: counts[success, default: 0] += 1
            case .failure(let failure): counts[failure.category.name, default: 0] += 1
            }
        }
        for (name, count) in counts { outcomes[name]?.increment(by: count) }
    }
}
