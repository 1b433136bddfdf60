// FakeHandler.swift — a service in memory that stores what it gets, and fails or waits on demand.

import Synchronization
import VarveControl
import VarveModel

/// Carries out requests without a store.
final class FakeHandler: ControlHandler, SampleSink {
    struct State {
        var batches: [SampleBatch] = []
        var types: [SeriesKey: ValueType] = [:]
        var imports = 0
        var endedImports = 0
        var registryChanges = 0
        var flushes = 0
        var compactions = 0
        var deletions: [DeletionOrder] = []
        var typeChanges: [TypeChange] = []
        var failure: (any Error)?
    }

    struct DiskFailure: Error, CustomStringConvertible { let description = "the disk\nis full" }

    struct Refusal: Error, BatchRefusal, CustomStringConvertible {
        let refusesBatch = true
        let description = "point p holds double values"
    }

    let state = Mutex(State())
    /// Long calls wait as long as it is locked.
    let gate = Gate()

    let identity = ServiceIdentity(
        version: "9.8.7", processID: 4711, startedAt: Timestamp(nanoseconds: 1_700_000_000_000_000_000))
    let brokerState = "running as process 5"
    let metrics = "# TYPE a counter\na 5\n"
    var lastCommit: UInt64 { state.withLock { UInt64($0.batches.count) } }
    var sink: any SampleSink { self }

    private func checked<T>(_ body: (inout State) throws -> T) throws -> T {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }

    func registryChanged() throws {
        gate.pass()
        try checked { $0.registryChanges += 1 }
    }

    func importEnded() throws { try checked { $0.endedImports += 1 } }
    func beginImport() throws { try checked { $0.imports += 1 } }
    func storedType(of key: SeriesKey) throws -> ValueType? { try checked { $0.types[key] } }

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

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        gate.pass()
        return try checked { state in
            state.batches.append(batch)
            return Self.outcome(batch, UInt64(state.batches.count))
        }
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try checked { Self.outcome(batch, UInt64($0.batches.count)) }
    }

    private static func outcome(_ batch: SampleBatch, _ commit: UInt64) -> BatchOutcome {
        var receipt = Receipt()
        receipt.accepted = UInt64(batch.series.reduce(0) { $0 + $1.columns.count })
        for time in batch.series.flatMap(\.columns.times) { receipt.include(Timestamp(nanoseconds: time)) }
        return BatchOutcome(receipt: receipt, isReplay: batch.reapply, commit: commit)
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
