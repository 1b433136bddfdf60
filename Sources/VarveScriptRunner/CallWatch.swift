// CallWatch.swift — a thread that measures what the script takes, and ends this process when that is too much.
//
// The script runs on the main thread. It cannot be interrupted there in every case, for example inside one call of the
// engine's own code, such as a long regular expression. So this process ends as a whole, and the service starts another.
//
// Invariants:
// - The results of earlier payloads are sent before the end, and then the reason.
// - A limit is only held against the call that runs at that moment: the lock is held from the comparison to the end.

import Glibc
import Synchronization
import VarvePlatform
import VarveScript

/// Measures calls, gathers their results and sends them.
final class CallWatch: Sendable {
    /// What the script is doing.
    private struct Call {
        /// Milliseconds of processor time.
        var limit: Int
        var isLoading: Bool
    }

    private struct State {
        /// Nil between two calls.
        var call: Call?
        /// Counts calls.
        var number: UInt64 = 0
        /// Whether a request is being carried out.
        var isBusy = false
        var memoryLimit = Int.max
        var results: [Result<[UInt8], ScriptFailure>] = []
        var resultBytes = 0
        var lastSent: Int64 = 0
    }

    private let state = Monitor(State())
    private let line: ServiceLine
    private let memory: ProcessMemory
    private let clock: clockid_t

    /// The nanoseconds between two measurements.
    private static let interval: Int64 = 5_000_000
    /// The bytes of results after which they are sent, and the nanoseconds.
    private static let replyBytes = 64 << 10
    private static let replyNanoseconds: Int64 = 20_000_000

    /// Makes a watch of the calling thread, which must be the one that runs the script.
    init(_ line: ServiceLine, _ memory: ProcessMemory) {
        self.line = line
        self.memory = memory
        var clock = clockid_t()
        pthread_getcpuclockid(pthread_self(), &clock)
        self.clock = clock
    }

    /// Starts to measure, on a thread of its own.
    ///
    /// - Throws: `FileError` if there is no room for another thread.
    func start() throws {
        try WorkerThread { [self] in
            while true {
                state.wait { $0.isBusy ? () : nil }
                measure()
            }
        }.detach()
    }

    /// Begins a request.
    func begin(memoryLimit: Int? = nil) {
        state.change { state in
            state.isBusy = true
            state.lastSent = SystemClock.monotonicNanoseconds()
            if let memoryLimit { state.memoryLimit = memoryLimit }
        }
    }

    /// Runs a part of the script under its limit.
    ///
    /// - Parameter limit: Milliseconds of processor time.
    func watching<T>(limit: Int, isLoading: Bool = false, _ body: () -> T) -> T {
        state.withLock { state in
            state.number += 1
            state.call = Call(limit: limit, isLoading: isLoading)
        }
        defer { state.withLock { $0.call = nil } }
        return body()
    }

    /// Adds the result of a call, and sends the results if there are many or the last were sent long ago.
    func add(_ result: Result<[UInt8], ScriptFailure>) throws(LostRunner) {
        let isDue = state.withLock { state in
            state.results.append(result)
            if case .success(let bytes) = result { state.resultBytes += bytes.count }
            return state.resultBytes >= Self.replyBytes
                || SystemClock.monotonicNanoseconds() - state.lastSent >= Self.replyNanoseconds
        }
        if isDue { try send() }
    }

    /// Ends a request: sends the results that are left.
    func finish() throws(LostRunner) {
        state.withLock { $0.isBusy = false }
        try send()
    }

    private func send() throws(LostRunner) {
        let results = state.withLock { Self.take(&$0) }
        if !results.isEmpty { try line.send(.results(results)) }
    }

    private static func take(_ state: inout State) -> [Result<[UInt8], ScriptFailure>] {
        state.lastSent = SystemClock.monotonicNanoseconds()
        state.resultBytes = 0
        defer { state.results.removeAll(keepingCapacity: true) }
        return state.results
    }

    /// Measures until the request is done.
    private func measure() {
        var seen: UInt64 = 0
        var (processor, real): (Int64, Int64) = (0, 0)
        while state.withLock({ $0.isBusy }) {
            SystemClock.sleep(nanoseconds: Self.interval)
            let bytes = memory.resident()
            state.withLock { state in
                guard let call = state.call else { return }
                let (nowProcessor, nowReal) = (processorTime(), SystemClock.monotonicNanoseconds())
                if state.number != seen {
                    // The call has just begun; it is measured from here.
                    seen = state.number
                    (processor, real) = (nowProcessor, nowReal)
                }
                if bytes > state.memoryLimit {
                    let text =
                        "the process has \(bytes >> 20) MB, above the limit of \(state.memoryLimit >> 20) MB"
                    stop(&state, .memory, text)
                }
                let what = call.isLoading ? "to load" : "for one payload"
                if nowProcessor - processor > Int64(call.limit) * 1_000_000 {
                    stop(&state, .timeOut, "more than \(call.limit) ms of processor time \(what)")
                }
                let realLimit = Int64(call.limit) * Int64(ScriptLimits.realTimeFactor)
                if nowReal - real > realLimit * 1_000_000 {
                    stop(&state, .timeOut, "more than \(realLimit) ms \(what)")
                }
            }
        }
    }

    /// Sends what there is and ends this process.
    private func stop(_ state: inout State, _ category: ScriptFailure.Category, _ text: String) -> Never {
        let results = Self.take(&state)
        if !results.isEmpty { try? line.send(.results(results)) }
        try? line.send(.stopped(ScriptFailure(category, text)))
        _exit(0)
    }

    private func processorTime() -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
