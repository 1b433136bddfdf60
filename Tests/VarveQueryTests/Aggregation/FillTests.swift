// FillTests.swift — rows for empty buckets.

import Testing
import VarveModel
import VarveText

@testable import VarveQuery
@testable import VarveStorage

@Suite struct FillTests {
    static let second: Int64 = 1_000_000_000
    /// Buckets of a second: 0 has four samples, 3 two and 4 one.
    static let source = ListSource(
        .double,
        [(0, 0.5), (100, 1.5), (200, 0), (900, 2), (3100, 5), (3900, 3), (4000, 4)].map {
            Sample(time: Timestamp(nanoseconds: $0.0 * 1_000_000), value: .double($0.1), quality: nil)
        })

    static func range(_ from: Int64?, _ to: Int64?) -> TimeRange {
        TimeRange(
            from: from.map { Timestamp(nanoseconds: $0 * second) } ?? .earliest,
            to: to.map { Timestamp(nanoseconds: $0 * second) })
    }

    static func filled(
        _ fill: Fill, _ from: Int64? = nil, _ to: Int64? = nil, order: TimeOrder = .ascending,
        limit: Int = 10, _ source: ListSource = FillTests.source
    ) throws -> [AggregateRow] {
        try source.filledRows(
            fill, of: source.info,
            AggregateRequest(
                [.avg, .count, .last], over: try Buckets(width: .parse("1s")), in: range(from, to),
                order: order), limit: limit)
    }

    static func row(
        _ start: Int64, _ avg: Double?, _ count: Int128 = 0, _ last: Double? = nil
    ) -> AggregateRow {
        func value(_ number: Double?) -> AggregateValue { number.map(AggregateValue.double) ?? .none }
        return AggregateRow(start: start * second, values: [value(avg), .integer(count), value(last ?? avg)])
    }

    static let inside = [row(0, 1, 4, 2), row(3, 4, 2, 3), row(4, 4, 1, 4)]

    @Test(
        "each fill gives its values between samples, in both orders",
        arguments: [TimeOrder.ascending, .descending])
    func values(order: TimeOrder) throws {
        let between: [(Fill, [AggregateRow])] = [
            (.none, []), (.null, [Self.row(1, nil), Self.row(2, nil)]),
            (.previous, [Self.row(1, 1, 0, 2), Self.row(2, 1, 0, 2)]),
            (
                .linear,
                [
                    Self.row(1, 2, 0, 2 * (1 - 1.0 / 3) + 3 * (1.0 / 3)),
                    Self.row(2, 3, 0, 2 * (1 - 2.0 / 3) + 2),
                ]
            ),
        ]
        for (fill, values) in between {
            let expected = [Self.inside[0]] + values + Self.inside[1...]
            #expect(try Self.filled(fill, order: order) == expected, "\(fill)")
        }
        #expect(throws: AggregationFailure.self) { try Fill.parse("spline") }
        #expect(try Fill.parse("linear") == .linear)
    }

