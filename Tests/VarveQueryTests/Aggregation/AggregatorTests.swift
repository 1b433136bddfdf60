// AggregatorTests.swift — aggregates against tables and a plain recalculation.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveStorage

@Suite struct AggregatorTests {
    static let second: Int64 = 1_000_000_000
    static let plain: [Aggregate] = [.avg, .min, .max, .sum, .count, .first, .last]

    static func columns(_ type: ValueType, _ samples: [Sample]) -> SampleColumns {
        var columns = SampleColumns(type: type)
        for sample in samples { columns.append(sample) }
        return columns
    }

    /// The rows of samples given in ascending order, one a second, cut into pieces of `pieceCount`.
    static func rows(
        _ type: ValueType, _ samples: [Sample], every: String = "10s", _ aggregates: [Aggregate],
        goodOnly: Bool = false, order: TimeOrder = .ascending, pieceCount: Int = 3
    ) throws -> [AggregateRow] {
        var aggregator = Aggregator(
            type: type,
            AggregateRequest(
                aggregates, over: try Buckets(width: BucketWidth.parse(every)), goodOnly: goodOnly,
                order: order))
        var rows: [AggregateRow] = []
        let ordered = order == .ascending ? samples : samples.reversed()
        var start = 0
        while start < ordered.count {
            let end = min(start + pieceCount, ordered.count)
            _ = aggregator.add(columns(type, Array(ordered[start..<end]))) {
                rows.append($0)
                return true
            }
            start = end
        }
        _ = aggregator.finish {
            rows.append($0)
            return true
        }
        return order == .ascending ? rows : rows.reversed()
    }

    static func samples(_ values: [Value?], quality: [Int32?] = []) -> [Sample] {
        values.enumerated().map { index, value in
            Sample(
                time: Timestamp(nanoseconds: Int64(index) * second), value: value,
                quality: index < quality.count ? quality[index] : nil)
        }
    }

