// SpreadTests.swift — standard deviation, median and average over time against exact rational arithmetic.

import Foundation
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveStorage

@Suite struct SpreadTests {
    /// A line of Fixtures/spreads.txt, made by spreads.py beside it.
    struct Case: Sendable {
        var values: [UInt64]
        var times: [Int64]
        var before: UInt64?
        var expected: [AggregateValue]
    }

    static func cases() throws -> [Case] {
        let url = try #require(
            Bundle.module.url(forResource: "spreads", withExtension: "txt", subdirectory: "Fixtures"))
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
            func bits(_ text: some StringProtocol) -> UInt64? { UInt64(text, radix: 16) }
            func value(_ text: some StringProtocol) -> AggregateValue {
                bits(text).map { .double(Double(bitPattern: $0)) } ?? .none
            }
            return Case(
                values: try fields[0].split(separator: " ").map { try #require(bits($0)) },
                times: try fields[1].split(separator: " ").map { try #require(Int64($0)) },
                before: bits(fields[2]), expected: fields[3...].map { value($0) })
        }
    }

    static func text(_ values: [AggregateValue]) -> [String] {
        values.map { value in
            if case .double(let number) = value { return String(number.bitPattern, radix: 16) }
            return "\(value)"
        }
    }

    static func aggregate(
        _ columns: SampleColumns, _ type: ValueType, _ aggregates: [Aggregate] = [.stddev, .median, .twa],
        every: String = "10s", before: UInt64? = nil, order: TimeOrder
    ) throws -> [AggregateRow] {
        var request = AggregateRequest(
            aggregates, over: try Buckets(width: .parse(every)),
            in: TimeRange(from: Timestamp(nanoseconds: 0)),
            order: order)
        request.bounds = HoldBounds(before: before.map { HeldValue(bits: $0, time: -1) }, last: .max)
        var aggregator = Aggregator(type: type, request)
        var rows: [AggregateRow] = []
        func take(_ row: AggregateRow) -> Bool {
            var row = row
            row.held = nil
            rows.append(row)
            return true
        }
        _ = aggregator.add(order == .ascending ? columns : columns.reversed(), take)
        _ = aggregator.finish(take)
        return rows
    }

    @Test(
        "figures are those of exact arithmetic, rounded once", arguments: [TimeOrder.ascending, .descending])
    func exact(order: TimeOrder) throws {
        let cases = try Self.cases()
        #expect(cases.count == 400)
        for (number, one) in cases.enumerated() {
            var columns = SampleColumns(type: .double)
            columns.times = one.times
            columns.states = one.times.map { _ in 0 }
            columns.values = .bits(one.values)
            let rows = try Self.aggregate(columns, .double, before: one.before, order: order)
            #expect(rows.map { Self.text($0.values) } == [Self.text(one.expected)], "case \(number)")
        }
    }

    @Test("integers: exact at the ends of their range; an infinity has no deviation but a median")
    func extremes() throws {
        let ends = AggregatorTests.columns(
            .int64, AggregatorTests.samples([.int64(.max), .int64(.min), .int64(.max), .int64(.min)]))
        let rows = try Self.aggregate(ends, .int64, order: .ascending)
        // (2^63 − 1/2) · √(4/3); the mean of both ends is −1/2; the last value holds 7 of 10 seconds.
        #expect(rows.map { $0.values[0] } == [.double((4.0 / 3).squareRoot() * 9.223372036854775807e18)])
        #expect(rows.map { $0.values[1] } == [.double(-0.5)])
        let weighted = (Int128(Int64.max) * 2 + Int128(Int64.min) * 8) * 1_000_000_000
        #expect(rows.map { $0.values[2] } == [.double(Double(weighted) / 1e10)])
        let infinite = AggregatorTests.columns(
            .double, AggregatorTests.samples([.double(.infinity), .double(1), .double(.nan), .double(2)]))
        let row = try #require(try Self.aggregate(infinite, .double, order: .descending).first)
        #expect(row.values[0].number?.isNaN == true)
        #expect(row.values[1] == .double(2))
        #expect(row.values[2] == .double(.infinity))
    }

    @Test("a value holds over empty buckets into the next one that has samples")
    func holding() throws {
        let samples = [(1, 4.0), (35, 8.0), (38, 2.0)].map {
            Sample(time: Timestamp(nanoseconds: $0.0 * 1_000_000_000), value: .double($0.1))
        }
        let columns = AggregatorTests.columns(.double, samples)
        for (order, before) in [(TimeOrder.ascending, nil), (.descending, 14.0)] {
            let rows = try Self.aggregate(
                columns, .double, [.twa], before: before.map(\.bitPattern), order: order)
            let first = before == nil ? 4.0 : 5.0
            let expected = [
                AggregateRow(start: 0, values: [.double(first)]),
                AggregateRow(start: 30_000_000_000, values: [.double((5 * 4 + 3 * 8 + 2 * 2) / 10.0)]),
            ]
            #expect(rows == (order == .ascending ? expected : expected.reversed()))
        }
    }

    @Test("a rank search over pieces finds what sorting finds", arguments: 1...6)
    func rankSearch(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = Int.random(in: 1...3000, using: &random)
        let isDouble = seed % 2 == 0
        let values = (0..<count).map { _ in
            isDouble
                ? Double.random(in: -1...1, using: &random).bitPattern
                : UInt64(bitPattern: Int64.random(in: seed == 1 ? -5...5 : .min ... .max, using: &random))
        }
        let type: ValueType = isDouble ? .double : .int64
        let plan = AggregationPlan(type: type, aggregates: [.median], goodOnly: false)
        var search = RankSearch(type, count: count)
        for _ in 0..<RankSearch.passes {
            for start in stride(from: 0, to: count, by: 700) {
                let piece = Array(values[start..<min(start + 700, count)])
                let states = [UInt64](repeating: 0, count: piece.count)
                piece.withUnsafeBufferPointer { piece in
                    states.withUnsafeBufferPointer { search.add(piece, states: $0, plan) }
                }
            }
            search.endPass()
        }
        let sorted = values.map { MedianKeys.key($0, type) }.sorted()
        let expected = MedianKeys.mean(sorted[(count - 1) / 2], sorted[count / 2], type)
        #expect(search.median.bitPattern == expected.bitPattern, "seed \(seed)")
        var keys = MedianKeys()
        values.withUnsafeBufferPointer { keys.add($0, type) }
        #expect(keys.median(type)?.bitPattern == expected.bitPattern, "seed \(seed)")
    }
}
