// MergePaceTests.swift — a merge moves no more than its budget, by a clock that the test sets.

import Synchronization
import Testing

@testable import VarveServer

@Suite struct MergePaceTests {
    /// A clock that moves only by sleeping, and the naps so far.
    private final class Clock: Sendable {
        let time = Mutex<Int64>(1_000_000_000_000)
        let naps = Mutex<[Int64]>([])

        func pace(_ bytesPerSecond: Int) -> MergePace {
            MergePace(
                bytesPerSecond: bytesPerSecond, now: { self.time.withLock { $0 } },
                sleep: { nap in
                    self.naps.withLock { $0.append(nap) }
                    self.time.withLock { $0 += nap }
                })
        }

        func pass(_ nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }
    }

    @Test("a busy merge takes as long as its bytes at the budget", arguments: [1 << 10, 4 << 20])
    func rate(_ block: Int) throws {
        let clock = Clock()
        let start = clock.time.withLock { $0 }
        let pace = clock.pace(10 << 20)
        for _ in 0..<(20 << 20) / block { try pace.waitForBudget(block) }
        let taken = clock.time.withLock { $0 } - start
        #expect(abs(taken - 2_000_000_000) <= 50_000_001)
        // The naps are short, so that a stop takes effect soon.
        #expect(clock.naps.withLock { $0 }.allSatisfy { $0 <= 100_000_000 })
    }

    @Test("quiet time is not saved up, and slow work does not wait")
    func quiet() throws {
        let clock = Clock()
        let pace = clock.pace(1 << 20)
        for _ in 0..<100 {
            try pace.waitForBudget(1 << 10)
            clock.pass(1_000_000)
        }
        #expect(clock.naps.withLock { $0.isEmpty })
        clock.pass(3_600_000_000_000)
        let start = clock.time.withLock { $0 }
        try pace.waitForBudget(1 << 20)
        #expect(abs(clock.time.withLock { $0 } - start - 1_000_000_000) <= 50_000_001)
    }

    @Test("without a budget there is no wait; a stop ends the wait and all later ones")
    func stop() throws {
        let clock = Clock()
        let free = clock.pace(0)
        for _ in 0..<10 { try free.waitForBudget(1 << 40) }
        #expect(clock.naps.withLock { $0.isEmpty })
        let ending = Mutex<MergePace?>(nil)
        let pace = MergePace(bytesPerSecond: 1, now: { 0 }, sleep: { _ in ending.withLock { $0?.stop() } })
        ending.withLock { $0 = pace }
        #expect(throws: MergePace.Stopped.self) { try pace.waitForBudget(1 << 30) }
        #expect(throws: MergePace.Stopped.self) { try pace.waitForBudget(0) }
    }
}
