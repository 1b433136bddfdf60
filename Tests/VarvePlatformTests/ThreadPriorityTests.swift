// ThreadPriorityTests.swift — work of low priority runs on a thread of its own, and the caller keeps its priority.

import Glibc
import Testing
import VarvePlatform

@Suite struct ThreadPriorityTests {
    private struct Failure: Error {}

    /// The nice value of the calling thread.
    private static func niceness() -> Int32 { getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) }

    @Test("background work has the nice value 10, the thread that waits for it keeps its own")
    func background() throws {
        let before = Self.niceness()
        let (inside, isOwn) = try withPriority(.background) { (Self.niceness(), pthread_self()) }
        #expect(inside == max(before, 10))
        #expect(isOwn != pthread_self())
        #expect(Self.niceness() == before)
    }

    @Test("work of usual priority runs on the calling thread")
    func usual() throws {
        let caller = pthread_self()
        #expect(try withPriority(.usual) { pthread_self() } == caller)
    }

    @Test("what the work throws reaches the caller")
    func failure() {
        #expect(throws: Failure.self) { try withPriority(.background) { throw Failure() } }
    }
}
