// ConsumptionTallyTests.swift — what is reported about the messages of a group.

import Testing
import VarveAccess
import VarveChannel
import VarveTestSupport

@testable import VarveIntegration

@Suite struct ConsumptionTallyTests {
    @Test("costs are summed by product: the cost that the plugin gave, else payload, topic and 1 KiB")
    func sums() {
        var tally = ConsumptionTally()
        for (topic, payload, cost) in [
            ("/sys/a/x", 10, nil), ("/sys/b/x", 20, nil), ("sys/a/y", 30, 5000), ("other", 1, nil),
            ("/sys/a/x", 0, nil), ("/sys/b/x", 0, -7),
        ] as [(String, Int, Int?)] {
            Array(topic.utf8).withUnsafeBytes { tally.add(topic: $0, payloadBytes: payload, cost: cost) }
        }
        #expect(
            tally.report
                == .consumed([
                    .init(cost: 10 + 8 + 1024 + 5000 + 8 + 1024, messages: 3, product: "a"),
                    .init(cost: 20 + 8 + 1024, messages: 2, product: "b"),
                    .init(cost: 1 + 5 + 1024, messages: 1, product: ""),
                ]))
        tally.removeAll()
        #expect(tally.report == .consumed([]))
        for _ in 0..<2 {
            Array("/sys/a/x".utf8).withUnsafeBytes { tally.add(topic: $0, payloadBytes: 1, cost: .max) }
        }
        #expect(tally.report == .consumed([.init(cost: .max, messages: 2, product: "a")]))
    }
}
