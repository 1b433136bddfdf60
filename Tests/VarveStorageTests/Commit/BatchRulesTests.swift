// BatchRulesTests.swift — batches that must not reach the disk.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct BatchRulesTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    private static func rows(_ change: (inout SeriesRows) -> Void) -> SeriesRows {
        var rows = SeriesRows(key, .double, [Sample(time: .init(nanoseconds: 1), value: .double(1))])
        change(&rows)
        return rows
    }

    private static func text(ends: [Int], bytes: Int) -> SeriesRows {
        var text = TextColumn()
        text.bytes = [UInt8](repeating: 65, count: bytes)
        text.ends = ends
        var columns = SampleColumns(type: .string)
        columns.times = ends.indices.map(Int64.init)
        columns.states = ends.map { _ in 0 }
        columns.values = .text(text)
        return SeriesRows(key: key, type: .string, columns: columns)
    }

    @Test("a sound batch passes")
    func sound() throws {
        try BatchRules.check(SampleBatch(series: [Self.rows { _ in }]), known: [(0, .double)])
        try BatchRules.check(SampleBatch(series: [Self.text(ends: [2, 2, 5], bytes: 5)]), known: [nil])
    }

    @Test(
        "a batch that could not be read back is refused",
        arguments: [
            rows { $0.columns.states = [] }, rows { $0.columns.values = .bits([1, 2]) },
            rows { $0.columns.states = [1 << 34] }, rows { $0.columns.states = [7] },
            rows { $0.columns.values = .text(TextColumn()) }, rows { $0.type = .json },
            rows { $0.key.device = "" }, rows { $0.key.point = String(repeating: "x", count: 1025) },
            text(ends: [3, 2], bytes: 2), text(ends: [3], bytes: 2), text(ends: [1], bytes: 2),
            text(ends: [FormatLimits.textBytes + 1], bytes: FormatLimits.textBytes + 1),
        ])
    func unsound(rows: SeriesRows) {
        #expect(throws: StorageError.self) {
            try BatchRules.check(SampleBatch(series: [rows]), known: [nil])
        }
    }

    @Test("a series twice, or with another type than the store has, is refused")
    func conflicts() {
        let rows = Self.rows { _ in }
        #expect(throws: StorageError.self) {
            try BatchRules.check(SampleBatch(series: [rows, rows]), known: [nil, nil])
        }
        #expect(throws: StorageError.self) {
            try BatchRules.check(SampleBatch(series: [rows]), known: [(0, .string)])
        }
    }
}
