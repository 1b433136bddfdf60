// StoreAggregateTests.swift — aggregates of random stores: from statistics, from decoded values, from samples.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveQuery
@testable import VarveSegment
@testable import VarveStorage

/// The same state of a store, known only by its samples.
private struct SamplesOnly: AggregateSource {
    let snapshot: StoreSnapshot

    func series() -> [SeriesInfo] { snapshot.series() }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws { try snapshot.read(key, in: range, order: order, body) }
}

@Suite struct StoreAggregateTests {
    private static let minute: Int64 = 60_000_000_000
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func rows(
        _ source: some AggregateSource, _ type: ValueType, _ request: AggregateRequest
    ) throws -> [AggregateRow] {
        var rows: [AggregateRow] = []
        try source.aggregate(SeriesInfo(key: key, type: type), request) {
            rows.append($0)
            return true
        }
        return rows
    }

    private static func filledRows(
        _ source: some AggregateSource, _ type: ValueType, _ fill: Fill, _ request: AggregateRequest
    ) throws -> [AggregateRow] {
        try source.filledRows(fill, of: SeriesInfo(key: key, type: type), request)
    }

    /// NaN equals NaN here, and −0 does not equal +0.
    private static func bits(_ rows: [AggregateRow]) -> [String] {
        rows.map { row in
            "\(row.start):"
                + row.values.map { value in
                    if case .double(let number) = value {
                        return number.isNaN ? "nan" : String(number.bitPattern, radix: 16)
                    }
                    return "\(value)"
                }.joined(separator: ",")
        }
    }

    private static func value(_ type: ValueType, _ style: Int, _ random: inout SeededGenerator) -> Value {
        switch type {
        case .double:
            switch (style, Int.random(in: 0..<1000, using: &random)) {
            case (1..., 0):
                return .double([.nan, -.infinity, .infinity, -0.0].randomElement(using: &random) ?? 0)
            case (2, _): return .double(Double(bitPattern: UInt64.random(in: 0...(.max), using: &random)))
            case (1, _): return .double(Double.random(in: -1e3...1e3, using: &random))
            default: return .double(Double(Int.random(in: -9999...9999, using: &random)) / 100)
            }
        case .int64:
            let range = style == 2 ? Int64.min...Int64.max : -1000...1000
            return .int64(Int64.random(in: range, using: &random))
        case .bool: return .bool(Bool.random(using: &random))
        case .string: return .string("t\(Int.random(in: 0..<9, using: &random))")
        case .json: return .json("[\(Int.random(in: 0..<9, using: &random))]")
        }
    }

