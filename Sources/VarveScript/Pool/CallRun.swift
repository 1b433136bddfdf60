// CallRun.swift — the payloads of one call on their way through one process after another.
//
// Invariants:
// - Each `advance` ends a payload, or ends a process that was not new, or begins to send payloads one by one. So the run
//   ends.

import VarveText

/// A call that is being carried out.
struct CallRun {
    private let function: ScriptFunction
    private let payloads: [[UInt8]]
    private let limits: ScriptLimits
    private(set) var results: [Result<[UInt8], ScriptFailure>] = []
    /// Whether a process ended for an unknown reason, so that payloads go one by one until the cause is found.
    private var isSearching = false

    init(_ function: ScriptFunction, _ payloads: [[UInt8]], _ limits: ScriptLimits) {
        self.function = function
        self.payloads = payloads
        self.limits = limits
        results.reserveCapacity(payloads.count)
    }

    var isComplete: Bool { results.count == payloads.count }

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
        let (found, end) = process.call(function, slice)
        results += found.map(checked)
        // Whether the payload without a result is the first one of this process.
        let isFirst = wasNew && found.isEmpty
        switch end {
        case .completed: return true
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
        while end < payloads.count, end - start < WireLimits.payloads {
            bytes += payloads[end].count
            guard bytes <= WireLimits.requestBytes, payloads[end].count <= limits.payloadBytes else { break }
            end += 1
        }
        return payloads[start..<end]
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
