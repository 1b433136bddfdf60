// MonitorTests.swift — waiting for state that other threads change.

import Synchronization
import Testing
import VarvePlatform

@Suite struct MonitorTests {
    @Test("a wait ends when another thread has made the condition true, and may change the state itself")
    func changes() throws {
        let places = Monitor(0)
        let taker = try WorkerThread { for _ in 0..<100 { places.wait { $0 > 0 ? ($0 -= 1) : nil } } }
        for _ in 0..<100 { places.change { $0 += 1 } }
        taker.join()
        #expect(places.withLock { $0 } == 0)
    }

    @Test("a wait with a deadline that has passed looks at the state once more, then gives up")
    func deadline() {
        let flag = Monitor(false)
        #expect(flag.wait(until: 0) { $0 ? 1 : nil } == nil)
        flag.withLock { $0 = true }
        #expect(flag.wait(until: 0) { $0 ? 1 : nil } == 1)
        #expect(flag.wait(until: .max) { $0 ? 1 : nil } == 1)
        let start = SystemClock.monotonicNanoseconds()
        #expect(flag.wait(until: start + 20_000_000) { $0 ? nil : 1 } == nil)
        #expect(SystemClock.monotonicNanoseconds() - start >= 20_000_000)
    }

    @Test("changes of many threads are made one at a time")
    func exclusion() throws {
        let sum = Monitor(0)
        let threads = try (0..<8).map { _ in
            try WorkerThread { for _ in 0..<1000 { sum.withLock { $0 += 1 } } }
        }
        for thread in threads { thread.join() }
        #expect(sum.withLock { $0 } == 8000)
    }
}

@Suite struct RepeatingThreadTests {
    @Test("the work is repeated until stop, which waits for the current run, and never after it")
    func repeats() async throws {
        let rounds = Monitor(0)
        let thread = try RepeatingThread {
            rounds.change { $0 += 1 }
            return 1
        }
        try await onOwnThread { rounds.wait { $0 >= 3 ? () : nil } }
        try await thread.stop()
        let done = rounds.withLock { $0 }
        SystemClock.sleep(nanoseconds: 20_000_000)
        #expect(rounds.withLock { $0 } == done)
        try await thread.stop()
    }

    @Test("stop ends a long pause at once")
    func pause() async throws {
        let thread = try RepeatingThread { 3_600_000 }
        try await thread.stop()
    }

    @Test("a task that waits for blocking work leaves its thread to other tasks")
    func pool() async throws {
        let gate = Monitor(false)
        // There are more waits than threads in the pool. Each waits for a task that could not run if they held it.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 { group.addTask { try await onOwnThread { gate.wait { $0 ? () : nil } } } }
            group.addTask { gate.change { $0 = true } }
            try await group.waitForAll()
        }
    }

    @Test("an error that blocking work throws reaches the task")
    func failure() async {
        struct Failure: Error {}
        await #expect(throws: Failure.self) { try await onOwnThread { throw Failure() } }
    }
}
