// HoldingTests.swift — how long a value holds, for the average over time and for `--fill previous`.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveStorage

@Suite struct HoldingTests {
    private static let second: Int64 = 1_000_000_000
    private static let hour: Int64 = 3600

    /// The averages by bucket, in whole seconds, of the aggregate asked for.
    private static func rows(
        _ source: ListSource, _ aggregate: Aggregate = .twa, every: String?, _ from: Int64? = nil,
        _ to: Int64? = nil, hold: Int64? = nil, present: Int64? = nil, fill: Fill = .none,
        order: TimeOrder = .ascending
    ) throws -> [Int64: Double?] {
        var request = AggregateRequest(
            [aggregate, .count], over: try every.map { try Buckets(width: .parse($0)) } ?? .whole,
            in: FillTests.range(from, to), order: order)
        request.hold = hold.map { $0 * second }
        request.present = present.map { Timestamp(nanoseconds: $0 * second) }
        var found: [Int64: Double?] = [:]
        for row in try source.filledRows(fill, of: source.info, request) {
            found[row.start / second] = row.values[0].number
        }
        return found
    }

    private static func inBothOrders(
        _ expected: [Int64: Double?], _ rows: (TimeOrder) throws -> [Int64: Double?]
    ) rethrows {
        for order in [TimeOrder.ascending, .descending] { #expect(try rows(order) == expected, "\(order)") }
    }

    /// 0 at 05-01 00:00, 100 at 05-01 12:00, 0 at 05-03 12:00, counted from the first.
    private static let days = ListSource([(0, 0), (12 * hour, 100), (60 * hour, 0)])
    private static let day = 24 * hour

    @Test("days without samples have the value that holds, with and without a fill", arguments: Fill.allCases)
    func days(fill: Fill) throws {
        let expected: [Int64: Double?] = [0: 50, Self.day: 100, 2 * Self.day: 50, 3 * Self.day: 0]
        try Self.inBothOrders(expected) {
            try Self.rows(Self.days, every: "1d", 0, 4 * Self.day, fill: fill, order: $0)
        }
        // The same read alone.
        for (start, value) in expected {
            try Self.inBothOrders([start: value]) {
                try Self.rows(Self.days, every: "1d", start, start + Self.day, fill: fill, order: $0)
            }
        }
        // Without an end to the end of the last sample's bucket, wherever the range begins.
        try Self.inBothOrders(expected.filter { $0.key < 3 * Self.day }) {
            try Self.rows(Self.days, every: "1d", order: $0)
        }
        try Self.inBothOrders([2 * Self.day: 0]) {
            try Self.rows(Self.days, every: "1d", 64 * Self.hour, order: $0)
        }
        try Self.inBothOrders([:]) { try Self.rows(Self.days, every: "1d", 3 * Self.day, order: $0) }
    }

    @Test("the whole range without samples has the value that holds into it")
    func whole() throws {
        try Self.inBothOrders([Self.day: 100]) {
            try Self.rows(Self.days, every: nil, Self.day, Self.day + 60, order: $0)
        }
        try Self.inBothOrders([:]) { try Self.rows(Self.days, every: nil, 3 * Self.day, order: $0) }
        try Self.inBothOrders([:]) { try Self.rows(Self.days, every: nil, -60, -1, order: $0) }
    }

    @Test("a limit of holding leaves time without weight, and buckets without any are empty")
    func hold() throws {
        let source = ListSource([(0, 10), (40, 20), (45, nil), (46, .nan), (58, 30)])
        // 10 holds for 0..<15, 20 for 40..<55, 30 for 58..<73.
        try Self.inBothOrders([0: 10, 10: 10, 40: 20, 50: (20 * 5 + 30 * 2) / 7.0, 60: 30, 70: 30]) {
            try Self.rows(source, every: "10s", 0, 100, hold: 15, order: $0)
        }
        try Self.inBothOrders([
            0: 10, 10: 10, 20: nil, 30: nil, 40: 20, 50: (20 * 5 + 30 * 2) / 7.0, 60: 30, 70: 30, 80: nil,
            90: nil,
        ]) { try Self.rows(source, every: "10s", 0, 100, hold: 15, fill: .null, order: $0) }
        // The same rule for what is repeated.
        try Self.inBothOrders([
            0: 10, 10: 10, 20: nil, 30: nil, 40: 20, 50: 30, 60: 30, 70: 30, 80: nil, 90: nil,
        ]) { try Self.rows(source, .last, every: "10s", 0, 100, hold: 15, fill: .previous, order: $0) }
        try Self.inBothOrders([10: 10, 20: nil]) {
            try Self.rows(source, .last, every: "10s", 14, 30, hold: 15, fill: .previous, order: $0)
        }
        try Self.inBothOrders([10: nil, 20: nil]) {
            try Self.rows(source, .last, every: "10s", 15, 30, hold: 15, fill: .previous, order: $0)
        }
        try Self.inBothOrders([0: (10 * 15 + 20 * 15 + 30 * 15) / 45.0]) {
            try Self.rows(source, every: nil, 0, 100, hold: 15, order: $0)
        }
    }

    @Test("the last value of all does not hold beyond the present; one before a later value does")
    func present() throws {
        let source = ListSource([(0, 10), (30, 20)])
        let filled: [Int64: Double?] = [0: 10, 10: 10, 20: 10, 30: 20, 40: 20, 50: nil]
        for aggregate in [Aggregate.twa, .avg] {
            try Self.inBothOrders(filled) {
                try Self.rows(source, aggregate, every: "10s", 0, 60, present: 45, fill: .previous, order: $0)
            }
        }
        // Of the bucket with the present only the time before it has weight.
        try Self.inBothOrders([0: (10 * 30 + 20 * 15) / 45.0]) {
            try Self.rows(source, every: nil, 0, 60, present: 45, order: $0)
        }
        try Self.inBothOrders([0: (10 * 30 + 20 * 15) / 45.0]) {
            try Self.rows(source, every: "1m", present: 45, order: $0)
        }
        // 10 holds to the later value, which lies in the future and holds for no time.
        for end in [35, 60] as [Int64] {
            try Self.inBothOrders([0: 10, 10: 10, 20: 10, 30: nil]) {
                try Self.rows(source, every: "10s", 0, end, present: 5, order: $0)
            }
        }
        try Self.inBothOrders([0: 10, 10: 10]) {
            try Self.rows(source, every: "10s", 0, 20, present: 5, order: $0)
        }
    }

    /// The value at each second from `first` on, by the rule as it is written down.
    private static func held(
        _ samples: [(second: Int64, value: Int64)], _ seconds: Range<Int64>, end: Int64, hold: Int64?
    ) -> [Int64?] {
        seconds.map { second in
            guard second < end, let last = samples.last(where: { $0.second <= second }) else { return nil }
            return hold.map { second - last.second < $0 } ?? true ? last.value : nil
        }
    }

    @Test("random series, ranges and limits agree with a calculation second by second", arguments: 1...12)
    func random(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for round in 0..<60 {
            var counted: [(second: Int64, value: Int64)] = []
            var samples: [Sample] = []
            for second in Int64(0)..<120 where Int.random(in: 0..<9, using: &random) == 0 {
                let value = Int64.random(in: -9...9, using: &random)
                let kind = Int.random(in: 0..<5, using: &random)
                if kind > 1 { counted.append((second, value)) }
                samples.append(
                    Sample(
                        time: Timestamp(nanoseconds: second * Self.second),
                        value: kind == 0 ? nil : .double(kind == 1 ? .nan : Double(value)), quality: nil))
            }
            let from = Bool.random(using: &random) ? Int64.random(in: -30..<130, using: &random) : nil
            let to = (from ?? 0) + Int64.random(in: 1..<150, using: &random)
            let hold = Bool.random(using: &random) ? Int64.random(in: 1..<30, using: &random) : nil
            let present = Bool.random(using: &random) ? Int64.random(in: 0..<200, using: &random) : nil
            let end = min(to, max(present ?? to, counted.last?.second ?? .min))
            let first = from ?? counted.first?.second ?? to
            let values = Self.held(counted, first..<max(first, to), end: end, hold: hold)
            var expected: [Int64: Double?] = [:]
            for (start, seconds) in Dictionary(
                grouping: values.indices, by: { Self.bucket(first + Int64($0)) })
            {
                let known = seconds.compactMap { values[$0] }
                let hasSample = counted.contains {
                    $0.second >= first && $0.second < to && Self.bucket($0.second) == start
                }
                if known.isEmpty, !hasSample { continue }
                expected[start] = known.isEmpty ? nil : Double(known.reduce(0, +)) / Double(known.count)
            }
            let source = ListSource(.double, samples)
            for order in [TimeOrder.ascending, .descending] {
                let rows = try Self.rows(
                    source, every: "10s", from, to, hold: hold, present: present, order: order)
                #expect(rows == expected, "seed \(seed), round \(round), \(order)")
            }
        }
    }

    private static func bucket(_ second: Int64) -> Int64 { (second + 1000) / 10 * 10 - 1000 }
}
