// LongCall.swift — a call that may take long, with signs of life while it runs.
//
// Invariants:
// - `run` returns only after the call has, so what the call uses is free again.

import Synchronization
import VarvePlatform

/// Runs calls on a thread of their own.
enum LongCall {
    private final class Answer<Value: Sendable>: Sendable {
        let value = Mutex<Result<Value, any Error>?>(nil)
        let signal = Signal()
    }

    /// Runs a call and, at this interval until it has ended, `sign`.
    ///
    /// - Throws: What the call throws, or what `sign` throws. After `sign` has thrown it is not called again.
    static func run<Value: Sendable>(
        signEvery seconds: Double, _ call: @escaping @Sendable () throws -> Value, sign: () throws -> Void
    ) throws -> Value {
        let answer = Answer<Value>()
        let thread = try WorkerThread {
            let result = Result { try call() }
            answer.value.withLock { $0 = result }
            answer.signal.set()
        }
        defer { thread.join() }
        var failure: (any Error)?
        while !answer.signal.wait(seconds: seconds) {
            guard failure == nil else { continue }
            do { try sign() } catch { failure = error }
        }
        if let failure { throw failure }
        guard let result = answer.value.withLock({ $0 }) else {
            throw ControlError(.failed, "the call ended without a result")
        }
        return try result.get()
    }
}
