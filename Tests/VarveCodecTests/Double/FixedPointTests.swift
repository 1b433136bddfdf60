// FixedPointTests.swift — doubles of full precision as integers of one unit and bits below it.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("FixedPoint") struct FixedPointTests {
    /// A noisy wave around zero: the sum of seeded steps, so that no function of the C library decides the
    /// bits.
    private func wave(_ count: Int, isFloat: Bool) -> [UInt64] {
        var random = SeededGenerator(seed: 21)
        var (place, speed) = (10.0, 0.0)
        return (0..<count).map { _ in
            speed -= place * 0.0025
            place += speed
            let value = place + Double.random(in: -0.01...0.01, using: &random)
            return (isFloat ? Double(Float(value)) : value).bitPattern
        }
    }

    @Test("a wave through zero takes this form, and is given back", arguments: [false, true])
    func column(isFloat: Bool) throws {
        for effort in [Effort.standard, .thorough] {
            let values = wave(8192, isFloat: isFloat)
            let bytes = encoded(doubles: values, effort)
            #expect(described(bytes).names[0].hasPrefix("fixed point"), "\(described(bytes))")
            #expect(try decodedDoubles(bytes, count: values.count) == values)
        }
    }

    @Test("any patterns are split and joined again, apart from the exceptions")
    func patterns() throws {
        var random = SeededGenerator(seed: 22)
        for precision in [1, 24, 53] {
            let point = FixedPoint(precision: precision, top: 1030)
            let values = (0..<2000).map { index -> Int64 in
                let exponent = UInt64(index % 9 == 0 ? random.next() % 2048 : 1010 + random.next() % 25)
                let fraction = (random.next() >> 12) & ~(1 << UInt64(53 - precision) - 1)
                return Int64(bitPattern: (random.next() & 1) << 63 | exponent << 52 | fraction)
            }
            let split = values.withUnsafeBufferPointer { point.split($0) }
            var joined = split.integers
            let fits = split.bits.withUnsafeBytes { point.apply(to: &joined, count: joined.count, bits: $0) }
            #expect(fits)
            split.exceptions.apply(to: &joined, slice: 0..<values.count)
            #expect(joined == values)
            #expect(split.exceptions.positions.count < (precision == 1 ? 2000 : 700))
            // One byte more or less is noticed.
            joined = split.integers
            let longer = split.bits + [0]
            #expect(!longer.withUnsafeBytes { point.apply(to: &joined, count: joined.count, bits: $0) })
            joined = split.integers
            let shorter = split.bits.dropLast()
            if !split.bits.isEmpty {
                #expect(!shorter.withUnsafeBytes { point.apply(to: &joined, count: joined.count, bits: $0) })
            }
        }
    }

    @Test("bytes written by hand from the format document decode to the values they say")
    func handWritten() throws {
        // p = 3, top = 1025 (4 to 8): m = −5 is −5; m = 1 has two low bits, 01: 1.01 · 2^0 = 1.25; 0 is 0.
        let bytes: [UInt8] = [64, 23, 3, 1, 4, 0, 1, 0b01, 3, 3, 9, 3, 0b1010_1000, 0b1]
        #expect(
            try decodedDoubles(bytes, count: 3) == [-5.0, 0, 1.25].map(\.bitPattern))
    }
}
