// RowResolverTests.swift — guarantee G2 as a table: what each row does.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct RowResolverTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var type: ValueType = .double
        var policy: DuplicatePolicy = .last
        /// The samples of earlier commits, all at time 5; the last one is the newest.
        var existing: [Value?] = []
        var rows: [Sample]
        /// Accepted, identical, corrected, superseded.
        var counts: [UInt64]
        var stored: [Sample]
        var testDescription: String { name }
    }

    private static func at(_ time: Int64, _ value: Value?, _ quality: Int32? = nil) -> Sample {
        Sample(time: Timestamp(nanoseconds: time), value: value, quality: quality)
    }

    private static func five(_ values: Double...) -> [Sample] { values.map { at(5, .double($0)) } }

    private static let nan = Value.double(Double(bitPattern: 0x7FF8_0000_0000_0001))
    private static let otherNaN = Value.double(Double(bitPattern: 0x7FF8_0000_0000_0002))

    static let cases: [Case] = [
        Case(name: "A", rows: five(1), counts: [1, 0, 0, 0], stored: five(1)),
        Case(name: "A again", existing: [.double(1)], rows: five(1), counts: [0, 1, 0, 0], stored: []),
        Case(name: "A, B", existing: [.double(1)], rows: five(2), counts: [0, 0, 1, 0], stored: five(2)),
        Case(
            name: "A, B, then A: a correction back", existing: [.double(1), .double(2)], rows: five(1),
            counts: [0, 0, 1, 0], stored: five(1)),
        Case(
            name: "A, B, then B", existing: [.double(1), .double(2)], rows: five(2), counts: [0, 1, 0, 0],
            stored: []),
        Case(name: "in one batch A, A", rows: five(1, 1), counts: [1, 1, 0, 0], stored: five(1)),
        Case(name: "in one batch A, B", rows: five(1, 2), counts: [1, 0, 1, 0], stored: five(2)),
        Case(name: "in one batch A, B, A", rows: five(1, 2, 1), counts: [1, 0, 2, 0], stored: five(1)),
        Case(
            name: "back to what was there: nothing to store", existing: [.double(1)], rows: five(2, 1),
            counts: [0, 0, 2, 0], stored: []),
        Case(
            name: "first: B is superseded", policy: .first, existing: [.double(1)], rows: five(2, 1, 3),
            counts: [0, 1, 0, 2], stored: []),
        Case(
            name: "first, in one batch", policy: .first, rows: five(1, 2, 1), counts: [1, 1, 0, 1],
            stored: five(1)),
        Case(
            name: "unsorted rows", existing: [.double(1)],
            rows: [at(9, .double(9)), at(5, .double(1)), at(-3, .double(3)), at(9, .double(8))],
            counts: [2, 1, 1, 0], stored: [at(-3, .double(3)), at(9, .double(8))]),
        Case(
            name: "the first and the last time", rows: [at(.max, .double(1)), at(.min, .double(2))],
            counts: [2, 0, 0, 0], stored: [at(.min, .double(2)), at(.max, .double(1))]),
        Case(
            name: "0 and −0 differ", existing: [.double(0)], rows: five(-0.0), counts: [0, 0, 1, 0],
            stored: five(-0.0)),
        Case(
            name: "a NaN is identical to itself", existing: [nan], rows: [at(5, nan)],
            counts: [0, 1, 0, 0], stored: []),
        Case(
            name: "NaNs of other payloads differ", existing: [nan], rows: [at(5, otherNaN)],
            counts: [0, 0, 1, 0], stored: [at(5, otherNaN)]),
        Case(
            name: "another quality is another sample", existing: [.double(1)], rows: [at(5, .double(1), 0)],
            counts: [0, 0, 1, 0], stored: [at(5, .double(1), 0)]),
        Case(
            name: "a missing value differs from 0", existing: [nil], rows: [at(5, .double(0)), at(5, nil)],
            counts: [0, 0, 2, 0], stored: []),
        Case(
            name: "missing with another quality", existing: [nil], rows: [at(5, nil, 3)],
            counts: [0, 0, 1, 0], stored: [at(5, nil, 3)]),
        Case(
            name: "text, equal", type: .string, existing: [.string("日本")], rows: [at(5, .string("日本"))],
            counts: [0, 1, 0, 0], stored: []),
        Case(
            name: "text, empty and missing differ", type: .string, existing: [.string("")],
            rows: [at(5, nil)], counts: [0, 0, 1, 0], stored: [at(5, nil)]),
        Case(
            name: "text, longer", type: .string, existing: [.string("a")], rows: [at(5, .string("ab"))],
            counts: [0, 0, 1, 0], stored: [at(5, .string("ab"))]),
        Case(
            name: "int64 beyond 2^53", type: .int64, existing: [.int64(.max)],
            rows: [at(5, .int64(.max - 1))], counts: [0, 0, 1, 0], stored: [at(5, .int64(.max - 1))]),
    ]

    @Test("each row does what G2 says", arguments: cases)
    func table(_ test: Case) throws {
        let rows = SeriesRows(
            SeriesKey(product: "p", device: "d", point: "x"), test.type, policy: test.policy, test.rows)
        // Whether the versions come in one run or in several, and in which order, makes no difference.
        for isReversed in [false, true] {
            let runs = test.existing.enumerated().map { index, value in
                var columns = SampleColumns(type: test.type)
                columns.append(Self.at(5, value))
                return SampleRun(columns, commit: UInt64(index + 1))
            }
            let resolver = try RowResolver(rows) { known in
                for run in isReversed ? runs.reversed() : runs { known.take(newerIn: run) }
            }
            let receipt = resolver.receipt
            #expect(
                [receipt.accepted, receipt.identical, receipt.corrected, receipt.superseded] == test.counts)
            #expect(receipt.from == test.rows.map(\.time).min() && receipt.to == test.rows.map(\.time).max())
            let stored = (0..<resolver.stored.count).map { resolver.stored.sample($0, type: test.type) }
            #expect(stored == test.stored)
        }
    }

    @Test("no rows do nothing")
    func empty() throws {
        let key = SeriesKey(product: "p", device: "d", point: "x")
        let resolver = try RowResolver(SeriesRows(key, .bool, [])) { _ in Issue.record("looked") }
        #expect(resolver.receipt == Receipt() && resolver.stored.count == 0)
    }
}
