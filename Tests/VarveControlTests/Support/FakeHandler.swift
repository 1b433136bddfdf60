// FakeHandler.swift — a service in memory that notes what it is asked to do, and fails or waits on demand.

import Synchronization
import VarveControl
import VarveModel
import VarveTestSupport

/// Carries out requests with a fake store.
final class FakeHandler: ControlHandler {
    struct State {
        var endedImports = 0
        var registryChanges = 0
        var flushes = 0
        var compactions = 0
        var deletions: [DeletionOrder] = []
        var typeChanges: [TypeChange] = []
    }

    let state = Mutex(State())
    /// Long calls wait as long as it is locked.
    let gate: Gate
    /// The store behind the service; commits pass the gate.
    let store: FakeStore

    init() {
        let gate = Gate()
        self.gate = gate
        store = FakeStore(before: { _ in gate.pass() })
    }

    let identity = ServiceIdentity(
        version: "9.8.7", processID: 4711, startedAt: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
    let brokerState = "running as process 5"
    let metrics = "# TYPE a counter\na 5\n"
    var lastCommit: UInt64 { store.withState { $0.commits } }
    var sink: any ImportSink { store }

    /// Makes all calls fail with this error; nil lets them work again.
    func fail(_ error: (any Error)?) { store.withState { $0.failure = error } }

    private func checked<T>(_ body: (inout State) throws -> T) throws -> T {
        if let failure = store.withState({ $0.failure }) { throw failure }
        return try state.withLock { try body(&$0) }
    }

    func registryChanged() throws {
        gate.pass()
        try checked { $0.registryChanges += 1 }
    }

    func importEnded() throws { try checked { $0.endedImports += 1 } }

    func flush() throws {
        gate.pass()
        try checked { $0.flushes += 1 }
    }

    func delete(_ order: DeletionOrder) throws -> DeletionReport {
        gate.pass()
        return try checked { state in
            state.deletions.append(order)
            var counts = DeletionReport()
            guard order.device != "empty" else { return counts }
            (counts.series, counts.samples, counts.commit) = (2, 1 << 40, 77)
            counts.from = order.range.from
            counts.to = order.range.to
            return counts
        }
    }

    func changeType(_ change: TypeChange, _ progress: (UInt64) -> Void) throws -> RetypingReport {
        progress(7)
        gate.pass()
        return try checked { state in
            state.typeChanges.append(change)
            var counts = RetypingReport()
            (counts.series, counts.samples, counts.converted) = (2, 1 << 40, (1 << 40) - 6)
            (counts.missing, counts.skipped, counts.unfit, counts.commit) = (1, 2, 3, 77)
            return counts
        }
    }

    func compact(_ progress: (UInt64, UInt64) -> Void) throws -> CompactionReport {
        progress(3, 10)
        gate.pass()
        return try checked { state in
            state.compactions += 1
            var counts = CompactionReport()
            (counts.segments, counts.samplesIn, counts.dropped) = (2, 10, 1)
            (counts.deleted, counts.bytesIn, counts.bytesOut, counts.kept) = (4, 1 << 40, 5, 6)
            return counts
        }
    }
}

/// A gate that a test closes and opens.
final class Gate: Sendable {
    private let isShut = Atomic<Bool>(false)
    private let waiting = Atomic<Int>(0)

    /// The number of threads that wait at the gate.
    var count: Int { waiting.load(ordering: .acquiring) }

    func shut() { isShut.store(true, ordering: .releasing) }
    func open() { isShut.store(false, ordering: .releasing) }

    func pass() {
        waiting.add(1, ordering: .acquiringAndReleasing)
        while isShut.load(ordering: .acquiring) { rest() }
        waiting.subtract(1, ordering: .acquiringAndReleasing)
    }
}
