// ValueTests.swift — when values, states, keys and ranges are equal.

import Testing
import VarveModel

@Suite struct ValueTests {
    @Test("values are equal if their stored bits are")
    func equality() {
        #expect(Value.double(0) != .double(-0.0))
        #expect(Value.double(.nan) == .double(.nan))
        #expect(Value.double(.nan) != .double(Double(bitPattern: Double.nan.bitPattern | 1)))
        #expect(Value.int64(1) != .bool(true))
        #expect(Value.string("e\u{301}") != .string("\u{E9}"))
    }

    @Test("names are equal if their bytes are")
    func keys() {
        let composed = SeriesKey(product: "p", device: "\u{E9}", point: "x")
        let decomposed = SeriesKey(product: "p", device: "e\u{301}", point: "x")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect(
            SeriesKey(product: "b", device: "a", point: "z")
                < SeriesKey(product: "a", device: "b", point: "a"))
    }

    @Test("a state keeps quality and presence, and refuses other bits")
    func states() {
        for quality in [nil, 0, 1, -1, Int32.min, .max] as [Int32?] {
            for isMissing in [false, true] {
                let state = SampleState(quality: quality, isMissing: isMissing)
                #expect(state.quality == quality && state.isMissing == isMissing)
                #expect(SampleState(bits: state.bits) == state)
                #expect(state.isGood == (quality == nil || quality == 0))
            }
        }
        #expect(SampleState(bits: 1) == nil)
        #expect(SampleState(bits: 1 << 34) == nil)
    }

    @Test("ranges are half open, and a range without end includes the last nanosecond")
    func ranges() {
        let range = TimeRange(from: Timestamp(nanoseconds: 10), to: Timestamp(nanoseconds: 20))
        #expect(range.contains(Timestamp(nanoseconds: 10)) && !range.contains(Timestamp(nanoseconds: 20)))
        #expect(TimeRange.all.contains(.latest) && TimeRange.all.contains(.earliest))
        #expect(TimeRange(from: Timestamp(nanoseconds: 5), to: Timestamp(nanoseconds: 5)).isEmpty)
        #expect(TimeRange(to: .earliest).isEmpty)
        #expect(!range.overlaps(first: Timestamp(nanoseconds: 20), last: Timestamp(nanoseconds: 30)))
        #expect(range.overlaps(first: Timestamp(nanoseconds: 0), last: Timestamp(nanoseconds: 10)))
    }

    @Test("persisted numbers have not changed: they are in every data directory")
    func frozen() {
        #expect(ValueType.allCases.map(\.rawValue) == [1, 2, 3, 4, 5])
        #expect(ValueType.allCases.map(\.name) == ["double", "int64", "bool", "string", "json"])
        #expect(DuplicatePolicy.last.rawValue == 1 && DuplicatePolicy.first.rawValue == 2)
        #expect(DuplicatePolicy.every.rawValue == 3)
        #expect(SampleState(quality: -1, isMissing: true).bits == 0x3_FFFF_FFFF)
    }
}
