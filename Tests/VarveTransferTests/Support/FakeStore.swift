// FakeStore.swift — a store held in a dictionary: takes batches, counts as the contract says, reads ranges.

import Synchronization
import VarveModel
import VarveTestSupport

/// A sink and source that keeps everything in memory.
final class FakeStore: SampleSink, SampleSource {
    struct State {
        var types: [SeriesKey: ValueType] = [:]
        var samples: [SeriesKey: [Int64: Sample]] = [:]
        var batches: [SampleBatch] = []
        var imports = 0
        var commits: UInt64 = 0
        var failsAtBatch: UInt32?
    }

    /// The error of `commit` if a test makes it fail.
    struct Refusal: Error, Equatable {}

    let state = Mutex(State())

    var batches: [SampleBatch] { state.withLock { $0.batches } }
    var imports: Int { state.withLock { $0.imports } }

    func samples(_ key: SeriesKey) -> [Sample] {
        state.withLock { state in
            (state.samples[key] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
    }

    func samples(_ device: String, _ point: String, product: String = "P") -> [Sample] {
        samples(SeriesKey(product: product, device: device, point: point))
    }

    /// The whole content, for comparing two stores.
    var content: [SeriesKey: [Sample]] {
        state.withLock { state in
            state.samples.mapValues { $0.sorted { $0.key < $1.key }.map(\.value) }
        }
    }

    func storedType(of key: SeriesKey) throws -> ValueType? { state.withLock { $0.types[key] } }

    func beginImport() throws { state.withLock { $0.imports += 1 } }

    func commit(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return try state.withLock { state in
            if let part = batch.part, part.index == state.failsAtBatch { throw Refusal() }
            state.batches.append(batch)
            state.commits += 1
            return BatchOutcome(
                receipt: Self.apply(batch, to: &state), isReplay: false, commit: state.commits)
        }
    }

    func assess(_ batch: consuming SampleBatch) throws -> BatchOutcome {
        let batch = batch
        return state.withLock { state in
            var copy = state
            return BatchOutcome(receipt: Self.apply(batch, to: &copy), isReplay: false, commit: state.commits)
        }
    }

    private static func apply(_ batch: SampleBatch, to state: inout State) -> Receipt {
        var receipt = Receipt()
        for rows in batch.series {
            state.types[rows.key] = rows.type
            var samples = state.samples.removeValue(forKey: rows.key) ?? [:]
            for index in 0..<rows.columns.count {
                let sample = rows.columns.sample(index, type: rows.type)
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

    func series() throws -> [SeriesInfo] {
        state.withLock { $0.types.map { SeriesInfo(key: $0.key, type: $0.value) } }.sorted { $0.key < $1.key }
    }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let type = try storedType(of: key) else { return }
        var found = samples(key).filter { range.contains($0.time) }
        if order == .descending { found.reverse() }
        var index = 0
        while index < found.count {
            var columns = SampleColumns(type: type)
            for sample in found[index..<min(index + 100, found.count)] { columns.append(sample) }
            index += 100
            if try !body(columns) { return }
        }
    }
}
