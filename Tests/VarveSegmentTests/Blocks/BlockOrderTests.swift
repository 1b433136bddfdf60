// BlockOrderTests.swift — the check of the order of a block's samples, at the ends of the range of times too.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveSegment

@Suite struct BlockOrderTests {
    private static func isAccepted(_ times: [Int64], _ commits: [UInt64] = []) -> Bool {
        let run = SampleRun(
            count: times.count, times: times, values: .bits([]), states: [], commits: commits)
        return (try? BlockCodec.check(run)) != nil
    }

    /// The rule itself, pair by pair.
    private static func isOrdered(_ times: [Int64], _ commits: [UInt64]) -> Bool {
        zip(times.indices, times.indices.dropFirst()).allSatisfy { before, after in
            times[before] < times[after]
                || times[before] == times[after] && (commits.isEmpty || commits[before] < commits[after])
        }
    }

    @Test(
        "times whose difference does not fit in 64 bits are compared as they are",
        arguments: [
            ([Int64.min, -1, 0, .max], true), ([.min, .max], true), ([.max, .min], false),
            ([0, .min], false), ([.max, -1], false), ([-1, .min], false), ([.min, .min + 1], true),
            ([.max - 1, .max], true), ([.max, .max - 1], false), ([1, 2, .min, 3], false), ([], true),
        ] as [([Int64], Bool)])
    func extremes(times: [Int64], expected: Bool) {
        #expect(Self.isAccepted(times) == expected)
    }

    @Test("equal times need ascending commits, unless commits were not decoded")
    func equalTimes() {
        #expect(Self.isAccepted([5, 5]))
        #expect(Self.isAccepted([5, 5], [1, 2]))
        #expect(!Self.isAccepted([5, 5], [2, 2]))
        #expect(!Self.isAccepted([-5, -5], [2, 1]))
    }

    @Test("the check agrees with the rule for random times", arguments: [UInt64(1), 2, 3])
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let corners: [Int64] = [.min, .min + 1, -2, -1, 0, 1, 2, .max - 1, .max]
        var accepted = 0
        for _ in 0..<20_000 {
            let count = Int.random(in: 2...5, using: &generator)
            var times = (0..<count).map { _ in corners.randomElement(using: &generator) ?? 0 }
            if Bool.random(using: &generator) { times.sort() }
            let commits = (0..<count).map { _ in UInt64.random(in: 1...9, using: &generator) }
            let expected = Self.isOrdered(times, commits)
            #expect(Self.isAccepted(times, commits) == expected, "seed \(seed): \(times) \(commits)")
            accepted += expected ? 1 : 0
        }
        #expect(accepted > 1000)
    }
}
