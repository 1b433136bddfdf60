// ScriptPool.swift — the processes of scripts: at most a few, one a product, kept warm, replaced when one ends.
//
// Invariants:
// - Every payload gets a result or a failure, in order, whatever the script does. A payload is never lost because of
//   another one: after an end that nothing explains, payloads go one by one until the one that causes it is found.
// - A payload that is blamed for memory or a crash was the first one of a new process. What a script had gathered
//   before is never held against a payload.
// - No process is used by two threads at a time, and none outlives the pool.

public import VarvePlatform
import VarveText

/// Runs parsing scripts in processes of their own.
///
/// Every method may be called from any thread. Calls for one product run one after another; calls for several products
/// run at the same time, in as many processes as the pool may have.
public final class ScriptPool: Sendable {
    /// What the pool has of a product.
    private struct Slot {
        var isBusy = true
        var runner: WarmRunner?
        /// When it was last used; a larger number is later.
        var use: UInt64 = 0
    }

    private struct State {
        var slots: [String: Slot] = [:]
        var uses: UInt64 = 0
        var hasEnded = false
    }

    private let executable: String
    private let processes: Int
    /// What scripts may take.
    public let limits: ScriptLimits
    private let state = Monitor(State())

    /// Makes a pool without processes; the first call for a product starts one, in about 50 ms.
    ///
    /// - Parameters:
    ///   - executable: The path of the runner, as `RunnerPath.find` gives it.
    ///   - processes: The most processes at a time, at least 1. The least recently used one ends for a new one.
    ///   - limits: What scripts may take.
    public init(_ executable: String, processes: Int = 4, limits: ScriptLimits = ScriptLimits()) {
        self.executable = executable
        self.processes = max(processes, 1)
        self.limits = limits
    }

    deinit { end() }

    /// Whether a script can be used: it is JavaScript, runs to its end, and has a function to decode payloads.
    ///
    /// - Returns: Why not; nil if it can.
    /// - Throws: `LaunchFailure` if no process can be started.
    public func check(_ script: ParsingScript) throws(LaunchFailure) -> ScriptFailure? {
        if let failure = oversize(script) { return failure }
        let runner = try lease(script)
        giveBack(runner, script.product)
        return runner.failure
    }

    /// Calls a function of a script for each payload.
    ///
    /// Blocks until all results are there; call it on a thread of its own, not in a task. Cost: about 10 µs for a small
    /// payload if many come at a time, else 100 µs more. A payload that exceeds a limit costs that limit and a new
    /// process.
    ///
    /// - Parameters:
    ///   - function: What to ask for. To encode, a payload is JSON.
    ///   - script: The script. A process is kept as long as the text stays the same.
    /// - Returns: One entry for each payload: its result (JSON, or bytes for the device), or the reason why it failed.
    /// - Throws: `LaunchFailure` if no process can be started. That is no fault of the script or the payloads.
    public func call(
        _ function: ScriptFunction, of script: ParsingScript, _ payloads: [[UInt8]]
    ) throws(LaunchFailure) -> [Result<[UInt8], ScriptFailure>] {
        try call(function, of: script, payloads, within: CallBudget()).results
    }

    /// Calls a function of a script for payloads, until all have results or the budget is used up.
    ///
    /// - Returns: The results of the first payloads, at least of one if there are any, and the nanoseconds that the calls
    ///   took. Time in which a process starts does not count.
    /// - Throws: `LaunchFailure` if no process can be started.
    public func call(
        _ function: ScriptFunction, of script: ParsingScript, _ payloads: [[UInt8]],
        within budget: CallBudget
    ) throws(LaunchFailure) -> (results: [Result<[UInt8], ScriptFailure>], nanoseconds: Int64) {
        if let failure = oversize(script) { return (payloads.map { _ in .failure(failure) }, 0) }
        guard !payloads.isEmpty else { return ([], 0) }
        var run = CallRun(function, payloads, limits, budget)
        var runner: WarmRunner? = try lease(script)
        defer { giveBack(runner, script.product) }
        while !run.hasEnded {
            let current: WarmRunner
            if let runner { current = runner } else { current = try start(script) }
            if let failure = current.failure {
                runner = current
                run.fail(with: failure)
            } else {
                runner = run.advance(current.process) ? current : nil
            }
        }
        return (run.results, run.nanoseconds)
    }

