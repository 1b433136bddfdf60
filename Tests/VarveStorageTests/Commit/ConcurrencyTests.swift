// ConcurrencyTests.swift — writers, readers, merges, deletions and changes of a type at once; Tools/sanitize runs it
// too, to find races.

import Dispatch
import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveStorage

@Suite struct ConcurrencyTests {
    private static let rounds = 60

    private static func key(_ writer: Int) -> SeriesKey {
        SeriesKey(product: "p", device: "d\(writer)", point: "x")
    }

    /// Sample `round` of a writer, and a correction of the one before.
    private static func batch(_ writer: Int, _ round: Int) -> SampleBatch {
        let times = round == 0 ? [0] : [round - 1, round]
        let samples = times.map {
            Sample(time: Timestamp(nanoseconds: Int64($0)), value: .int64(Int64(round)), quality: nil)
        }
        return SampleBatch(series: [SeriesRows(key(writer), .int64, samples)])
    }

    /// What a writer's series shows: every sample but the last was corrected in the round after it.
    private static func isWhole(_ samples: [Sample]) -> Bool {
        for (index, sample) in samples.enumerated() {
            let time = Int64(index)
            let isLast = index == samples.count - 1
            let value = isLast ? time : time + 1
            guard sample.time.nanoseconds == time, sample.value == .int64(value) else { return false }
        }
        return true
    }

    @Test("two writers, two readers and upkeep at once: each read is of one state, and nothing is lost")
    func together() throws {
        let directory = try TemporaryDirectory()
        var options = StoreOptions()
        options.memtableBytes = 16 << 10
        let store = try Store.open(directory.path, options: options)
        let gone = SeriesKey(product: "p", device: "gone", point: "x")
        let failures = Mutex<[String]>([])
        let running = Atomic(2)
        DispatchQueue.concurrentPerform(iterations: 5) { role in
            do {
                switch role {
                case 0, 1:
                    for round in 0..<Self.rounds {
                        let outcome = try store.commit(Self.batch(role, round))
                        if outcome.receipt.accepted != 1 { failures.withLock { $0.append("\(outcome)") } }
                    }
                    running.subtract(1, ordering: .relaxed)
                case 2, 3:
                    while running.load(ordering: .relaxed) > 0 {
                        let snapshot = store.snapshot()
                        let past = try snapshot.asOf(commit: snapshot.commit / 2)
                        for writer in 0..<2 {
                            for state in [snapshot, past] {
                                let samples = try state.samples(Self.key(writer), .int64)
                                if !Self.isWhole(samples) { failures.withLock { $0.append("\(samples)") } }
                            }
                        }
                    }
                default:
                    var round: Int64 = 0
                    while running.load(ordering: .relaxed) > 0 {
                        let sample = Sample(time: Timestamp(nanoseconds: round), value: .bool(true))
                        _ = try store.commit(SampleBatch(series: [SeriesRows(gone, .bool, [sample])]))
                        try store.flush()
                        _ = try store.delete([gone], in: .all)
                        _ = try store.compact()
                        round += 1
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
                if role < 2 { running.subtract(1, ordering: .relaxed) }
            }
        }
        #expect(failures.withLock { $0 } == [])
        for writer in 0..<2 {
            let samples = try store.snapshot().samples(Self.key(writer), .int64)
            #expect(samples.count == Self.rounds && Self.isWhole(samples))
        }
        #expect(try store.snapshot().samples(gone, .bool).isEmpty)
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("a point changes its type to and fro under readers and a writer: each read is of one type, whole")
    func retyping() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for round in 0..<Self.rounds { _ = try store.commit(Self.batch(0, round)) }
        let numbers = try store.snapshot().samples(Self.key(0), .int64)
        let texts = numbers.map {
            Sample(time: $0.time, value: .string("\($0.value.map { Int64(bitPattern: $0.bits) } ?? -1)"))
        }
        let other = SeriesKey(product: "p", device: "d0", point: "y")
        let failures = Mutex<[String]>([])
        let running = Atomic(true)
        DispatchQueue.concurrentPerform(iterations: 4) { role in
            do {
                switch role {
                case 0:
                    defer { running.store(false, ordering: .relaxed) }
                    for round in 0..<20 {
                        let type: ValueType = round % 2 == 0 ? .string : .int64
                        let report = try store.retype(Retyping(products: ["p"], point: "x", to: type))
                        if report.converted != UInt64(Self.rounds) {
                            failures.withLock { $0.append("\(report)") }
                        }
                        if round % 5 == 0 { _ = try store.compact() }
                    }
                case 1:
                    var round: Int64 = 0
                    while running.load(ordering: .relaxed) {
                        let sample = Sample(time: Timestamp(nanoseconds: round), value: .bool(true))
                        _ = try store.commit(SampleBatch(series: [SeriesRows(other, .bool, [sample])]))
                        round += 1
                    }
                default:
                    while running.load(ordering: .relaxed) {
                        let snapshot = store.snapshot()
                        let series = snapshot.series(ofDevices: ["d0"]).filter { $0.key == Self.key(0) }
                        let type = series.first?.type ?? .json
                        let samples = try snapshot.samples(Self.key(0), type)
                        let isRight = samples == (type == .string ? texts : numbers)
                        if series.count != 1 || !isRight {
                            failures.withLock { $0.append("\(series) \(samples)") }
                        }
                    }
                }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(try store.snapshot().samples(Self.key(0), .int64) == numbers)
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }
}
