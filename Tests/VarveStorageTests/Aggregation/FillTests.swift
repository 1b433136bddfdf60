// FillTests.swift — rows for empty buckets.

import Testing
import VarveModel

@testable import VarveStorage

@Suite struct FillTests {
    static let second: Int64 = 1_000_000_000
    static let rows = [
        AggregateRow(start: 0, values: [.double(1), .integer(4), .text("a")]),
        AggregateRow(start: 3 * second, values: [.double(4), .integer(2), .text("b")]),
        AggregateRow(start: 4 * second, values: [.double(4), .integer(1), .text("c")]),
    ]

    static func filled(_ fill: Fill, order: TimeOrder, limit: Int = 10) throws -> [AggregateRow] {
        var filler = GapFiller(
            fill, aggregates: [.avg, .count, .last], buckets: try Buckets(width: BucketWidth.parse("1s")),
            order: order, limit: limit)
        var result: [AggregateRow] = []
        for row in order == .ascending ? rows : rows.reversed() {
            _ = try filler.add(row) {
                result.append($0)
                return true
            }
        }
        return order == .ascending ? result : result.reversed()
    }

    @Test("each fill gives its values, in both orders", arguments: [TimeOrder.ascending, .descending])
    func values(order: TimeOrder) throws {
        let between: [(Fill, [[AggregateValue]])] = [
            (.none, []),
            (.null, [[.none, .integer(0), .none], [.none, .integer(0), .none]]),
            (.previous, [[.double(1), .integer(0), .text("a")], [.double(1), .integer(0), .text("a")]]),
            (.linear, [[.double(2), .integer(0), .none], [.double(3), .integer(0), .none]]),
        ]
        for (fill, values) in between {
            let made = values.enumerated().map {
                AggregateRow(start: Int64($0.offset + 1) * Self.second, values: $0.element)
            }
            let expected = [Self.rows[0]] + made + Self.rows[1...]
            #expect(try Self.filled(fill, order: order) == expected, "\(fill)")
        }
        #expect(throws: AggregationFailure.self) { try Fill.parse("spline") }
        #expect(try Fill.parse("linear") == .linear)
    }

    @Test("linear values between times of today are not rounded to parts of a microsecond")
    func linearAtPresentTimes() throws {
        var filler = GapFiller(
            .linear, aggregates: [.avg], buckets: try Buckets(width: BucketWidth.parse("1ms")))
        var rows: [AggregateRow] = []
        for (seconds, value) in [(1_600_000_000, 0.0), (1_600_000_001, 1)] {
            _ = try filler.add(AggregateRow(start: Int64(seconds) * Self.second, values: [.double(value)])) {
                row in
                rows.append(row)
                return true
            }
        }
        #expect(rows.count == 1001)
        for (index, row) in rows.enumerated() {
            #expect(row.values == [.double(Double(index) / 1000)], "\(index)")
        }
    }

    @Test("a gap beyond the limit is refused before its first row")
    func limit() throws {
        #expect(try Self.filled(.null, order: .ascending, limit: 2).count == 5)
        #expect(throws: AggregationFailure.self) { try Self.filled(.null, order: .ascending, limit: 1) }
        var filler = GapFiller(
            .null, aggregates: [.avg], buckets: try Buckets(width: BucketWidth.parse("1ms")))
        var rows = 0
        _ = try filler.add(AggregateRow(start: 0, values: [.none])) { _ in true }
        #expect(throws: AggregationFailure.self) {
            _ = try filler.add(AggregateRow(start: 86_400 * Self.second, values: [.none])) { _ in
                rows += 1
                return true
            }
        }
        #expect(rows == 0)
    }

    @Test("local days are filled one by one over a clock change")
    func localDays() throws {
        var filler = GapFiller(
            .null, aggregates: [.avg],
            buckets: try Buckets(width: BucketWidth.parse("1d"), zone: NamedZone("Europe/Paris")))
        var starts: [String] = []
        for time in ["2024-03-29T23:00:00Z", "2024-04-01T22:00:00Z"] {
            _ = try filler.add(AggregateRow(start: try nanoseconds(time), values: [.double(1)])) {
                starts.append(Timestamp(nanoseconds: $0.start).description)
                return true
            }
        }
        #expect(
            starts == [
                "2024-03-29T23:00:00Z", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z",
                "2024-04-01T22:00:00Z",
            ])
    }
}
