// TextCursorTests.swift — the fast texts are those of ValueText and Timestamp.

import Testing
import VarveModel
import VarveText

@testable import varve

@Suite struct TextCursorTests {
    static func text(_ body: (inout TextCursor) -> Void) -> String {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * TextCursor.maximumBytes) { memory in
            guard let base = memory.baseAddress else { return "" }
            var cursor = TextCursor(next: base)
            body(&cursor)
            return String(
                decoding: UnsafeBufferPointer(start: base, count: cursor.next - base), as: UTF8.self)
        }
    }

    static func double(_ value: Double) -> String {
        var scratch: [UInt8] = []
        return text { $0.finite(value, &scratch) }
    }

    @Test("doubles read as ValueText writes them", arguments: 1...4)
    func doubles(seed: UInt64) {
        var state = seed
        func random() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
        var values: [Double] = [
            0, -0.0, 0.1, -0.1, 0.001, 0.0009, 1e-5, 123.456, 999_999.999999, 1e15, 999_999_999_999_999,
            -999_999_999_999_999, 0.1 + 0.2, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1.0000001,
            4503599627370496.5,
            12_345_678.901234, 99_999_999.9999999,
        ]
        for _ in 0..<1000 {
            values.append(Double(Int64(random() % 2_000_000_000) - 1_000_000_000) / 1000)
            values.append(Double(random() % 1_000_000) / 1e6)
            values.append(Double(bitPattern: random()))
            values.append((Double(random() % 100_000) / 100).nextUp)
        }
        for value in values where value.isFinite {
            #expect(Self.double(value) == ValueText.string(value), "seed \(seed)")
        }
    }

    @Test("integers read as decimal")
    func integers() {
        for value in [Int64.min, -1, 0, 9, 10, 99, 100, 1_000_000, 999_999_999_999_999_999, .max] {
            #expect(Self.text { $0.integer(value) } == String(value))
        }
    }

    @Test("times read as Timestamp writes them, over changes of day and before 1970")
    func times() throws {
        var date = DateText()
        var times: [Int64] = [.min, .max, 0, -1, 1, 999, 1_000_000, -1_000_000_000, 86_399_999_999_999]
        for step in Int64(0)..<500 { times.append(-20_000_000_000_000_000 + step * 79_999_999_999_970) }
        times.append(try nanoseconds("2024-02-29T23:59:59.5Z"))
        for time in times {
            #expect(Self.text { $0.time(time, &date) } == Timestamp(nanoseconds: time).description)
        }
    }
}
