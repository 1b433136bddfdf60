// ValueProcessingTests.swift — what a policy makes of a value.

import Testing
import VarveModel

@Suite struct ValueProcessingTests {
    private static func double(_ value: Double, _ processing: ValueProcessing) -> Double? {
        processing.apply(value.bitPattern, .double).map { Double(bitPattern: $0) }
    }

    private static func integer(_ value: Int64, _ processing: ValueProcessing) -> Int64? {
        processing.apply(UInt64(bitPattern: value), .int64).map { Int64(bitPattern: $0) }
    }

    @Test("a double is multiplied, shifted and limited, in this order")
    func doubles() {
        let kelvin = ValueProcessing(scale: 0.1, offset: 273.15, minimum: 0, maximum: 400)
        #expect(Self.double(215, kelvin) == 215 * 0.1 + 273.15)
        #expect(Self.double(-1e9, kelvin) == 0 && Self.double(1e9, kelvin) == 400)
        #expect(Self.double(.infinity, kelvin) == 400)
        #expect(Self.double(.infinity, ValueProcessing(scale: 2)) == .infinity)
    }

    @Test("what nothing changes keeps its bits: -0 and every NaN")
    func bits() {
        let limited = ValueProcessing(minimum: -5, maximum: 5)
        #expect(limited.apply((-0.0).bitPattern, .double) == (-0.0).bitPattern)
        let payload = Double(nan: 77, signaling: true).bitPattern
        #expect(ValueProcessing(scale: 3, offset: 1).apply(payload, .double) == payload)
        #expect(limited.apply(9, .bool) == 9 && limited.apply(9, .string) == 9)
    }

    @Test("a finite double that would become infinite is refused, unless a limit holds it")
    func overflow() {
        #expect(Self.double(1e300, ValueProcessing(scale: 1e300)) == nil)
        #expect(Self.double(1e300, ValueProcessing(scale: 1e300, maximum: 10)) == 10)
        #expect(Self.double(-.infinity, ValueProcessing(scale: 1, offset: .infinity)) == nil)
    }

    @Test("an integer is exact, and refused if it does not fit after the limits")
    func integers() {
        #expect(Self.integer(9_007_199_254_740_993, ValueProcessing(scale: 3)) == 27_021_597_764_222_979)
        #expect(Self.integer(.max, ValueProcessing(scale: 10, offset: -1)) == nil)
        #expect(Self.integer(.max, ValueProcessing(scale: 10, maximum: 7)) == 7)
        #expect(Self.integer(.min, ValueProcessing(scale: -1, offset: -1)) == .max)
        #expect(Self.integer(5, ValueProcessing(scale: 0.5)) == nil)
        #expect(Self.integer(10, ValueProcessing(maximum: 3.5)) == nil)
    }

    @Test("numbers that cannot be used for a type are named")
    func obstacles() {
        #expect(ValueProcessing(scale: 0.1).obstacle(for: .double) == nil)
        #expect(ValueProcessing(scale: 0.1).obstacle(for: .int64)?.contains("0.1 is not an integer") == true)
        #expect(ValueProcessing(scale: 1e17).obstacle(for: .int64) != nil)
        #expect(ValueProcessing(scale: 0).obstacle(for: .double)?.contains("scale of 0") == true)
        #expect(ValueProcessing(offset: .nan).obstacle(for: .double) != nil)
        #expect(ValueProcessing(minimum: 2, maximum: 1).obstacle(for: .double) != nil)
        #expect(ValueProcessing(scale: 2).obstacle(for: .string) == "its values are not numbers")
    }
}
