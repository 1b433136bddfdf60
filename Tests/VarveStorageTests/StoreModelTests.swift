// StoreModelTests.swift — random histories against the oracle.
//
// Invariants checked: receipts, all reads in both directions, and the number of samples agree with the model after
// every step, with flushes, compactions and openings in between. `verify --deep` finds no damage.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveSegment
@testable import VarveStorage

@Suite struct StoreModelTests {
    private static let types: [ValueType] = [.double, .int64, .bool, .string, .json]

    @Test("random histories agree with the model", arguments: 1...12)
    func randomHistory(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        var options = StoreOptions()
        // Every third seed keeps no versions: then a state of the past is right or refused.
        if seed % 3 == 0 { options.history = 0 }
        var store = try Store.open(directory.path, options: options)
        var model = ModelStore()
        for step in 0..<40 {
            defer { model.note(store.snapshot().commit) }
            switch Int.random(in: 0..<10, using: &random) {
            case 0: try store.flush()
            case 1: _ = try store.compact()
            case 2:
                try store.close()
                store = try Store.open(directory.path, options: options)
            case 3: store = try Self.crash(store, directory, options)
            case 4:
                let keys = Set((0..<7).shuffled(using: &random).prefix(2).map(Self.key))
                let range = Self.range(&random)
                let expected = model.delete(keys, in: range)
                let assessed = try store.snapshot().assessDeletion(of: Array(keys), in: range)
                let report = try store.delete(Array(keys), in: range)
                #expect(report.samples == UInt64(expected.values.reduce(0, +)), "seed \(seed), step \(step)")
                #expect(report.series == expected.count && assessed.samples == report.samples)
                #expect(assessed.from == report.from && assessed.to == report.to)
            case 5 where step % 3 == 0:
                let keys = Set((0..<7).shuffled(using: &random).prefix(2).map(Self.key))
                let time = Timestamp(nanoseconds: Int64.random(in: 0...9_000, using: &random) * 1_000_000)
                let gone = model.expire(keys, before: time)
                let report = try store.expire(Array(keys), keeping: .from(time))
                #expect(report.samples == UInt64(gone), "seed \(seed), step \(step)")
            default:
                let batch = Self.batch(&random)
                let expected = model.apply(batch.map { ($0.key, $0.policy, $0.rows) })
                let rows = batch.map { SeriesRows($0.key, $0.type, policy: $0.policy, $0.rows) }
                let outcome = try store.commit(SampleBatch(series: rows))
                #expect(outcome.receipt == expected, "seed \(seed), step \(step)")
            }
            try Self.compare(store, model, &random, "seed \(seed), step \(step)")
            try Self.compareStates(store, model, &random, options, "seed \(seed), step \(step)")
        }
        let report = try Store.verify(directory.path, deep: true)
        #expect(report.damage.isEmpty, "seed \(seed)")
    }

    /// Leaves the store as a crash would: not closed, its WAL not sealed.
    private static func crash(
        _ store: Store, _ directory: TemporaryDirectory, _ options: StoreOptions
    ) throws -> Store {
        let copy = try directory.copy()
        try store.close()
        for name in try directory.fileNames() { try directory.files.remove("\(directory.path)/\(name)") }
        for name in try copy.fileNames() { try directory.write(try copy.bytes(name), name) }
        return try Store.open(directory.path, options: options)
    }

    private static func batch(
        _ random: inout SeededGenerator
    ) -> [(key: SeriesKey, type: ValueType, policy: DuplicatePolicy, rows: [Sample])] {
        let count = Int.random(in: 1...3, using: &random)
        let devices = (0..<7).shuffled(using: &random).prefix(count)
        return devices.map { number in
            if number == 6 { return (key(number), .json, .every, occurrences(&random)) }
            let type = types[number % types.count]
            let policy: DuplicatePolicy = number == 5 ? .first : .last
            let isLarge = Int.random(in: 0..<8, using: &random) == 0
            let size = isLarge ? 9000 : Int.random(in: 1...20, using: &random)
            return (key(number), type, policy, rows(type, size, &random))
        }
    }

    private static func key(_ number: Int) -> SeriesKey {
        SeriesKey(product: "p", device: "d\(number)", point: "x")
    }

    private static func range(_ random: inout SeededGenerator) -> TimeRange {
        let from = Timestamp(nanoseconds: Int64.random(in: 0...40_000, using: &random) * 1_000_000)
        let length = Int64.random(in: 0...9_000_000_000, using: &random)
        return TimeRange(from: from, to: Timestamp(nanoseconds: from.nanoseconds + length))
    }