    @Test(
        "every bucket of an explicit range has a row, on both sides of the samples",
        arguments: [TimeOrder.ascending, .descending])
    func edges(order: TimeOrder) throws {
        let empty = [Self.row(1, nil), Self.row(2, nil)]
        #expect(
            try Self.filled(.null, -2, 6, order: order) == [Self.row(-2, nil), Self.row(-1, nil)]
                + [Self.inside[0]] + empty + Self.inside[1...] + [Self.row(5, nil)])
        // Nothing is before the first sample; the last one holds to the end of the range.
        #expect(
            try Self.filled(.previous, -1, 7, order: order).suffix(3)
                == [Self.inside[2], Self.row(5, 4), Self.row(6, 4)])
        #expect(try Self.filled(.previous, -1, 7, order: order).first == Self.row(-1, nil))
        #expect(try Self.filled(.linear, 4, 6, order: order) == [Self.inside[2], Self.row(5, nil)])
        #expect(try Self.filled(.null, 4, nil, order: order) == [Self.inside[2]])
        #expect(try Self.filled(.null, nil, 2, order: order) == [Self.inside[0], Self.row(1, nil)])
    }

    @Test(
        "a range without samples is filled from outside of it", arguments: [TimeOrder.ascending, .descending])
    func emptyRange(order: TimeOrder) throws {
        #expect(try Self.filled(.none, 1, 3, order: order) == [])
        #expect(try Self.filled(.null, 1, 3, order: order) == [Self.row(1, nil), Self.row(2, nil)])
        #expect(
            try Self.filled(.previous, 1, 3, order: order) == [Self.row(1, 1, 0, 2), Self.row(2, 1, 0, 2)])
        // The whole of the bucket before and of the one after, as if the range were longer.
        #expect(
            try Self.filled(.linear, 1, 3, order: order)
                == Self.filled(.linear, order: order).filter {
                    $0.start == Self.second || $0.start == 2 * Self.second
                })
        #expect(try Self.filled(.previous, 10, 12, order: order) == [Self.row(10, 4), Self.row(11, 4)])
        #expect(try Self.filled(.linear, 10, 11, order: order) == [Self.row(10, nil)])
        #expect(try Self.filled(.previous, -3, -1, order: order) == [Self.row(-3, nil), Self.row(-2, nil)])
        #expect(try Self.filled(.previous, 10, nil, order: order) == [])
        let none = ListSource(.double, [])
        #expect(try Self.filled(.linear, 1, 2, order: order, none) == [Self.row(1, nil)])
        #expect(try Self.filled(.null, order: order, none) == [])
    }

    @Test("texts are repeated from before the range too")
    func texts() throws {
        let source = ListSource(
            .string, [Sample(time: Timestamp(nanoseconds: -5), value: .string("a"), quality: nil)])
        for order in [TimeOrder.ascending, .descending] {
            let rows = try source.filledRows(
                .previous, of: source.info,
                AggregateRequest(
                    [.last, .count, .twa], over: try Buckets(width: .parse("1s")), in: Self.range(0, 2),
                    order: order))
            #expect(rows.map(\.values) == Array(repeating: [.text("a"), .integer(0), .none], count: 2))
        }
    }

    @Test("linear values between times of today are not rounded to parts of a microsecond")
    func linearAtPresentTimes() throws {
        let source = ListSource([(1_600_000_000, 0), (1_600_000_001, 1)])
        let rows = try source.filledRows(
            .linear, of: source.info, AggregateRequest([.avg], over: try Buckets(width: .parse("1ms"))))
        #expect(rows.count == 1001)
        for (index, row) in rows.enumerated() {
            #expect(row.values == [.double(Double(index) / 1000)], "\(index)")
        }
    }

    @Test("a gap beyond the limit is refused before its first row")
    func limit() throws {
        #expect(try Self.filled(.null, limit: 2).count == 5)
        #expect(throws: AggregationFailure.self) { try Self.filled(.null, limit: 1) }
        #expect(try Self.filled(.null, -1, 6, limit: 4).count == 7)
        #expect(throws: AggregationFailure.self) { try Self.filled(.null, -1, 6, limit: 3) }
        #expect(throws: AggregationFailure.self) { try Self.filled(.previous, 5, 17) }
        var filler = GapFiller(
            .null,
            AggregateRequest([.avg], over: try Buckets(width: .parse("1ms")), in: Self.range(0, 86_400)))
        #expect(throws: AggregationFailure.self) {
            try filler.rows(of: Self.source.info, in: ListSource([(86_399, 1)])) { _ in
                Issue.record("a row came")
                return true
            }
        }
    }

    @Test("local days are filled one by one over a clock change")
    func localDays() throws {
        let times = try ["2024-03-29T23:00:00Z", "2024-04-01T22:00:00Z"].map { try nanoseconds($0) }
        let source = ListSource(
            .double,
            times.map { Sample(time: Timestamp(nanoseconds: $0), value: .double(1), quality: nil) })
        let buckets = try Buckets(width: .parse("1d"), zone: NamedZone("Europe/Paris"))
        for order in [TimeOrder.ascending, .descending] {
            let rows = try source.filledRows(
                .null, of: source.info,
                AggregateRequest(
                    [.avg], over: buckets,
                    in: TimeRange(from: .earliest, to: try Timestamp.parse("2024-04-03T10:00:00Z")),
                    order: order))
            #expect(
                rows.map { Timestamp(nanoseconds: $0.start).description } == [
                    "2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z",
                    "2024-04-01T22:00:00Z", "2024-04-02T22:00:00Z",
                ])
        }
    }
}
