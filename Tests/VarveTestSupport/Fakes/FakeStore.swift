// FakeStore.swift — a store in dictionaries: takes batches, counts as the contract says, reads ranges, fails on demand.
//
// Invariants:
// - A message with the content of an earlier one is a replay, unless it is to be applied again. Batches of an import are
//   applied each time.
// - A group that fails, and a batch that is refused, change no sample.

import Synchronization
package import VarveModel

/// A sink and source that keeps everything in memory, and fails or waits when a test wants it.
package final class FakeStore: ImportSink, SampleSource {
    /// The error of a disk that failed.
    package struct DiskFailure: Error, CustomStringConvertible {
        package let description = "no space left"

        package init() {}
    }

    /// An error that is the batch's own fault.
    package struct Refusal: BatchRefusal, CustomStringConvertible {
        package let refusesBatch = true
        package var description: String

        package init(_ description: String) { self.description = description }
    }

    package struct State {
        /// The type of each series.
        package var types: [SeriesKey: ValueType] = [:]
        /// The visible samples by time.
        package var samples: [SeriesKey: [Int64: Sample]] = [:]
        /// Every row that was applied, in order of arrival.
        package var rows: [SeriesKey: [Sample]] = [:]
        /// The groups that arrived and did not fail, with replays and refused batches.
        package var groups: [[SampleBatch]] = []
        /// How often an import began.
        package var imports = 0
        /// How many batches were applied.
        package var commits: UInt64 = 0
        /// How many messages were replays.
        package var replays = 0
        /// The error of every call; nil while the store works.
        package var failure: (any Error)?
        /// How many of the next groups fail with `DiskFailure`.
        package var failures = 0
        /// Numbers of the groups that fail with `DiskFailure`, counted from 1.
        package var failing: Set<Int> = []
        /// The text value that makes a batch refused; nil if no text does.
        package var refusedText: String?
        /// How many rows a piece of a read has at most.
        package var pieceRows = 100
        fileprivate var asked = 0
        fileprivate var messages: Set<[SeriesKey: SampleColumns]> = []
    }

    private let state = Mutex(State())
    private let beforeCommit: @Sendable ([SampleBatch]) -> Void
    private let afterCommit: @Sendable (Int) -> Void

    /// Makes an empty store.
    ///
    /// - Parameters:
    ///   - before: Called on the committing thread before anything is decided.
    ///   - after: Called on the committing thread with the number of groups taken so far.
    package init(
        before: @escaping @Sendable ([SampleBatch]) -> Void = { _ in },
        after: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        beforeCommit = before
        afterCommit = after
    }

    /// Reads or changes the state under its lock.
    package func withState<Result: Sendable>(
        _ body: (inout sending State) throws -> Result
    ) rethrows -> Result {
        try state.withLock { try body(&$0) }
    }

    /// The batches of all groups that did not fail.
    package var batches: [SampleBatch] { state.withLock { $0.groups.flatMap { $0 } } }

    package var imports: Int { state.withLock { $0.imports } }

    /// The visible samples of a series, in time order.
    package func samples(_ key: SeriesKey) -> [Sample] {
        state.withLock { state in
            (state.samples[key] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
    }

    package func samples(_ device: String, _ point: String, product: String = "P") -> [Sample] {
        samples(SeriesKey(product: product, device: device, point: point))
    }

    /// The rows of a series that were applied, in order of arrival.
    package func rows(_ device: String, _ point: String, product: String = "P") -> [Sample] {
        let key = SeriesKey(product: product, device: device, point: point)
        return state.withLock { $0.rows[key] ?? [] }
    }

    /// The whole content, for comparing two stores.
    package var content: [SeriesKey: [Sample]] {
        state.withLock { state in
            state.samples.mapValues { $0.sorted { $0.key < $1.key }.map(\.value) }
        }
    }

    private func checked<T>(_ body: (inout State) throws -> T) throws -> T {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return try body(&state)
        }
    }
}

// MARK: - Sink

extension FakeStore {
    package func storedType(of key: SeriesKey) throws -> ValueType? { try checked { $0.types[key] } }

    package func beginImport() throws { try checked { $0.imports += 1 } }

    package func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        try commit(group: [batch])[0].get()
    }

    package func commit(group: [SampleBatch]) -> [Result<BatchOutcome, any Error>] {
        beforeCommit(group)
        let (results, count) = state.withLock { state in
            state.asked += 1
            var failure = state.failure
            if state.failures > 0 || state.failing.contains(state.asked) {
                state.failures = max(0, state.failures - 1)
                failure = failure ?? DiskFailure()
            }
            if let failure { return (group.map { _ in Self.failed(failure) }, -1) }
            state.groups.append(group)
            return (group.map { batch in Result { try Self.commit(batch, to: &state) } }, state.groups.count)
        }
        if count > 0 { afterCommit(count) }
        return results
    }

    package func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try checked { state in
            var copy = state
            return BatchOutcome(receipt: Self.apply(batch, to: &copy), isReplay: false, commit: state.commits)
        }
    }

    private static func failed(_ error: any Error) -> Result<BatchOutcome, any Error> { .failure(error) }

    private static func commit(_ batch: SampleBatch, to state: inout State) throws -> BatchOutcome {
        if let text = state.refusedText {
            for rows in batch.series {
                for index in 0..<rows.columns.count
                where rows.columns.sample(index, type: rows.type).value == .string(text) {
                    throw Refusal("the text is \(text)")
                }
            }
        }
        let content = Dictionary(batch.series.map { ($0.key, $0.columns) }) { first, _ in first }
        if batch.part == nil, !state.messages.insert(content).inserted, !batch.reapply {
            state.replays += 1
            var receipt = Receipt()
            receipt.replayed = UInt64(batch.series.reduce(0) { $0 + $1.columns.count })
            return BatchOutcome(receipt: receipt, isReplay: true, commit: state.commits)
        }
        state.commits += 1
        return BatchOutcome(receipt: apply(batch, to: &state), isReplay: false, commit: state.commits)
    }

    private static func apply(_ batch: SampleBatch, to state: inout State) -> Receipt {
        var receipt = Receipt()
        for rows in batch.series {
            state.types[rows.key] = rows.type
            var samples = state.samples.removeValue(forKey: rows.key) ?? [:]
            for index in 0..<rows.columns.count {
                let sample = rows.columns.sample(index, type: rows.type)
                state.rows[rows.key, default: []].append(sample)
                receipt.include(sample.time)
                switch samples[sample.time.nanoseconds] {
                case nil: receipt.accepted += 1
                case sample?: receipt.identical += 1
                default:
                    if rows.policy == .first {
                        receipt.superseded += 1
                        continue
                    }
                    receipt.corrected += 1
                }
                samples[sample.time.nanoseconds] = sample
            }
            state.samples[rows.key] = samples
        }
        return receipt
    }
}

// MARK: - Source

extension FakeStore {
    package func series() throws -> [SeriesInfo] {
        try checked { $0.types.map { SeriesInfo(key: $0.key, type: $0.value) } }.sorted { $0.key < $1.key }
    }

    package func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let type = try storedType(of: key) else { return }
        var found = samples(key).filter { range.contains($0.time) }
        if order == .descending { found.reverse() }
        let step = state.withLock { $0.pieceRows }
        for start in stride(from: 0, to: found.count, by: step) {
            var columns = SampleColumns(type: type)
            for sample in found[start..<min(start + step, found.count)] { columns.append(sample) }
            guard try body(columns) else { return }
        }
    }
}
