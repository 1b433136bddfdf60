// MessageSliceTests.swift — how messages that were read at once are split into commits.

import Testing
import VarveModel

@testable import VarveIntegration

@Suite struct MessageSliceTests {
    private func group(payloads sizes: [Int], topic: String = "t") -> MessageGroup {
        var group = MessageGroup()
        let topic = Array(topic.utf8)
        for size in sizes {
            let payload = [UInt8](repeating: 0x20, count: size)
            topic.withUnsafeBytes { topic in
                payload.withUnsafeBytes {
                    group.append(topic: topic, payload: $0, qos: 1, arrival: Timestamp(nanoseconds: 0))
                }
            }
        }
        return group
    }

    private func slices(_ group: MessageGroup, messages: Int, bytes: Int) -> [Range<Int>] {
        var slices: [Range<Int>] = []
        while (slices.last?.upperBound ?? 0) < group.count {
            slices.append(group.slice(from: slices.last?.upperBound ?? 0, messages: messages, bytes: bytes))
        }
        return slices
    }

    @Test("slices follow each other without a gap, none above the limit of messages")
    func messages() {
        let group = group(payloads: Array(repeating: 10, count: 70_000))
        let slices = slices(group, messages: 4096, bytes: .max)
        #expect(slices.count == 18 && slices.last == (17 * 4096)..<70_000)
        #expect(slices.dropLast().allSatisfy { $0.count == 4096 })
        #expect(zip(slices, slices.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }

    @Test("a slice is within the limit of bytes, topics counted, and a larger message is alone")
    func bytes() {
        let small = group(payloads: [100, 100, 100, 5000, 100, 100])
        // Each message takes 129 bytes besides its payload.
        #expect(slices(small, messages: 100, bytes: 500) == [0..<2, 2..<3, 3..<4, 4..<6])
        #expect(slices(small, messages: 100, bytes: 458) == [0..<2, 2..<3, 3..<4, 4..<6])
        #expect(slices(small, messages: 100, bytes: 457) == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<6])
        #expect(slices(small, messages: 0, bytes: 0).count == 6, "each alone")
        let long = group(payloads: [0, 0, 0], topic: String(repeating: "x", count: 60_000))
        #expect(slices(long, messages: 100, bytes: 100_000).count == 3, "the topics count")
        #expect(long.heldBytes == 3 * 60_128)
    }
}
