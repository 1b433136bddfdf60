// WakeupTests.swift — a wait that another thread ends.

import Testing
import VarvePlatform

@Suite struct WakeupTests {
    @Test("a signal before the wait is not lost, and clear takes it back")
    func signalled() throws {
        let wakeup = try Wakeup()
        #expect(!wakeup.wait(milliseconds: 0))
        wakeup.signal()
        wakeup.signal()
        #expect(wakeup.wait(milliseconds: 60_000))
        #expect(wakeup.wait(milliseconds: 60_000))
        wakeup.clear()
        #expect(!wakeup.wait(milliseconds: 0))
    }

    @Test("a signal ends a wait on another thread")
    func other() throws {
        let wakeup = try Wakeup()
        let thread = try WorkerThread { wakeup.signal() }
        #expect(wakeup.wait(milliseconds: 60_000))
        thread.join()
    }
}