    @Test("the names are read from a comma list; unknown and repeated ones are refused with the list")
    func names() throws {
        #expect(try Aggregate.parse(list: "avg,min, max") == [.avg, .min, .max])
        #expect(
            try Aggregate.parse(list: "avg,min,max,sum,count,first,last,stddev,median,twa")
                == Aggregate.allCases)
        for bad in ["", "avg,", "mean", "avg,avg", "AVG"] {
            let error = #expect(throws: AggregationFailure.self) { try Aggregate.parse(list: bad) }
            #expect(error?.description.contains("avg, min, max, sum, count, first, last, stddev") == true)
        }
    }

    @Test("doubles: NaN and missing samples do not count, −0 is below 0", arguments: [1, 3, 100])
    func doubles(pieceCount: Int) throws {
        let values: [Value?] = [
            .double(.nan), .double(0), .double(-0.0), nil, .double(0.1), .double(0.2), .double(0.3),
            .double(.nan), nil, .double(-0.0),
            .double(.nan), .double(-.nan), nil,
        ]
        // The doubles nearest to 0.1, 0.2 and 0.3 add up to less than an ulp above 0.6; added one by one
        // with rounding they give 0.6000000000000001.
        let expected: [AggregateValue] = [
            .double(0.1), .double(-0.0), .double(0.3), .double(0.6), .integer(6), .double(0), .double(-0.0),
        ]
        for order in [TimeOrder.ascending, .descending] {
            let rows = try Self.rows(
                .double, Self.samples(values), every: "20s", Self.plain, order: order,
                pieceCount: pieceCount)
            #expect(rows.map(\.values) == [expected])
            guard case .double(let low)? = rows.first?.values[1] else { continue }
            #expect(low.sign == .minus)
            let unordered = try Self.rows(
                .double, Self.samples(values), every: "5s", Self.plain, order: order)
            #expect(unordered.map(\.start) == [0, 5 * Self.second])
        }
    }

    @Test("integers are exact beyond 64 bits")
    func integers() throws {
        let rows = try Self.rows(
            .int64, Self.samples([.int64(.max), .int64(.max), .int64(3), .int64(.min), .int64(.max)]),
            Self.plain)
        let sum = Int128(Int64.max) * 3 + 3 + Int128(Int64.min)
        #expect(
            rows == [
                AggregateRow(
                    start: 0,
                    values: [
                        .double(Double(sum) / 5), .integer(Int128(Int64.min)), .integer(Int128(Int64.max)),
                        .integer(sum), .integer(5), .integer(Int128(Int64.max)), .integer(Int128(Int64.max)),
                    ])
            ])
    }

    @Test("truth values count as 0 and 1 and stay truth values as first and last")
    func bools() throws {
        let rows = try Self.rows(
            .bool, Self.samples([.bool(true), .bool(false), nil, .bool(true), .bool(false)]),
            Self.plain)
        #expect(
            rows == [
                AggregateRow(
                    start: 0,
                    values: [
                        .double(0.5), .integer(0), .integer(1), .integer(2), .integer(4), .bool(true),
                        .bool(false),
                    ])
            ])
    }

    @Test("texts have count, first and last", arguments: [TimeOrder.ascending, .descending])
    func texts(order: TimeOrder) throws {
        let values: [Value?] = [nil, .string("a"), .string("b"), .string("c"), .string(""), nil]
        let rows = try Self.rows(
            .string, Self.samples(values), every: "3s", Self.plain, order: order, pieceCount: 2)
        #expect(
            rows == [
                AggregateRow(
                    start: 0, values: [.none, .none, .none, .none, .integer(2), .text("a"), .text("b")]),
                AggregateRow(
                    start: 3 * Self.second,
                    values: [.none, .none, .none, .none, .integer(2), .text("c"), .text("")]),
            ])
        let json = try Self.rows(.json, Self.samples([.json("[1]")]), [.first, .last])
        #expect(json.first?.values == [.json("[1]"), .json("[1]")])
    }

    @Test("good-only selects samples with quality 0 or without a quality")
    func goodOnly() throws {
        let samples = Self.samples(
            [.double(1), .double(2), .double(4), .double(8), nil], quality: [nil, 0, 1, -1, 0])
        #expect(try Self.rows(.double, samples, [.sum], goodOnly: true).first?.values == [.double(3)])
        #expect(try Self.rows(.double, samples, [.sum]).first?.values == [.double(15)])
    }

    @Test("many pieces, buckets and both orders agree with a plain recalculation", arguments: 1...8)
    func recalculation(seed: UInt64) throws {
        var state = seed
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        var time: Int64 = -5000 * Self.second
        let samples = (0..<3000).map { _ in
            time += Int64(random(8) + 1) * Self.second
            let missing = random(10) == 0
            return Sample(
                time: Timestamp(nanoseconds: time),
                value: missing ? nil : .double(Double(Int64(random(2000)) - 1000) / 4),
                quality: random(3) == 0 ? Int32(random(3)) : nil)
        }
        for goodOnly in [false, true] {
            let groups = Dictionary(
                grouping: samples.filter { $0.value != nil && (!goodOnly || ($0.quality ?? 0) == 0) }
            ) { Int64((Double($0.time.nanoseconds) / 60e9).rounded(.down)) * 60 * Self.second }
            let expected = groups.keys.sorted().map { start -> AggregateRow in
                let values = (groups[start] ?? []).map { Double(bitPattern: $0.value?.bits ?? 0) }
                // Quarters below 2^40 are added without any rounding.
                let sum = values.reduce(0, +)
                return AggregateRow(
                    start: start,
                    values: [
                        .double(sum / Double(values.count)), .double(values.min() ?? 0),
                        .double(values.max() ?? 0), .double(sum), .integer(Int128(values.count)),
                        .double(values.first ?? 0), .double(values.last ?? 0),
                    ])
            }
            for order in [TimeOrder.ascending, .descending] {
                let rows = try Self.rows(
                    .double, samples, every: "1m", Self.plain, goodOnly: goodOnly, order: order,
                    pieceCount: Int(random(700) + 1))
                #expect(rows == expected, "seed \(seed)")
            }
        }
    }

    @Test("the work stops when its consumer wants no more rows")
    func stop() throws {
        var aggregator = Aggregator(
            type: .double, AggregateRequest([.count], over: try Buckets(width: BucketWidth.parse("1s"))))
        var rows = 0
        let goesOn = aggregator.add(
            Self.columns(.double, Self.samples(Array(repeating: .double(1), count: 10)))
        ) { _ in
            rows += 1
            return rows < 3
        }
        #expect(!goesOn)
        #expect(rows == 3)
    }
}
