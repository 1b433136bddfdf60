// BenchmarkThread.swift — a thread whose failure is thrown by `join`.

import Glibc

/// Runs one closure on a thread of its own.
final class BenchmarkThread: @unchecked Sendable {
    private let body: () throws -> Void
    private var handle = pthread_t()
    private var failure: (any Error)?

    init(_ body: @escaping () throws -> Void) { self.body = body }

    func start() throws {
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<BenchmarkThread>.fromOpaque(argument).takeUnretainedValue().run()
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        guard code == 0 else { throw HarnessError("cannot start a thread") }
    }

    /// Waits for the end of the thread, and throws what it threw.
    func join() throws {
        pthread_join(handle, nil)
        if let failure { throw failure }
    }

    private func run() {
        do { try body() } catch { failure = error }
    }
}
