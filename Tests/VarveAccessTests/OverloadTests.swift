// OverloadTests.swift — the count of each product's waiting messages, and what follows from it.

import Testing
import VarveAccess
import VarveChannel

@Suite struct OverloadTests {
    private static let second: Int64 = 1_000_000_000

    /// A guard, and a clock that goes forward by a millisecond with each use.
    private struct Queue {
        var load: OverloadGuard
        var now: Int64 = 0

        init(bytes: Int? = nil, messages: Int? = nil) {
            load = OverloadGuard(byteLimit: bytes, messageLimit: messages)
        }

        mutating func send(_ product: String, _ cost: Int) -> OverloadGuard.Answer {
            now += 1_000_000
            return load.accept(cost: cost, product: product, now: now)
        }

        mutating func consume(_ product: String, _ cost: Int, _ messages: Int = 1) {
            now += 1_000_000
            load.apply(.consumed([.init(cost: cost, messages: messages, product: product)]), now: now)
        }

        mutating func update(isReading: Bool = false) -> [String: OverloadGuard.Change] {
            now += 1_000_000
            let changes = load.update(now: now, isReading: isReading)
            return Dictionary(changes.map { ($0.product, $0.change) }) { $1 }
        }

        func isOpen(_ product: String) -> Bool { load.refusal(product: product, now: now) == nil }
    }

    @Test("a product is closed above 5/8, full above 3/4 and open again below 1/2 of the budget")
    func parts() {
        var queue = Queue(bytes: 1000)
        #expect(queue.send("a", 625) == .taken)
        #expect(queue.update() == [:])
        #expect(queue.isOpen("a"))
        #expect(queue.send("a", 1) == .taken)
        #expect(queue.update() == ["a": .closed])
        #expect(!queue.isOpen("a") && queue.isOpen("b"))
        #expect(queue.update() == [:], "told once")
        #expect(queue.send("a", 124) == .taken)
        #expect(queue.update() == [:])
        #expect(queue.send("a", 1) == .refused)
        #expect(queue.update() == ["a": .full])
        #expect(queue.load.bytes == 750, "what is refused is not seenBytes")
        #expect(queue.send("a", 1) == .refused)
        #expect(queue.update() == ["a": .stillSending])
        queue.consume("a", 249)
        #expect(queue.update() == [:])
        #expect(!queue.isOpen("a"))
        queue.consume("a", 1)
        #expect(queue.update() == ["a": .open])
        #expect(queue.isOpen("a"))
    }

    @Test("the product that fills the queue is turned away, others have room until they fill it too")
    func shares() {
        var queue = Queue(bytes: 3200)
        #expect(queue.send("flood", 2400) == .taken)
        #expect(queue.send("flood", 1) == .refused)
        #expect(queue.send("second", 400) == .taken)
        #expect(
            queue.send("second", 1) == .refused, "the last eighth is for products that have little waiting")
        #expect(queue.update() == ["flood": .full, "second": .full])
        for _ in 0..<9 {
            #expect(queue.isOpen("small"))
            #expect(queue.send("small", 10) == .taken)
        }
        #expect(queue.update() == [:])
        #expect(!queue.isOpen("flood") && !queue.isOpen("second"))
        #expect(queue.load.bytes == 2890)
    }

    @Test("many small messages count too, and an idle service clears the counts")
    func messages() {
        var queue = Queue(messages: 16)
        for _ in 0..<12 { #expect(queue.send("a", 0) == .taken) }
        #expect(queue.update() == ["a": .closed])
        queue.load.apply(.drained, now: queue.now)
        #expect(queue.load.messages == 0 && queue.load.bytes == 0)
        #expect(queue.update() == ["a": .open])
    }

    @Test("messages found at the start count, and no report takes a count below zero or from another product")
    func counts() {
        var queue = Queue(bytes: 1000)
        queue.load.addWaitingAtStart(bytes: 700, messages: 3, product: "a")
        #expect(queue.update() == ["a": .closed])
        queue.consume("b", 500)
        queue.consume("a", 50)
        #expect(queue.load.waiting(product: "a") == (650, 2))
        queue.consume("a", .max, .max)
        #expect(queue.load.waiting(product: "a") == (0, 0))
        #expect(queue.load.bytes == 0 && queue.load.messages == 0)
        #expect(queue.send("c", 100) == .taken)
        queue.consume("", 60)
        #expect(queue.load.waiting(product: "c").bytes == 40, "without a name it is taken from the fullest")
    }

    /// Makes the service read so many messages a second from a backlog of the product "flood".
    private func measured(perSecond rate: Int) -> Queue {
        var queue = Queue(bytes: 1 << 30)
        for _ in 0..<60_000 { #expect(queue.send("flood", 1100) == .taken) }
        for _ in 0..<30 {
            queue.now += Self.second / 10
            queue.consume("flood", 1100 * rate / 10, rate / 10)
        }
        return queue
    }

    @Test("a backlog that others wait behind is paused, longer each time, and only while there are others")
    func burden() {
        var queue = measured(perSecond: 5000)
        #expect(queue.update(isReading: true) == [:], "there is nobody else")
        #expect(queue.send("small", 1100) == .taken)
        #expect(queue.update(isReading: false) == [:], "nobody waits for a service that is away")
        #expect(queue.update(isReading: true) == ["flood": .paused(seconds: 0.5)])
        #expect(!queue.isOpen("flood") && queue.isOpen("small"))
        #expect(queue.update(isReading: true) == [:])
        _ = queue.send("flood", 1100)
        #expect(queue.update(isReading: true) == ["flood": .stillSending])
        for seconds in [1.0, 2, 4, 8, 8] {
            queue.now += Int64(seconds * Double(Self.second))
            _ = queue.send("flood", 1100)
            #expect(queue.update(isReading: true) == ["flood": .paused(seconds: seconds)])
        }
        let left = queue.load.waiting(product: "flood")
        queue.consume("flood", left.bytes, left.messages)
        queue.now += 8 * Self.second
        #expect(queue.update(isReading: true) == ["flood": .open])
        #expect(queue.isOpen("flood"))
    }

    @Test(
        "a small backlog, or one that the service reads within the time that others may wait, is not a burden"
    )
    func noBurden() {
        var fast = measured(perSecond: 19_000)
        #expect(fast.load.messages == 3000, "less than 0.3 s at 19,000 a second")
        _ = fast.send("small", 1100)
        #expect(fast.update(isReading: true) == [:])
        var slow = measured(perSecond: 100)
        let left = slow.load.waiting(product: "flood")
        slow.consume("flood", left.bytes - 1100 * 900, left.messages - 900)
        _ = slow.send("small", 1100)
        #expect(slow.update(isReading: true) == [:])
    }

    @Test("products of about the same backlog do not pause each other")
    func equals() {
        var queue = measured(perSecond: 2000)
        for _ in 0..<40_000 { _ = queue.send("other", 1100) }
        #expect(queue.update(isReading: true) == [:])
    }

    @Test("a product that sent nothing for two minutes does not count as a neighbour")
    func inactive() {
        var queue = Queue(bytes: 1 << 30)
        _ = queue.send("small", 1100)
        queue.now += 121 * Self.second
        for _ in 0..<60_000 { _ = queue.send("flood", 1100) }
        #expect(queue.update(isReading: true) == [:])
    }
}