    /// Ends all processes that wait for work, and the others when their calls are done; later calls throw
    /// `LaunchFailure`.
    public func end() {
        let runners = state.change { state in
            state.hasEnded = true
            let idle = state.slots.values.filter { !$0.isBusy }.compactMap(\.runner)
            state.slots = state.slots.filter { $0.value.isBusy }
            return Runners(all: idle)
        }
        for runner in runners.all { runner.process.end() }
    }

    /// The process ids of the products whose processes wait for work, for tests and reports.
    public var idleProcesses: [String: Int32] {
        state.withLock { state in
            state.slots.filter { !$0.value.isBusy }.compactMapValues { $0.runner?.process.id }
        }
    }

    private func oversize(_ script: ParsingScript) -> ScriptFailure? {
        let count = script.text.utf8.count
        guard count > limits.scriptBytes else { return nil }
        return ScriptFailure(
            .tooLarge, "the script has \(count) bytes, above the limit of \(limits.scriptBytes)")
    }
}

// Processes and their owners.
extension ScriptPool {
    /// A process with its script, loaded or not usable.
    ///
    /// Unchecked: only the thread that has taken it out of its slot uses it.
    private struct WarmRunner: @unchecked Sendable {
        var process: RunnerProcess
        var script: String
        /// Why the script cannot be used.
        var failure: ScriptFailure?

        /// Whether the next call may use it: not if the process has ended in loading, which may go well another time.
        var isReusable: Bool {
            switch failure?.category {
            case .timeOut, .memory, .crashed: false
            default: true
            }
        }
    }

    private struct Runners: Sendable {
        var all: [WarmRunner]
    }

    /// What `lease` takes out of the slots.
    private struct Lease: Sendable {
        var runner: WarmRunner?
        var evicted: WarmRunner?
        var hasEnded = false
    }

    /// Takes the product's process, or starts one; the product is busy until `giveBack`.
    private func lease(_ script: ParsingScript) throws(LaunchFailure) -> WarmRunner {
        let lease = state.wait { take(script.product, from: &$0) }
        guard !lease.hasEnded else { throw LaunchFailure.ended }
        lease.evicted?.process.end()
        if let runner = lease.runner {
            if runner.script == script.text { return runner }
            runner.process.end()
        }
        do throws(LaunchFailure) {
            return try start(script)
        } catch {
            giveBack(nil, script.product)
            throw error
        }
    }

    /// Takes a slot if there is one; nil if the caller must wait.
    private func take(_ product: String, from state: inout State) -> Lease? {
        if state.hasEnded { return Lease(hasEnded: true) }
        if let slot = state.slots[product] {
            guard !slot.isBusy else { return nil }
            state.slots[product] = Slot()
            return Lease(runner: slot.runner)
        }
        var lease = Lease()
        if state.slots.count >= processes {
            let oldest = state.slots.filter { !$0.value.isBusy }.min { $0.value.use < $1.value.use }
            guard let oldest else { return nil }
            lease.evicted = state.slots.removeValue(forKey: oldest.key)?.runner
        }
        state.slots[product] = Slot()
        return lease
    }

    private func start(_ script: ParsingScript) throws(LaunchFailure) -> WarmRunner {
        let process = try RunnerProcess(executable, limits)
        let failure = process.load(script.text)
        return WarmRunner(process: process, script: script.text, failure: failure)
    }

    /// Makes the product's process available, or ends it if it is of no more use.
    private func giveBack(_ runner: WarmRunner?, _ product: String) {
        let isKept = state.change { state in
            guard let runner, runner.isReusable, !state.hasEnded else {
                state.slots[product] = nil
                return false
            }
            state.uses += 1
            state.slots[product] = Slot(isBusy: false, runner: runner, use: state.uses)
            return true
        }
        if !isKept { runner?.process.end() }
    }
}

extension LaunchFailure {
    /// The pool was ended.
    fileprivate static var ended: LaunchFailure {
        LaunchFailure("scripts are no longer run: the service ends")
    }
}