    /// A store with bulk segments in order, corrections and late data over some of them, and rows in memory.
    private static func store(
        _ directory: TemporaryDirectory, _ type: ValueType, _ random: inout SeededGenerator
    ) throws -> Store {
        let store = try Store.open(directory.path)
        let style = Int.random(in: 0...2, using: &random)
        var time: Int64 = -10_000 * minute
        func commit(_ count: Int, _ next: (Int) -> Int64, qualities: Bool) throws {
            let samples = (0..<count).map { index in
                let isMissing = qualities && Int.random(in: 0..<200, using: &random) == 0
                return Sample(
                    time: Timestamp(nanoseconds: next(index)),
                    value: isMissing ? nil : value(type, style, &random),
                    quality: qualities ? Int32.random(in: 0...1, using: &random) : nil)
            }
            _ = try store.commit(SampleBatch(series: [SeriesRows(key, type, samples)]))
        }
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let count = [300, 1700, 9000].randomElement(using: &random) ?? 1
            let start = time
            try commit(count, { start + Int64($0) * minute }, qualities: Bool.random(using: &random))
            time += Int64(count) * minute
            if Bool.random(using: &random) { try store.flush() }
        }
        let span = time
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            // On the minutes: corrections; between them: late samples.
            let shift = [0, 7].randomElement(using: &random) ?? 0
            let from = Int64.random(in: -10_000 * minute..<span, using: &random) / minute
            try commit(
                Int.random(in: 1...50, using: &random), { (from + Int64($0) * 3) * minute + Int64(shift) },
                qualities: true)
            if Bool.random(using: &random) { try store.flush() }
        }
        if Int.random(in: 0..<3, using: &random) == 0 { _ = try store.compact() }
        return store
    }

    @Test(
        "statistics, decoded values and samples give the same rows to the last bit, in both orders",
        arguments: 1...20)
    func sameRows(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        let type = ValueType.allCases[seed % 5]
        let snapshot = try Self.store(directory, type, &random).snapshot()
        for width in [["1m", "20m", "1h"], ["7d", "400d", "all"]].map({
            $0.randomElement(using: &random) ?? "1h"
        }) {
            let from = Int64.random(in: -11_000...9000, using: &random) * Self.minute + 3
            let ranges = [
                TimeRange.all,
                TimeRange(
                    from: Timestamp(nanoseconds: from),
                    to: Timestamp(
                        nanoseconds: from + Int64.random(in: 1...9000, using: &random) * Self.minute)),
            ]
            for (range, goodOnly) in [
                (ranges[0], false), (ranges[0], true), (ranges[1], Bool.random(using: &random)),
            ] {
                let plain: [Aggregate] = [.count, .sum, .avg, .min, .max, .first, .last]
                let all = Bool.random(using: &random) ? plain : Aggregate.allCases
                let wanted = Bool.random(using: &random) ? [.count] : all
                var request = AggregateRequest(
                    wanted, over: width == "all" ? .whole : try Buckets(width: .parse(width)), in: range,
                    goodOnly: goodOnly)
                let expected = Self.bits(try Self.rows(SamplesOnly(snapshot: snapshot), type, request))
                for order in [TimeOrder.ascending, .descending] {
                    request.order = order
                    for use in StatisticsUse.allCases {
                        request.statistics = use
                        let rows = Self.bits(try Self.rows(snapshot, type, request))
                        #expect(
                            rows == (order == .ascending ? expected : expected.reversed()),
                            "seed \(seed), \(type), \(width), \(wanted), good only \(goodOnly), \(order), \(use)"
                        )
                    }
                }
            }
        }
    }

    @Test(
        "filled rows and held values are the same from statistics, decoded values and samples, in both orders",
        arguments: 1...20)
    func sameFilledRows(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        let type = ValueType.allCases[seed % 5]
        let store = try Self.store(directory, type, &random)
        let early = store.snapshot()
        let late = Sample(time: Timestamp(nanoseconds: 100_000 * Self.minute), value: nil, quality: 0)
        _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, type, [late])]))
        let states = [store.snapshot(), try store.snapshot().asOf(commit: early.commit)]
        for round in 0..<6 {
            let from = Int64.random(in: -11_000...20_000, using: &random) * Self.minute + 3
            let length = Int64.random(in: 1...9000, using: &random) * Self.minute
            let zone = Bool.random(using: &random) ? try NamedZone("Europe/Paris") : nil
            var request = AggregateRequest(
                Bool.random(using: &random) ? [.twa, .count, .last] : [.avg, .count, .first],
                over: try Buckets(width: .parse(["20m", "6h", "2d"][round % 3]), zone: zone),
                in: TimeRange(
                    from: round == 0 ? .earliest : Timestamp(nanoseconds: from),
                    to: round == 1 ? nil : Timestamp(nanoseconds: from + length)),
                goodOnly: Bool.random(using: &random))
            if Bool.random(using: &random) {
                request.hold = Int64.random(in: 1...600, using: &random) * Self.minute
            }
            if Bool.random(using: &random) {
                let present = from + Int64.random(in: -1000...9000, using: &random) * Self.minute
                request.present = Timestamp(nanoseconds: present)
            }
            let fill = Fill.allCases[Int.random(in: 0..<4, using: &random)]
            let expected = Self.bits(
                try Self.filledRows(SamplesOnly(snapshot: early), type, fill, request))
            for state in states {
                for order in [TimeOrder.ascending, .descending] {
                    request.order = order
                    for use in StatisticsUse.allCases {
                        request.statistics = use
                        #expect(
                            Self.bits(try Self.filledRows(state, type, fill, request)) == expected,
                            "seed \(seed), round \(round), \(type), \(fill), \(order), \(use)")
                    }
                }
            }
        }
    }

    @Test("figures of a store are those of its samples", arguments: 1...5)
    func figures(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        let snapshot = try Self.store(directory, .double, &random).snapshot()
        let samples = try snapshot.samples(Self.key, .double)
        for goodOnly in [false, true] {
            let counted = samples.filter { sample in
                sample.value.map { !Double(bitPattern: $0.bits).isNaN } ?? false
                    && (!goodOnly || (sample.quality ?? 0) == 0)
            }
            let groups = Dictionary(grouping: counted) {
                Int64((Double($0.time.nanoseconds) / Double(60 * Self.minute)).rounded(.down)) * 60
                    * Self.minute
            }
            let expected = groups.keys.sorted().map { start -> AggregateRow in
                let values = (groups[start] ?? []).map { Double(bitPattern: $0.value?.bits ?? 0) }
                var sum = ExactSum()
                for value in values { sum.add(value) }
                let sorted = values.sorted {
                    MedianKeys.key($0.bitPattern, .double) < MedianKeys.key($1.bitPattern, .double)
                }
                return AggregateRow(
                    start: start,
                    values: [
                        .integer(Int128(values.count)), .double(sum.sum),
                        .double(sum.mean(count: UInt64(values.count))), .double(sorted.first ?? 0),
                        .double(sorted.last ?? 0), .double(values.first ?? 0), .double(values.last ?? 0),
                    ])
            }
            let request = AggregateRequest(
                [.count, .sum, .avg, .min, .max, .first, .last],
                over: try Buckets(width: .parse("1h")), goodOnly: goodOnly)
            #expect(
                Self.bits(try Self.rows(snapshot, .double, request)) == Self.bits(expected), "seed \(seed)")
        }
    }

    @Test("blocks that statistics answer for are not read, so damage in their values is not noticed")
    func nothingRead() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        let samples = (0..<20_000).map {
            Sample(time: Timestamp(nanoseconds: Int64($0) * Self.minute), value: .double(Double($0 % 10)))
        }
        _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key, .double, samples)]))
        let name = try #require(try directory.fileNames().first { $0.hasSuffix(".segment") })
        var bytes = try directory.bytes(name)
        bytes[60] ^= 1
        try directory.write(bytes, name)
        let snapshot = store.snapshot()
        var request = AggregateRequest(
            [.count, .avg, .min, .max, .first, .last], over: try Buckets(width: .parse("400d")))
        let rows = try Self.rows(snapshot, .double, request)
        #expect(
            rows.map(\.values) == [
                [.integer(20_000), .double(4.5), .double(0), .double(9), .double(0), .double(9)]
            ])
        request.statistics = .counts
        #expect(throws: StorageError.self) { try Self.rows(snapshot, .double, request) }
    }
}