    private static func rows(_ type: ValueType, _ size: Int, _ random: inout SeededGenerator) -> [Sample] {
        let start = Int64.random(in: 0...30, using: &random) * 1000
        return (0..<size).map { index in
            // Half of the times in order, half anywhere: repeats inside a message and late rows both happen.
            let step = size > 20 ? Int64(index) : Int64.random(in: 0...12_000, using: &random)
            let time = Timestamp(nanoseconds: (start + step) * 1_000_000)
            let quality: Int32? = Int.random(in: 0..<20, using: &random) == 0 ? 7 : nil
            if Int.random(in: 0..<30, using: &random) == 0 {
                return Sample(time: time, value: nil, quality: 1)
            }
            return Sample(time: time, value: value(type, &random), quality: quality)
        }
    }

    /// Rows of an event at few times, with repeats and unsorted arrays.
    private static func occurrences(_ random: inout SeededGenerator) -> [Sample] {
        let contents = ["1", "10", "\"b\"", "{\"a\":1}", "{\"a\":-1}", "[]", "null", "\"日本\""]
        return (0..<Int.random(in: 1...12, using: &random)).map { _ in
            let some = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                contents.randomElement(using: &random) ?? ""
            }
            return Sample(
                time: Timestamp(nanoseconds: Int64.random(in: 0...40, using: &random) * 1_000_000_000),
                value: .json("[" + some.joined(separator: ",") + "]"))
        }
    }

    private static func value(_ type: ValueType, _ random: inout SeededGenerator) -> Value {
        switch type {
        case .double:
            let special = [0.0, -0.0, .nan, .infinity, Double(bitPattern: 0x7FF8_0000_0000_1234)]
            return .double(
                Int.random(in: 0..<10, using: &random) == 0
                    ? special.randomElement(using: &random) ?? 0
                    : Double(Int.random(in: 0...50, using: &random)) / 10)
        case .int64:
            return .int64(Bool.random(using: &random) ? .random(in: .min ... .max, using: &random) : 5)
        case .bool: return .bool(Bool.random(using: &random))
        case .string: return .string(["", "Rest", "CC Chg", "日本"].randomElement(using: &random) ?? "")
        case .json: return .json("[\(Int.random(in: 0...3, using: &random))]")
        }
    }

    private static func compare(
        _ store: Store, _ model: ModelStore, _ random: inout SeededGenerator, _ place: String
    ) throws {
        let snapshot = store.snapshot()
        var total = 0
        for info in snapshot.series() {
            let expected = model.read(info.key)
            total += expected.count
            #expect(try snapshot.samples(info.key, info.type) == expected, "\(place), \(info.key)")
            let range = Self.range(&random)
            let some = model.read(info.key, in: range)
            #expect(try snapshot.samples(info.key, info.type, in: range) == some, "\(place), \(info.key)")
            #expect(
                try snapshot.samples(info.key, info.type, in: range, order: .descending) == some.reversed(),
                "\(place), \(info.key)")
            try compareCounts(snapshot, info, expected, place)
        }
        #expect(total == model.samples.values.reduce(0) { $0 + $1.count }, "\(place)")
        #expect(try store.statistics().samples == UInt64(total), "\(place)")
    }

    /// Checks that states of the past are unchanged, apart from samples deleted since.
    private static func compareStates(
        _ store: Store, _ model: ModelStore, _ random: inout SeededGenerator, _ options: StoreOptions,
        _ place: String
    ) throws {
        let snapshot = store.snapshot()
        for commit in model.states.keys.sorted().shuffled(using: &random).prefix(1) {
            let samples = model.states[commit] ?? [:]
            guard options.history > 0 || commit >= snapshot.view.manifest.historyFrom else {
                #expect(throws: StorageError.self) { try snapshot.asOf(commit: commit) }
                continue
            }
            let past = try snapshot.asOf(commit: commit)
            for info in past.series() {
                let expected = (samples[info.key] ?? [:]).values.sorted { $0.time < $1.time }
                let shown = try past.samples(info.key, info.type)
                #expect(shown == expected, "\(place), \(info.key) as of \(commit)")
                try compareCounts(past, info, expected, "\(place) as of \(commit)")
            }
        }
    }

    /// Counts come from statistics where these suffice, which is not so for blocks with deleted samples.
    private static func compareCounts(
        _ snapshot: StoreSnapshot, _ info: SeriesInfo, _ expected: [Sample], _ place: String
    ) throws {
        let count = expected.filter { sample in
            guard case .double(let number)? = sample.value else { return sample.value != nil }
            return !number.isNaN
        }.count
        var counted: AggregateValue?
        try snapshot.aggregate(info, AggregateRequest([.count], over: .whole, in: .all)) { row in
            counted = row.values.first
            return true
        }
        #expect(counted == (count == 0 ? nil : .integer(Int128(count))), "\(place), \(info.key)")
    }
}
