// RiceVectorTests.swift — Rice codes of vectors and the unary streams in them.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("RiceVector") struct RiceVectorTests {
    /// Noise whose distances to a middle become rarer evenly, summed up `order` times.
    static func noise(_ count: Int, order: Int, mean: Double, seed: UInt64, spikes: Bool = false) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var values = (0..<count).map { index -> Int64 in
            if spikes && index % 150 == 99 { return Int64(bitPattern: random.next()) >> 8 }
            let distance = Int64(-mean * log2(Double.random(in: 1e-9..<1, using: &random)))
            return random.next() % 2 == 0 ? distance : -distance
        }
        for _ in 0..<order {
            for index in 1..<max(count, 1) { values[index] &+= values[index - 1] }
        }
        return values
    }

    private static func log2(_ value: Double) -> Double {
        var exponent = 0.0
        var rest = value
        while rest < 1 { (rest, exponent) = (rest * 2, exponent - 1) }
        return exponent + (rest - 1)
    }

    @Test(
        "noise that was summed up any number of times is given back, with and without spikes",
        arguments: 0...2)
    func noises(order: Int) throws {
        for count in [32, 33, 500, 1023, 1024, 2500] {
            for mean in [0.4, 1, 17, 3000, 1e9, 1e15] {
                for spikes in [false, true] {
                    let values = Self.noise(count, order: order, mean: mean, seed: 9, spikes: spikes)
                    for effort in [Effort.standard, .thorough] {
                        let bytes = encoded(values, effort)
                        #expect(
                            try decodedIntegers(bytes, count: count) == values,
                            "count \(count), mean \(mean), spikes \(spikes)")
                    }
                }
            }
        }
    }

    @Test("a Rice code is chosen where it is smaller, and the plan knows its size", arguments: 0...2)
    func isChosen(order: Int) throws {
        for (mean, seed) in [(1, 1), (40, 2), (5e6, 3)] as [(Double, UInt64)] {
            let values = Self.noise(1024, order: order, mean: mean, seed: seed)
            var scratch = [Int64](repeating: 0, count: VectorPlan.scratchCount)
            for effort in [Effort.standard, .thorough] {
                let plan = VectorPlan(values, count: 1024, scratch: &scratch, effort: effort)
                #expect(plan.form == VectorForm.rice(order: order), "mean \(mean)")
                var writer = ByteWriter()
                VectorEncoder.encode(values, count: 1024, plan: plan, scratch: &scratch, into: &writer)
                #expect(abs(writer.count * 8 - plan.bits) <= 200, "\(writer.count * 8), planned \(plan.bits)")
            }
        }
    }

    @Test("bytes written by hand from the format document decode to the values they say")
    func handWritten() throws {
        // Rice, base 10, 1 low bit, distances one way: 3, 0, 5 are quotients 1, 0, 2 and low bits 1, 0, 1.
        let oneWay: [UInt8] = [64, 3, 10, 20, 1, 0b101, 1, 0b100110, 0, 0]
        #expect(try decodedIntegers(oneWay, count: 3) == [13, 10, 15])
        // Both ways: the distances are 3, 0, 5 in zigzag form; the second is an exception of 7.
        let bothWays: [UInt8] = [64, 3, 10, 20, 0x81, 0b101, 1, 0b100110, 1, 4, 14, 1]
        #expect(try decodedIntegers(bothWays, count: 3) == [8, 17, 7])
        // Differences of 3 and 2 after 100; the first slot is not used.
        let delta: [UInt8] = [64, 3, 11, 200, 1, 4, 0, 1, 0b1101, 0, 0]
        #expect(try decodedIntegers(delta, count: 3) == [100, 103, 105])
    }

    @Test("a unary stream gives back its numbers, and refuses any other count")
    func unary() {
        var random = SeededGenerator(seed: 3)
        for count in [1, 2, 7, 64, 1024] {
            let numbers = (0..<count).map { _ in
                UInt8(truncatingIfNeeded: random.next() % 24 * (random.next() % 2))
            }
            var bits: [Bool] = []
            for number in numbers { bits += Array(repeating: false, count: Int(number)) + [true] }
            var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
            for (index, bit) in bits.enumerated() where bit { bytes[index / 8] |= 1 << UInt8(index % 8) }
            #expect(Self.read(bytes, count) == numbers)
            #expect(Self.read(bytes, count - 1) == nil)
            #expect(Self.read(bytes, count + 1) == nil)
            #expect(Self.read(bytes + [0x80], count) == nil)
        }
        #expect(Self.read([UInt8](repeating: 0, count: 60) + [1], 1) == nil, "too large a number")
    }

    private static func read(_ bytes: [UInt8], _ count: Int) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: count + UnaryStream.slack)
        let isRead = bytes.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { room in
                room.baseAddress.map { UnaryStream.read(source, count: count, into: $0) } ?? false
            }
        }
        return isRead ? Array(target.prefix(count)) : nil
    }
}
