// ResendTests.swift — a message without times that comes again: where a product has a resend window, and without one.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Messages without times that come again")
struct ResendTests {
    private static let timeless = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\"n2\":2}}")
    private static let second: Int64 = 1_000_000_000

    /// A channel whose product has a window of a minute.
    private func channel(window: Int64 = 60) -> TestChannel {
        let channel = TestChannel()
        channel.directory.change { $0.settings = ProductSettings(resendWindow: window * Self.second) }
        return channel
    }

    @Test("without a window each copy is stored")
    func off() throws {
        var channel = TestChannel()
        for _ in 0..<2 { _ = try channel.post(Self.timeless, client: "gw", at: [0, 1]) }
        #expect(channel.sink.rows("d1", "num").count == 4)
        #expect(channel.log.events.allSatisfy { !$0.isReplay })
    }

    @Test("within the window a copy is a replay, in the same commit and in later ones")
    func within() throws {
        var channel = channel()
        let first = try channel.post(Self.timeless, client: "gw", at: [0, 1])
        #expect(first.map(\.code) == [200, 200] && first.map(\.data) == [[:], ["replayed": 2]])
        let later = try channel.post(Self.timeless, client: "gw", at: [59])
        #expect(later.map(\.code) == [200] && later.map(\.data) == [["replayed": 2]])
        #expect(channel.sink.rows("d1", "num").count == 1)
        #expect(channel.log.events.map(\.isReplay) == [false, true, true])
        #expect(channel.log.events.map { $0.receipt?.replayed } == [0, 2, 2])
        // The window begins with the message that was stored, not with its last copy.
        #expect(try channel.post(Self.timeless, client: "gw", at: [60]).map(\.data) == [[:]])
        #expect(try channel.post(Self.timeless, client: "gw", at: [119]).map(\.data) == [["replayed": 2]])
        #expect(channel.sink.rows("d1", "num").count == 2)
    }

    @Test("another client, id, content or topic makes another message")
    func others() throws {
        var channel = channel()
        let item = "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1}}"
        let texts = [payload(item), payload(item, id: "8"), payload(item + " "), payload(item, id: "\"8\"")]
        for text in texts {
            for client in ["a", "b"] {
                #expect(try channel.post(text, client: client, at: [0])[0].data == [:])
            }
        }
        let topic = "sys/P/integration/measurepoint/post"
        #expect(try channel.post(texts[0], client: "a", at: [0], topic: topic)[0].data == [:])
        #expect(channel.sink.rows("d1", "num").count == 9)
    }

    @Test("a message without an id or without a known client is never a replay")
    func unidentified() throws {
        var channel = channel()
        let item = "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1}}"
        let plain = "{\"method\":\"integration.measurepoint.post\",\"params\":[\(item)]}"
        for (text, client) in [(plain, "a"), (payload(item, id: "null"), "a"), (payload(item), nil)] {
            #expect(try channel.post(text, client: client, at: [0, 1]).map(\.data) == [[:], [:]])
        }
        #expect(channel.sink.rows("d1", "num").count == 6)
    }

    @Test("a message of attributes that comes again is a replay too; one with times is the store's matter")
    func attributes() throws {
        var channel = channel()
        let item = "{\"deviceKey\":\"d1\",\"attributes\":{\"serial\":1}}"
        let text = request("integration.attribute.post", "[\(item)]")
        let topic = "sys/P/integration/attribute/post"
        let answers = try channel.post(text, client: "gw", at: [0, 5], topic: topic)
        #expect(answers.map(\.data) == [[:], ["replayed": 1]])
        #expect(channel.sink.rows("d1", "$attribute/serial").count == 1)
        #expect(
            try channel.post(reading("num", "1"), client: "gw", at: [0, 1]).last?.data == ["replayed": 1])
        #expect(channel.sink.withState { $0.replays } == 1)
    }

    @Test("what was not stored is not remembered")
    func refused() throws {
        var channel = channel()
        channel.sink.withState { $0.refusedText = "no" }
        let bad = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"text\":\"no\"}}")
        #expect(try channel.post(bad, client: "gw", at: [0, 1]).map(\.code) == [1204, 1204])
        channel.sink.withState { $0.refusedText = nil }
        #expect(try channel.post(bad, client: "gw", at: [2])[0].data == [:])
        channel.sink.withState { $0.failures = 1 }
        #expect(throws: FakeStore.DiskFailure.self) { try channel.post(Self.timeless, client: "gw", at: [0]) }
        #expect(try channel.post(Self.timeless, client: "gw", at: [1])[0].data == [:])
        #expect(channel.sink.rows("d1", "num").count == 1 && channel.sink.rows("d1", "text").count == 1)
    }

    @Test("the memory keeps at most 65,536 messages and 32 MiB, the newest ones")
    func bounds() {
        func key(_ number: Int, _ count: Int) -> [UInt8] {
            Array("\(number) ".utf8) + [UInt8](repeating: 0, count: count)
        }
        for (size, kept) in [(0, ResendMemory.maximumEntries), (1 << 20, 31)] {
            var memory = ResendMemory()
            let total = kept + 40
            for number in 0..<total {
                memory.add(key(number, size), ResendMemory.Entry(arrival: 0, samples: 1, commit: 1))
                #expect(memory.bytes <= ResendMemory.maximumBytes)
            }
            #expect(memory.count == kept)
            #expect(memory.find(key(total - kept - 1, size), arrival: 0, window: 1) == nil)
            for number in [total - kept, total - 1] {
                #expect(memory.find(key(number, size), arrival: 0, window: 1) != nil)
            }
        }
        // The same message again and again takes the places of others only for a while.
        var memory = ResendMemory()
        for round in 0..<(3 * Int64(ResendMemory.maximumEntries)) {
            memory.add([1], ResendMemory.Entry(arrival: round, samples: 1, commit: 1))
        }
        #expect(memory.count == 1)
        #expect(memory.find([1], arrival: 3 * Int64(ResendMemory.maximumEntries), window: 2) != nil)
    }
}
