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

    @Test("a message of which something was left out is not remembered")
    func inPart() throws {
        var channel = channel()
        let topic = "sys/P/d1/thing/measurepoint/resume/batch"
        let text = request(
            "thing.measurepoint.resume.batch",
            "[{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\"int\":\"x\"}}]",
            "\"skipInvalidMeasurepoints\":true,")
        let empty = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"n2\":1,\"int\":null}}")
        for (text, topic) in [(text, topic), (empty, TestChannel.topic)] {
            for second in 0..<2 {
                let answers = try channel.post(text, client: "gw", at: [Int64(second)], topic: topic)
                #expect(answers.map(\.code) == [200] && answers[0].data["replayed"] == nil, "\(answers)")
            }
        }
        #expect(channel.sink.rows("d1", "num").count == 2 && channel.sink.rows("d1", "n2").count == 2)
    }

    @Test("a message is remembered also if the policy does not store a part of it")
    func notStored() throws {
        var channel = TestChannel(policy: { $0.key.point == "n2" ? .notStored($0) : .found($0) })
        channel.directory.change { $0.settings = ProductSettings(resendWindow: 60 * Self.second) }
        let answers = try channel.post(Self.timeless, client: "gw", at: [0, 1])
        #expect(answers.map(\.data) == [["notStored": 1], ["replayed": 1, "notStored": 1]])
        #expect(channel.sink.rows("d1", "num").count == 1)
    }

    @Test("what was stored is not a replay after a change of the registry")
    func registryChange() throws {
        var channel = channel()
        #expect(try channel.post(Self.timeless, client: "gw", at: [0])[0].data == [:])
        channel.directory.change { $0.models["Q"] = "M" }
        #expect(try channel.post(Self.timeless, client: "gw", at: [1])[0].data == [:])
        #expect(try channel.post(Self.timeless, client: "gw", at: [2])[0].data == ["replayed": 2])
    }

    @Test("the memory forgets all at a deletion or another registry, and what retention may have removed")
    func removals() {
        func finds(_ removals: SampleRemovals?, generation: UInt64 = 1) -> Bool {
            var memory = ResendMemory()
            memory.check(generation: 1) { SampleRemovals(newest: 3) }
            memory.add([1], ResendMemory.Entry(arrival: 10, samples: 1, commit: 7))
            memory.beginCommit()
            memory.check(generation: generation) { removals }
            return memory.find([1], arrival: 11, window: 5) != nil
        }
        #expect(finds(SampleRemovals(newest: 3)))
        #expect(!finds(SampleRemovals(newest: 3), generation: 2))
        #expect(!finds(SampleRemovals(newest: 4)))
        #expect(!finds(nil))
        #expect(finds(SampleRemovals(newest: 3, expiredTime: 9, expiredCommit: 7)))
        #expect(!finds(SampleRemovals(newest: 3, expiredTime: 10)))
        #expect(!finds(SampleRemovals(newest: 3, expiredCommit: 8)))
    }

    @Test("samples that were too old, or gave way to others, are not remembered as stored")
    func tooOld() {
        for (expired, superseded) in [(UInt64(1), UInt64(0)), (0, 1), (0, 0)] {
            var receipt = Receipt()
            (receipt.accepted, receipt.expired, receipt.superseded) = (2, expired, superseded)
            let outcomes: [Result<BatchOutcome, RequestFailure>] = [
                .success(BatchOutcome(receipt: receipt, isReplay: false, commit: 4))
            ]
            var memory = ResendMemory()
            _ = memory.outcome(of: .batch(0, key: [1]), outcomes, arrival: TestChannel.arrival)
            #expect(memory.count == (expired + superseded == 0 ? 1 : 0))
            guard
                case .success(let copy) = memory.outcome(
                    of: .copy(of: 0), outcomes, arrival: TestChannel.arrival)
            else { continue }
            #expect(copy.receipt.expired == expired && copy.receipt.replayed == 2 + superseded)
        }
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
