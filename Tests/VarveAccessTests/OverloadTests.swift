// OverloadTests.swift — the count of what waits, and what follows from it.

import Testing
import VarveAccess

@Suite struct OverloadTests {
    @Test("it refuses above 3/4, expels above 9/10 and is normal again only below 1/2")
    func states() {
        var queue = OverloadGuard(byteLimit: 1000, messageLimit: nil)
        func send(_ size: Int) -> OverloadGuard.State {
            queue.accepted(bytes: size)
            return queue.update()
        }
        func consume(_ size: Int) -> OverloadGuard.State {
            queue.take(.consumed(bytes: size, messages: 1))
            return queue.update()
        }
        #expect(send(750) == .normal)
        #expect(send(1) == .refusing)
        #expect(send(149) == .refusing)
        #expect(send(1) == .expelling)
        #expect(consume(101) == .expelling)
        #expect(consume(100) == .refusing)
        #expect(consume(199) == .refusing)
        #expect(consume(1) == .normal)
        #expect(consume(5000) == .normal)
        #expect(queue.bytes == 0 && queue.messages == 0)
    }

    @Test("many small messages count too, and an idle service clears the count")
    func messages() {
        var queue = OverloadGuard(byteLimit: nil, messageLimit: 10)
        for _ in 0..<8 { queue.accepted(bytes: 0) }
        #expect(queue.update() == .refusing)
        queue.take(.drained)
        #expect(queue.update() == .normal)
        var started = OverloadGuard(byteLimit: 10, messageLimit: nil, waitingBytes: 20)
        #expect(started.update() == .expelling)
    }

    @Test("reports are read back, and nothing else is a report")
    func reports() {
        func parse(_ text: String) -> ConsumptionReport? {
            Array(text.utf8).withUnsafeBytes { ConsumptionReport($0) }
        }
        for report in [ConsumptionReport.consumed(bytes: 12, messages: 3), .drained] {
            #expect(parse(report.text) == report)
        }
        #expect(parse("consumed 7") == .consumed(bytes: 7, messages: 0))
        for text in [
            "", "consumed", "consumed -1", "consumed x", "consumed 1 2 3", "drained 1", "drained x", "other",
        ] {
            #expect(parse(text) == nil, "\(text)")
        }
        #expect(parse("consumed " + String(repeating: "1", count: 100)) == nil)
    }
}
