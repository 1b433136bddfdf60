// FakeSink.swift — a store in dictionaries that fails or waits when a test wants it.

import Synchronization
import VarveModel

/// Takes batches; the same content again is a replay.
final class FakeSink: SampleSink {
    /// An error that is the batch's own fault.
    struct Refusal: BatchRefusal, CustomStringConvertible {
        var refusesBatch: Bool { true }
        var description: String { "the text is too long" }
    }

    /// The disk failed.
    struct DiskFailure: Error, CustomStringConvertible {
        var description: String { "no space left" }
    }

    struct State {
        var groups: [[SampleBatch]] = []
        var samples: [SeriesKey: [Sample]] = [:]
        var seen: Set<[String]> = []
        var replays = 0
        /// How many of the next groups fail.
        var failures = 0
        /// Numbers of the groups that fail, counted from 1.
        var failing: Set<Int> = []
        var asked = 0
        /// The text value that makes a batch refused; nil for none.
        var refusedText: String?
    }

    let state = Mutex(State())
    private let beforeCommit: @Sendable ([SampleBatch]) -> Void
    private let afterCommit: @Sendable (Int) -> Void

    /// Makes an empty store.
    ///
    /// - Parameters:
    ///   - before: Called on the committing thread before anything is decided.
    ///   - after: Called on the committing thread with the number of groups taken so far.
    init(
        before: @escaping @Sendable ([SampleBatch]) -> Void = { _ in },
        after: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        beforeCommit = before
        afterCommit = after
    }

    var batches: [SampleBatch] { state.withLock { $0.groups.flatMap { $0 } } }

    func samples(_ device: String, _ point: String, product: String = "P") -> [Sample] {
        let key = SeriesKey(product: product, device: device, point: point)
        return state.withLock { $0.samples[key] ?? [] }
    }

    func storedType(of key: SeriesKey) throws -> ValueType? { nil }

    func beginImport() throws {}

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome { try commit(group: [batch])[0].get() }

    func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        beforeCommit(group)
        let (results, count) = state.withLock { state in
            state.asked += 1
            if state.failures > 0 || state.failing.contains(state.asked) {
                state.failures = max(0, state.failures - 1)
                return (group.map { _ in Result<BatchOutcome, any Error>.failure(DiskFailure()) }, -1)
            }
            state.groups.append(group)
            return (group.map { Self.apply($0, to: &state) }, state.groups.count)
        }
        if count > 0 { afterCommit(count) }
        return results
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome { throw DiskFailure() }

    private static func apply(_ batch: SampleBatch, to state: inout State) -> Result<BatchOutcome, any Error>
    {
        var receipt = Receipt()
        var content: [String] = []
        var samples: [(SeriesKey, [Sample])] = []
        for rows in batch.series {
            let list = (0..<rows.columns.count).map { rows.columns.sample($0, type: rows.type) }
            if let refused = state.refusedText, list.contains(where: { $0.value == .string(refused) }) {
                return .failure(Refusal())
            }
            receipt.accepted += UInt64(list.count)
            content.append("\(rows.key) \(list)")
            samples.append((rows.key, list))
        }
        let isNew = state.seen.insert(content.sorted()).inserted
        if !isNew, !batch.reapply {
            state.replays += 1
            (receipt.replayed, receipt.accepted) = (receipt.accepted, 0)
            return .success(BatchOutcome(receipt: receipt, isReplay: true, commit: 1))
        }
        for (key, list) in samples { state.samples[key, default: []] += list }
        return .success(BatchOutcome(receipt: receipt, isReplay: false, commit: 1))
    }
}
