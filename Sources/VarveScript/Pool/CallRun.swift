// CallRun.swift — the payloads of one call on their way through one process after another.
//
// Invariants:
// - Each `advance` ends a payload, or ends a process that was not new, or begins to send payloads one by one. So the run
//   ends.
// - A run whose budget is used up has at least one result, and ends where it is.

import VarvePlatform
import VarveText

/// A call that is being carried out.
struct CallRun {
    private let function: ScriptFunction
    private let payloads: [[UInt8]]
    private let limits: ScriptLimits
    private let budget: CallBudget
    private(set) var results: [Result<[UInt8], ScriptFailure>] = []
    /// The nanoseconds that calls have taken; the start of a process does not count.
    private(set) var nanoseconds: Int64 = 0
    /// The bytes of the results.
    private var resultBytes = 0
    /// Whether a process ended for an unknown reason, so that payloads go one by one until the cause is found.
    private var isSearching = false

    init(
        _ function: ScriptFunction, _ payloads: [[UInt8]], _ limits: ScriptLimits,
        _ budget: CallBudget = CallBudget()
    ) {
        self.function = function
        self.payloads = payloads
        self.limits = limits
        self.budget = budget
        results.reserveCapacity(payloads.count)
    }

    var isComplete: Bool { results.count == payloads.count }

    /// Whether no further payload is begun.
    var hasEnded: Bool {
        isComplete
            || !results.isEmpty && (nanoseconds >= budget.nanoseconds || resultBytes >= budget.bytes)
    }

    /// Gives all payloads that are left the same failure.
    mutating func fail(with failure: ScriptFailure) {
        while !isComplete { results.append(.failure(failure)) }
    }

    /// Has a process do the next payloads.
    ///
    /// - Returns: Whether the process can be used again; else it was ended.
    mutating func advance(_ process: RunnerProcess) -> Bool {
        let next = payloads[results.count]
        guard next.count <= limits.payloadBytes else {
            let text = "a payload of \(next.count) bytes, above the limit of \(limits.payloadBytes)"
            results.append(.failure(ScriptFailure(.tooLarge, text)))
            return true
        }
        let wasNew = process.served == 0
        let slice = nextSlice()
        let start = SystemClock.monotonicNanoseconds()
        let (found, end) = process.call(function, slice, bytes: budget.bytes)
        nanoseconds += max(SystemClock.monotonicNanoseconds() - start, 0)
        results += found.map(checked)
        resultBytes += found.reduce(0) { $0 + ((try? $1.get().count) ?? 0) }
        // Whether the payload without a result is the first one of this process.
        let isFirst = wasNew && found.isEmpty
        switch end {
        case .completed: return true
        case .enough: process.end()
        case .stopped(let failure):
            process.end()
            isSearching = false
            if isFirst || failure.category == .timeOut { results.append(.failure(failure)) }
        case .lost(let reason):
            let ending = process.end()
            if isFirst, slice.count == 1 {
                results.append(.failure(ScriptFailure(.crashed, "\(reason), and it \(ending)")))
            }
            isSearching = !(isFirst && slice.count == 1)
        }
        return false
    }

    /// The next payloads: as many as go into one request, or one while a culprit is searched for.
    private func nextSlice() -> ArraySlice<[UInt8]> {
        let start = results.count
        var end = start + 1
        guard !isSearching else { return payloads[start..<end] }
        var bytes = payloads[start].count
        while end < payloads.count, end - start < largestSlice {
            bytes += payloads[end].count
            guard bytes <= WireLimits.requestBytes, payloads[end].count <= limits.payloadBytes else { break }
            end += 1
        }
        return payloads[start..<end]
    }

    /// The most payloads of the next request: with a budget, as many as were done in the time that is left.
    private var largestSlice: Int {
        guard budget.nanoseconds < .max else { return WireLimits.payloads }
        guard !results.isEmpty else { return WireLimits.firstPayloads }
        let each = max(nanoseconds / Int64(results.count), 1)
        return min(max(Int((budget.nanoseconds - nanoseconds) / each), 1), WireLimits.payloads)
    }

    /// Turns a result that is too large, and a decoded payload that is not JSON, into a failure.
    ///
    /// The process checks sizes too, but it is not trusted with that.
    private func checked(_ result: Result<[UInt8], ScriptFailure>) -> Result<[UInt8], ScriptFailure> {
        guard case .success(let text) = result else { return result }
        guard text.count <= limits.resultBytes else {
            return .failure(
                ScriptFailure(
                    .tooLarge, "a result of \(text.count) bytes, above the limit of \(limits.resultBytes)"))
        }
        guard function == .decode else { return result }
        return text.withUnsafeBufferPointer { text in
            do throws(JSONFailure) {
                guard let base = text.baseAddress else { throw .malformed(offset: 0) }
                var scanner = JSONScanner(base: base, count: text.count)
                scanner.skipWhitespace()
                try scanner.skipValue()
                scanner.skipWhitespace()
                guard scanner.position == text.count else { throw scanner.malformed }
                return result
            } catch {
                let start = Excerpt.of(text)
                return .failure(ScriptFailure(.notJSON, "\"\(start)\" \(error)"))
            }
        }
    }
}
