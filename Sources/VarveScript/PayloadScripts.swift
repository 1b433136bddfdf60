// PayloadScripts.swift — scripts by the names of products, for callers that do not know where scripts are kept.

import Synchronization
import VarvePlatform

/// Has payloads of products decoded, and answers encoded.
public protocol PayloadScripts: Sendable {
    /// Calls a function of a product's script for payloads.
    ///
    /// Blocks until the results are there. Several threads may call it at once, each for another product.
    ///
    /// - Returns: Entries for the first payloads, at least for one if there are any: the result, or the reason why there
    ///   is none. There are fewer than payloads if the budget was used up.
    /// - Throws: Errors that neither the script nor a payload caused: `LaunchFailure` if no process can be started, and
    ///   others if the script cannot be read.
    func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]],
        within budget: CallBudget
    ) throws -> [Result<[UInt8], ScriptFailure>]
}

/// The scripts that a function returns, run by a pool; a script that takes too long is refused for a while.
public final class ProductScripts: PayloadScripts {
    /// How long a script took lately.
    private struct Paced {
        var text: String
        var pace = ScriptPace()
    }

    private let pool: ScriptPool
    private let text: @Sendable (String) throws -> String?
    /// By product, only scripts that are slow or were refused; and what all scripts have taken beyond their allowances.
    private let paced = Mutex<(scripts: [String: Paced], total: Int64)>(([:], 0))

    /// - Parameters:
    ///   - pool: Runs the scripts.
    ///   - text: Returns the current script of a product, or nil if the product has no script. It is called for each call.
    public init(_ pool: ScriptPool, text: @escaping @Sendable (String) throws -> String?) {
        self.pool = pool
        self.text = text
    }

    /// Calls a function of a product's script for each payload; see `PayloadScripts`.
    ///
    /// - Throws: `LaunchFailure`, and what the function that tells scripts throws.
    public func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]],
        within budget: CallBudget = CallBudget()
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        guard let text = try text(product) else {
            let failure = ScriptFailure(.noScript, "the product has no script: set one with varve script set")
            return payloads.map { _ in .failure(failure) }
        }
        let pace = paced.withLock { paced in
            // A new text gets a new chance.
            paced.scripts[product].flatMap { $0.text == text ? $0.pace : nil } ?? ScriptPace()
        }
        var budget = budget
        switch pace.allowance(now: SystemClock.monotonicNanoseconds()) {
        case .refused(let nanoseconds):
            let seconds = nanoseconds / 1_000_000_000 + 1
            let failure = ScriptFailure(
                .refused,
                "the script took too long too often: it is not called for \(seconds) s; send again later")
            return payloads.map { _ in .failure(failure) }
        case .allowed(let nanoseconds): budget.nanoseconds = min(budget.nanoseconds, nanoseconds)
        }
        let script = ParsingScript(product: product, text: text)
        let (results, nanoseconds) = try pool.call(function, of: script, payloads, within: budget)
        let now = SystemClock.monotonicNanoseconds()
        paced.withLock { paced in
            let total = paced.total
            let others = paced.scripts.count {
                $0.key != product && $0.value.pace.debt(now: now, total: total) > 0
            }
            var pace = pace
            pace.note(
                nanoseconds: nanoseconds, payloads: results.count, now: now, total: &paced.total,
                others: others)
            paced.scripts[product] = pace.isForgotten ? nil : Paced(text: text, pace: pace)
        }
        return results
    }
}
