// MessageProcessorTests.swift — groups of messages: each gets its own answer, and one failure of the store fails all.

import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite struct MessageProcessorTests {
    @Test(
        "the id comes back byte for byte",
        arguments: ["\"123\"", "123", "-1.50e3", "\"a\\u0062\\\"\"", "null", "\"é\"", "\"\""])
    func ids(id: String) throws {
        var channel = TestChannel()
        let answer = try channel.post(payload("", id: id))
        #expect(answer.text == "{\"id\":\(id),\"code\":200,\"data\":{}}")
        #expect(try channel.post("{\"id\":\(id),\"method\":\"x\",\"params\":[]}").id == id)
        #expect(try channel.post("{\"id\":\(id),").id == id)
    }

    @Test("without a usable id the answer's id is null")
    func noID() throws {
        var channel = TestChannel()
        #expect(try channel.post("{\"method\":\"integration.measurepoint.post\",\"params\":[]}").id == "null")
        #expect(try channel.post("nonsense").id == "null")
        let long = "\"" + String(repeating: "x", count: 1023) + "\""
        #expect(try channel.post(payload("", id: long)).code == 1220)
        #expect(
            try channel.post(payload("", id: "\"" + String(repeating: "x", count: 1022) + "\"")).code == 200)
    }

    @Test("the answer goes to the topic as sent with _reply, and its QoS is at most 1")
    func topics() throws {
        var channel = TestChannel()
        for topic in ["/sys/P/integration/measurepoint/post", "sys/P/integration/measurepoint/post"] {
            for qos in [0, 1, 2] as [Int32] {
                let answer = try channel.post(payload(""), topic: topic, qos: qos)
                #expect(answer.code == 200 && answer.topic == topic + "_reply" && answer.qos == min(qos, 1))
            }
        }
    }

    @Test(
        "topics of later versions and unknown topics are 1009",
        arguments: [
            ("/sys/P/integration/model/up_raw", "format json"), ("/sys/P/integration/up_raw", "format json"),
            ("sys/P/d1/thing/model/up_raw", "format json"), ("/sys/P/integration/events/post", "unknown"),
            ("/sys/P/d1/thing/measurepoint/post", "unknown"),
            ("/sys/P", "unknown"), ("/sys//integration/measurepoint/post", "unknown"), ("sys/", "unknown"),
            ("/sys/P/integration/measurepoint/post/", "unknown"),
            ("//sys/P/integration/measurepoint/post", "unknown"),
            ("/sys/P//thing/measurepoint/resume", "unknown"), ("/", "unknown"), ("", "unknown"),
            ("/sys/Q/integration/measurepoint/post", "no product Q"),
        ])
    func unknownTopics(topic: String, part: String) throws {
        var channel = TestChannel()
        let answer = try channel.post(reading("num", "1"), topic: topic)
        #expect(answer.code == 1009 && answer.id == "\"7\"" && answer.topic == topic + "_reply")
        #expect(answer.message?.contains(part) == true)
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("a reply is never answered")
    func replies() throws {
        var channel = TestChannel()
        #expect(
            try channel.post([Array("{}".utf8)], topic: "/sys/P/integration/measurepoint/post_reply").isEmpty)
        #expect(channel.log.events.map(\.code) == [.unknownTopic])
    }

    @Test("an empty payload is 1251; one over the limit is 1008 with its id")
    func sizes() throws {
        var limits = MessageLimits()
        limits.payloadBytes = 300
        var channel = TestChannel(limits)
        #expect(try channel.post("").code == 1251)
        let fits = payload("", id: "5")
        #expect(try channel.post(fits + String(repeating: " ", count: 300 - fits.utf8.count)).code == 200)
        let answer = try channel.post(fits + String(repeating: " ", count: 301 - fits.utf8.count))
        #expect(answer.code == 1008 && answer.id == "5")
        #expect(answer.message?.contains("301") == true && answer.message?.contains("300") == true)
        // Only the first 64 KiB are searched for the id.
        let far = "{\"x\":\"\(String(repeating: "x", count: 100_000))\",\"id\":1}"
        #expect(try channel.post(far).id == "null")
        #expect(channel.log.events.last?.payloadBytes == far.utf8.count)
    }

    @Test("good and bad neighbours in one group keep their answers, and one commit takes all good ones")
    func neighbours() throws {
        var channel = TestChannel()
        channel.sink.withState { $0.refusedText = "too long" }
        let texts = [
            reading("num", "1"), "{", reading("text", "\"too long\""), reading("num", "\"x\""),
            reading("num", "2"),
            payload("{\"deviceKey\":\"nobody\",\"measurepoints\":{\"num\":1}}"), "", reading("num", "1"),
        ]
        let answers = try channel.post(texts.map { Array($0.utf8) })
        #expect(answers.map(\.code) == [200, 1220, 1204, 1204, 200, 1257, 1251, 200])
        #expect(answers[2].message?.contains("the text is too long") == true)
        #expect(channel.sink.withState { $0.groups.map(\.count) } == [4])
        let events = channel.log.events
        #expect(events.map(\.isReplay) == [false, false, false, false, false, false, false, true])
        #expect(events.map { $0.receipt?.accepted } == [1, nil, nil, nil, 0, nil, nil, 0])
        #expect(events.map { $0.receipt?.corrected } == [0, nil, nil, nil, 1, nil, nil, 0])
        #expect(events.last?.receipt?.replayed == 1)
        #expect(answers.map(\.data) == Array(repeating: [:], count: 7) + [["replayed": 1]])
        #expect(
            events.filter { $0.reason != nil }.map(\.code.rawValue) == [
                1220, 1204, 1204, 1257, 1251,
            ])
        #expect(events.compactMap(\.category) == [.json, .model, .model, .device, .json])
    }

    @Test("a failing store fails the group, logs nothing, and the same group works later")
    func failingSink() throws {
        var channel = TestChannel()
        channel.sink.withState { $0.failures = 1 }
        #expect(throws: FakeStore.DiskFailure.self) { try channel.post(reading("num", "1")) }
        #expect(channel.log.events.isEmpty)
        #expect(try channel.post(reading("num", "1")).code == 200)
    }

    @Test("a failing registry fails the group")
    func failingDirectory() throws {
        var channel = TestChannel()
        channel.directory.withState { $0.fails = true }
        #expect(throws: FakeDirectory.Failure.self) { try channel.post(reading("num", "1")) }
        channel.directory.withState { $0.fails = false }
        #expect(try channel.post(reading("num", "1")).code == 200)
    }

    @Test("the registry is asked once for a point, until the registry changes")
    func caching() throws {
        var channel = TestChannel()
        for _ in 0..<3 { #expect(try channel.post(reading("num", "1.5")).code == 200) }
        #expect(channel.directory.lookUps == 1)
        channel.directory.change { $0.points["M"]?["num"] = .string }
        #expect(try channel.post(reading("num", "1.5")).code == 1204)
        #expect(try channel.post(reading("num", "\"x\"")).code == 200)
        #expect(channel.directory.lookUps == 2)
    }

    @Test("the registry is asked each time for what it does not know")
    func unknownIsAsked() throws {
        var channel = TestChannel()
        #expect(try channel.post(reading("later", "1")).code == 1204)
        #expect(try channel.post(reading("later", "1")).code == 1204)
        #expect(channel.directory.lookUps == 2)
        // The generation does not change either, as when something is added to a registry.
        channel.directory.withState { $0.points["M"]?["later"] = .double }
        #expect(try channel.post(reading("later", "1")).code == 200)
    }

    @Test("products share nothing")
    func products() throws {
        var channel = TestChannel()
        channel.directory.change { state in
            state.devices["Q"] = ["d1"]
            state.models["Q"] = "M"
        }
        for round in 0..<2 {
            for product in ["P", "Q"] {
                let topic = "sys/\(product)/integration/measurepoint/post"
                let text = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1},\"time\":\(round)}")
                #expect(try channel.post(text, topic: topic).code == 200)
            }
        }
        #expect(channel.sink.rows("d1", "num").count == 2)
        #expect(channel.sink.rows("d1", "num", product: "Q").count == 2)
        #expect(channel.directory.lookUps == 2)
        let answer = try channel.post(
            payload("{\"deviceKey\":\"d2\",\"measurepoints\":{\"num\":1}}"),
            topic: "sys/Q/integration/measurepoint/post")
        #expect(answer.code == 1257)
    }

    @Test("an event has what the channel's log shows")
    func events() throws {
        var limits = MessageLimits()
        limits.loggedBytes = 10
        var channel = TestChannel(limits)
        let text = reading("num", "1")
        _ = try channel.post(text)
        let event = try #require(channel.log.events.first)
        #expect(event.code == .success && event.product == "P" && event.topic == TestChannel.topic)
        #expect(event.id == "\"7\"" && event.payloadBytes == text.utf8.count)
        #expect(event.excerpt == Array(text.utf8.prefix(10)) && event.time == TestChannel.arrival)
    }

    @Test("an event has the items, the commit and the latency of its message, and the device if there is one")
    func eventFields() throws {
        var channel = TestChannel()
        func item(_ device: String, _ time: Int) -> String {
            #"{"deviceKey":"\#(device)","measurepoints":{"num":1,"int":2},"time":\#(time)}"#
        }
        let one = payload([item("d1", 1), item("d1", 2)].joined(separator: ","))
        let two = payload([item("d1", 3), item("d2", 3)].joined(separator: ","))
        let none = payload(#"{"deviceKey":"d1","measurepoints":{},"time":1}"#)
        for text in [one, two, one, none, "{"] { _ = try channel.post(text) }
        let events = channel.log.events
        #expect(events.map(\.items) == [2, 2, 2, 1, nil])
        #expect(events.map(\.device) == ["d1", nil, "d1", nil, nil])
        #expect(events[0].commit != nil && events[2].commit != nil)
        #expect(events[1].commit != events[0].commit && events[3].commit == nil && events[4].commit == nil)
        // The arrival is in the future of the clock, and no latency is negative.
        #expect(events.allSatisfy { $0.latency == 0 })
        #expect(events.map(\.category) == [nil, nil, nil, nil, .json])
    }

    @Test(
        "oddities of an accepted message are in the log, and not in the answer",
        arguments: [
            (#"{"deviceKey":"d1","measurepoints":{"num":1},"time":1714557600}"#, "1970-01-20T20:15:57.6Z"),
            (#"{"deviceKey":"d1","measurepoints":{"num":1},"Time":1714557600000}"#, "passed over: Time"),
            (#"{"deviceKey":"d1","measurepoints":{"num":1}}"#, "1 without time"),
            (#"{"deviceKey":"d1","measurepoints":{"num":{"value":1,"qualty":1}},"time":5}"#, "qualty"),
            (#"{"deviceKey":"d1","measurepoints":{"num":null},"time":5}"#, "1 without value and quality"),
        ])
    func notes(item: String, note: String) throws {
        var channel = TestChannel()
        let answer = try channel.post(payload(item))
        #expect(answer.code == 200 && answer.message == nil)
        let event = try #require(channel.log.events.first)
        #expect(event.note?.contains(note) == true, "\(event.note ?? "no note")")
        #expect(event.reason == nil)
    }

    @Test("an ordinary message has no note, not even after an odd one")
    func noNote() throws {
        var channel = TestChannel()
        _ = try channel.post(payload(#"{"deviceKey":"d1","measurepoints":{"num":null},"x":1}"#))
        _ = try channel.post(payload(#"{"deviceKey":"d1","measurepoints":{"num":1},"time":1714557600000}"#))
        #expect(channel.log.events.map { $0.note == nil } == [false, true])
    }

    @Test("a message without a sample is never called a replay")
    func nothingTwice() throws {
        var channel = TestChannel()
        for _ in 0..<2 { _ = try channel.post(reading("num", "null")) }
        #expect(channel.log.events.map(\.isReplay) == [false, false])
    }

    @Test(
        "an answer names the client of its message, echoes correlation data, and goes to a response topic that fits"
    )
    func address() throws {
        var channel = TestChannel()
        let usual = TestChannel.topic + "_reply"
        for (wanted, used) in [
            (nil, usual), ("/sys/P/integration/mine_reply", "/sys/P/integration/mine_reply"), ("mine", usual),
            ("/sys/Q/integration/mine_reply", usual), ("", usual),
        ] as [(String?, String)] {
            for text in [reading("num", "1"), "{"] {
                let found = try channel.address(
                    text, client: "gw", responseTopic: wanted, correlation: [0, 255])
                #expect(found == (used, "gw", [0, 255]), "\(wanted ?? "-")")
            }
        }
        let plain = try channel.address(reading("num", "1"), client: nil, responseTopic: nil, correlation: [])
        #expect(plain == (usual, nil, []))
    }
}
