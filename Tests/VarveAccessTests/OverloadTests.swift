// OverloadTests.swift — the count of what waits, and what follows from it.

import Testing
import VarveAccess

@Suite struct OverloadTests {
    @Test("it refuses above 3/4, expels above 9/10 and is normal again only below 1/2")
    func states() {
        var queue = OverloadGuard(byteLimit: 1000, messageLimit: nil)
        func send(_ size: Int) -> OverloadGuard.State {
            queue.accepted(cost: size)
            return queue.update()
        }
        func consume(_ size: Int) -> OverloadGuard.State {
            queue.take(
                .consumed([
                    .init(cost: size - 1, messages: 1, product: "a"),
                    .init(cost: 1, messages: 0, product: ""),
                ]))
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
        for _ in 0..<8 { queue.accepted(cost: 0) }
        #expect(queue.update() == .refusing)
        queue.take(.drained)
        #expect(queue.update() == .normal)
        var started = OverloadGuard(byteLimit: 10, messageLimit: nil, waitingBytes: 20)
        #expect(started.update() == .expelling)
    }

    @Test("no report and no message brings a count below 0 or over the edge of a number")
    func edges() {
        var queue = OverloadGuard(byteLimit: 1000, messageLimit: nil)
        queue.take(.consumed([.init(cost: .max, messages: .max, product: "a")]))
        #expect(queue.bytes == 0 && queue.messages == 0)
        queue.accepted(cost: .max)
        queue.accepted(cost: .max)
        #expect(queue.bytes == .max && queue.update() == .expelling)
        queue.take(.consumed([.init(cost: .max, messages: .max, product: "a")]))
        #expect(queue.bytes == 0 && queue.messages == 0)
    }

    private func parse(_ text: String) -> ConsumptionReport? { parse(Array(text.utf8)) }
    private func parse(_ bytes: [UInt8]) -> ConsumptionReport? {
        bytes.withUnsafeBytes { ConsumptionReport($0) }
    }

    @Test("reports are read back, and nothing else is a report")
    func reports() {
        let lines: [ConsumptionReport.Line] = [
            .init(cost: 12, messages: 3, product: "pk"), .init(cost: .max, messages: 0, product: ""),
            .init(cost: 0, messages: 1, product: "with spaces \u{301}"),
        ]
        for report in [ConsumptionReport.consumed(lines), .drained] {
            #expect(report.payloads.compactMap(parse) == [report])
        }
        #expect(parse("consumed 7 1") == .consumed([.init(cost: 7, messages: 1, product: "")]))
        for text in [
            "", "consumed", "consumed 1", "consumed -1 1", "consumed +1 1", "consumed x 1", "consumed 1 1 ",
            "consumed 1  1", "drained 1", "drained\n", "consumed 1 1 a\n", "\nconsumed 1 1", "other",
            "consumed 1 1 a\ndrained", "consumed 9223372036854775808 1 a", "consumed 1 99999999999999999999",
            "consumed 1 1 " + String(repeating: "x", count: 1025),
        ] {
            #expect(parse(text) == nil, "\(text.prefix(40))")
        }
        #expect(parse(Array("consumed 1 1 ".utf8) + [0xFF]) == nil, "not UTF-8")
        #expect(
            parse(Array("consumed 1 1 a\n".utf8) + [0xCC, 0x81]) == nil,
            "a line that is only a combining mark")
    }

    @Test("a report of many products is parted into payloads of at most 64 KiB, and none longer is read")
    func manyProducts() throws {
        let lines = (0..<5000).map {
            ConsumptionReport.Line(
                cost: $0, messages: 1, product: "p\($0)" + String(repeating: "x", count: 40))
        }
        let payloads = ConsumptionReport.consumed(lines).payloads
        #expect(payloads.count > 1 && payloads.allSatisfy { $0.count <= ConsumptionReport.maximumBytes })
        var read: [ConsumptionReport.Line] = []
        for payload in payloads {
            guard case .consumed(let part)? = parse(payload) else { continue }
            read += part
        }
        #expect(read == lines)
        let line = Array("consumed 1 1 a\n".utf8)
        #expect(parse(Array(repeatElement(line, count: 5000).joined()) + Array("consumed 1 1".utf8)) == nil)
    }

    @Test("a product that is too long for a report is told without its name")
    func longProduct() {
        let report = ConsumptionReport.consumed([
            .init(cost: 1, messages: 1, product: String(repeating: "x", count: 1025))
        ])
        #expect(report.payloads.compactMap(parse) == [.consumed([.init(cost: 1, messages: 1, product: "")])])
    }
}
