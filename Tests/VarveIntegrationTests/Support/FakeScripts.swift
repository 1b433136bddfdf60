// FakeScripts.swift — scripts as functions of a test.

import Synchronization
import VarveScript

/// Calls functions of the test instead of scripts.
final class FakeScripts: PayloadScripts {
    typealias Function = @Sendable ([UInt8]) -> Result<[UInt8], ScriptFailure>

    private let decode: Function
    private let encode: Function
    private let most: Int
    private let calls = Mutex<[String]>([])
    private let failure = Mutex<(any Error)?>(nil)

    /// - Parameters:
    ///   - most: The most results of a call.
    ///   - decode: Makes JSON of a payload.
    ///   - encode: Makes bytes of an answer.
    init(most: Int = .max, decode: @escaping Function, encode: @escaping Function = { .success($0) }) {
        self.most = most
        self.decode = decode
        self.encode = encode
    }

    /// The calls so far: the function, the product and the number of payloads.
    var log: [String] { calls.withLock { $0 } }

    /// Makes every call fail with an error; nil to make them work again.
    func fail(with error: (any Error)?) { failure.withLock { $0 = error } }

    func call(
        _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]],
        within budget: CallBudget
    ) throws -> [Result<[UInt8], ScriptFailure>] {
        calls.withLock { $0.append("\(function) \(product) \(payloads.count)") }
        if let error = failure.withLock({ $0 }) { throw error }
        var results: [Result<[UInt8], ScriptFailure>] = []
        var bytes = 0
        for payload in payloads.prefix(most) where results.isEmpty || bytes < budget.bytes {
            let result = function == .decode ? decode(payload) : encode(payload)
            bytes += (try? result.get().count) ?? 0
            results.append(result)
        }
        return results
    }
}
