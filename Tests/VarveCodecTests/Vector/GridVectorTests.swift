// GridVectorTests.swift — clocks that jitter and skip points are stored as distances to a regular grid.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("GridVector") struct GridVectorTests {
    /// A clock with a period of ten seconds that is off by up to 99 ms, and skips points now and then.
    private func clock(_ count: Int, gapEvery: Int?, seed: UInt64) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var place: Int64 = 1_700_000_000_000
        return (0..<count).map { index in
            place += 10_000
            if let gapEvery, index % gapEvery == gapEvery - 1 { place += 10_000 * Int64(random.next() % 40) }
            return place + Int64(random.next() % 200)
        }
    }

    @Test("a jittering clock takes eight bits a value, with and without gaps", arguments: [nil, 30, 200])
    func jitter(gapEvery: Int?) throws {
        for count in [1000, 1024] {
            let values = clock(count, gapEvery: gapEvery, seed: 31)
            for effort in [Effort.standard, .thorough] {
                var scratch = [Int64](repeating: 0, count: VectorPlan.scratchCount)
                let plan = VectorPlan(values, count: count, scratch: &scratch, effort: effort)
                #expect(plan.form == .grid)
                let bytes = encoded(values, effort)
                #expect(bytes.count <= count + 40 + (gapEvery.map { 4 * count / $0 } ?? 0))
                #expect(try decodedIntegers(bytes, count: count) == values)
            }
        }
    }

    @Test("clocks that wander, run backwards, stop or overflow are given back")
    func oddClocks() throws {
        let clocks: [[Int64]] = [
            clock(500, gapEvery: 40, seed: 1).reversed(),
            (0..<500).map { Int64($0) * 1000 + Int64($0 * $0 % 700) },
            (0..<500).map { Int64.max - 200_000 &+ Int64($0) &* 1000 &+ Int64($0 % 7) * 30 },
            (0..<500).map { $0 % 2 == 0 ? Int64.min : .max },
            (0..<500).map { Int64($0 / 2) * 1000 + Int64($0 % 5) },
        ]
        for values in clocks {
            #expect(try decodedIntegers(encoded(values, .thorough), count: 500) == values)
        }
    }

    @Test("bytes written by hand from the format document decode to the values they say")
    func handWritten() throws {
        // First 100, step 10, one gap of 2 points before value 2; base −1, 2 bits: 1, 2, 0, 3.
        let bytes: [UInt8] = [64, 3, 13, 200, 1, 20, 1, 2, 4, 1, 2, 0b1100_1001]
        #expect(try decodedIntegers(bytes, count: 4) == [100, 111, 139, 152])
    }
}
