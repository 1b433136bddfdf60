// ResumeTests.swift — the topics of devices: whose readings they take, their switches, and times in seconds.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Resume")
struct ResumeTests {
    private static let topic = "/sys/P/d1/thing/measurepoint/resume"
    private static let batchTopic = "/sys/P/d1/thing/measurepoint/resume/batch"
    private static let good = "\"measurepoints\":{\"num\":1},\"time\":1700000000000"

    private func single(_ params: String) -> String { request("thing.measurepoint.resume", params) }

    private func batch(_ items: String, _ members: String = "") -> String {
        request("thing.measurepoint.resume.batch", "[\(items)]", members)
    }

    @Test(
        "a number below 10^11 is seconds, and the log notes it",
        arguments: [
            ("1700000000", 1_700_000_000_000_000_000, true),
            ("1700000000.25", 1_700_000_000_250_000_000, true),
            ("1732999999.1234567", 1_732_999_999_123_456_700, true),
            ("1.7e9", 1_700_000_000_000_000_000, true),
            ("-5", -5_000_000_000, true), ("9000000000", 9_000_000_000_000_000_000, true), ("0", 0, false),
            ("0.000000001", 1, true),
            ("100000000000", 100_000_000_000_000_000, false),
            ("1700000000000", 1_700_000_000_000_000_000, false),
            ("1700000000000.25", 1_700_000_000_000_250_000, false),
            ("-100000000000", -100_000_000_000_000_000, false),
        ] as [(String, Int64, Bool)])
    func seconds(text: String, time: Int64, isNoted: Bool) throws {
        var channel = TestChannel()
        let params = "{\"measurepoints\":{\"num\":1},\"time\":\(text)}"
        #expect(try channel.post(single(params), topic: Self.topic).code == 200)
        #expect(try channel.post(batch(params), topic: Self.batchTopic).code == 200)
        #expect(channel.sink.rows("d1", "num").map(\.time.nanoseconds) == [time])
        for event in channel.log.events {
            #expect(
                (event.note == "1 time below 10^11 was taken as seconds") == isNoted, "\(event.note ?? "-")"
            )
        }
    }

    @Test("on the topics of a channel the same number is milliseconds")
    func milliseconds() throws {
        var channel = TestChannel()
        let item = "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1},\"time\":1700000000}"
        #expect(try channel.post(payload(item)).code == 200)
        let event = "{\"deviceKey\":\"d1\",\"events\":{\"trip\":1},\"time\":1700000000}"
        let text = request("integration.event.post", "[\(event)]")
        #expect(try channel.post(text, topic: "sys/P/integration/event/post").code == 200)
        for point in ["num", "$event/trip"] {
            #expect(channel.sink.rows("d1", point).map(\.time.nanoseconds) == [1_700_000_000_000_000])
        }
        #expect(channel.log.events.allSatisfy { $0.note?.contains("were these seconds?") == true })
    }

    @Test(
        "a time that is out of range or too fine is refused",
        arguments: [
            "10000000000", "1e300", "1.0000000001", "\"1\"", "9223372036855000", "null", "true",
            "-9300000000",
        ])
    func badTimes(text: String) throws {
        var channel = TestChannel()
        let params = "{\"measurepoints\":{\"num\":1},\"time\":\(text)}"
        #expect(try channel.post(single(params), topic: Self.topic).code == 1220)
        #expect(try channel.post(batch(params), topic: Self.batchTopic).code == 1206)
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("without a time a reading has that of its arrival")
    func noTime() throws {
        var channel = TestChannel()
        #expect(try channel.post(single("{\"measurepoints\":{\"num\":1}}"), topic: Self.topic).code == 200)
        #expect(channel.sink.rows("d1", "num").map(\.time) == [TestChannel.arrival])
    }

    @Test("params of resume is one object of the topic's device; another deviceKey in it is refused")
    func object() throws {
        var channel = TestChannel()
        for params in ["[]", "[{\(Self.good)}]", "null", "1"] {
            let answer = try channel.post(single(params), topic: Self.topic)
            #expect(answer.code == 1220 && answer.message?.contains("params is not an object") == true)
        }
        let answer = try channel.post(single("{\"measurepoints\":{\"num\":\"x\"}}"), topic: Self.topic)
        #expect(answer.errors.map(\.place) == ["0 d1 num 1204"])
        #expect(answer.message?.hasPrefix("params, device d1:") == true)
        #expect(try channel.post(single("{}"), topic: Self.topic).message == "params has no measurepoints")
        let other = try channel.post(single("{\"deviceKey\":\"d2\",\(Self.good)}"), topic: Self.topic)
        #expect(
            other.code == 1220 && other.message?.contains("deviceKey d2 is not that of the topic") == true)
        #expect(channel.sink.rows("d1", "num").isEmpty && channel.sink.rows("d2", "num").isEmpty)
        let own = try channel.post(single("{\"deviceKey\":\"d1\",\(Self.good)}"), topic: Self.topic)
        #expect(own.code == 200 && channel.sink.rows("d1", "num").count == 1)
    }

    @Test("a batch takes any device of the product; neither product nor device means that of the topic")
    func devices() throws {
        var channel = TestChannel()
        let items = [
            "{\(Self.good)}", "{\"deviceKey\":\"d2\",\(Self.good)}",
            "{\(Self.good),\"deviceKey\":\"d\\u00e9\",\"productKey\":\"P\"}",
        ]
        #expect(try channel.post(batch(items.joined(separator: ",")), topic: Self.batchTopic).code == 200)
        for device in ["d1", "d2", "d\u{E9}"] { #expect(channel.sink.rows(device, "num").count == 1) }
    }

    @Test(
        "an item of another product or an unknown device is 1212, one of a wrong shape 1206",
        arguments: [
            ("{\"productKey\":\"Q\",\"deviceKey\":\"d1\",\(good)}", "0 - - 1212", "productKey Q"),
            ("{\(good),\"deviceKey\":\"d1\",\"productKey\":\"Q\"}", "0 d1 - 1212", "productKey Q"),
            (
                "{\"productKey\":\"P\",\"deviceKey\":\"nobody\",\(good)}", "0 nobody - 1212",
                "no device nobody"
            ),
            ("{\"deviceKey\":\"nobody\",\"measurepoints\":{}}", "0 nobody - 1212", "no device nobody"),
            ("{\"productKey\":\"P\",\(good)}", "0 - - 1206", "no deviceKey"),
            ("{\"productKey\":1,\"deviceKey\":\"d1\",\(good)}", "0 - - 1206", "productKey of params[0]"),
            ("{\"deviceKey\":null,\(good)}", "0 - - 1206", "deviceKey of params[0]"),
            ("{\"deviceKey\":\"d1\"}", "0 d1 - 1206", "no measurepoints"),
            ("1", "0 - - 1206", "not an object"),
            ("{\"measurepoints\":[]}", "0 d1 - 1206", "not an object"),
            ("{\"productKey\":\"P\",\"productKey\":\"P\"}", "0 - - 1206", "twice"),
            ("{\"measurepoints\":{\"num\":1,\"num\":1}}", "0 d1 - 1206", "twice"),
            ("{\"measurepoints\":{\"doc\":{\"a\":1,\"a\":1}}}", "0 d1 doc 1206", "twice"),
            ("{\"measurepoints\":{\"num\":\"x\"}}", "0 d1 num 1204", "num is"),
            ("{\"measurepoints\":{\"none\":1}}", "0 d1 none 1204", "no point none"),
        ])
    func items(item: String, place: String, part: String) throws {
        var channel = TestChannel()
        let answer = try channel.post(batch(item), topic: Self.batchTopic)
        #expect(answer.errors.map(\.place) == [place])
        #expect(
            place.hasSuffix(" \(answer.code)") && answer.message?.contains(part) == true, "\(answer.text)")
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("the topic's device is looked up too: 1257 on resume, 1212 in a batch, 1009 without the product")
    func unknownDevice() throws {
        var channel = TestChannel()
        let params = "{\(Self.good)}"
        let topics = [
            ("sys/P/nobody/thing/measurepoint/resume", single(params), 1257),
            ("sys/P/nobody/thing/measurepoint/resume/batch", batch(params), 1212),
            ("sys/Q/d1/thing/measurepoint/resume", single(params), 1009),
            ("sys/Q/d1/thing/measurepoint/resume/batch", batch(params), 1009),
        ]
        for (topic, text, code) in topics {
            #expect(try channel.post(text, topic: topic).code == code, "\(topic)")
        }
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("a switch is a truth value, a text of one, or an empty text; anything else is 1206")
    func switches() throws {
        for name in ["allowOfflineSubDevice", "skipInvalidMeasurepoints"] {
            for (text, code) in [
                ("true", 200), ("false", 200), ("\"\"", 200), ("\"true\"", 200), ("\"false\"", 200),
                ("null", 1206),
                ("1", 1206), ("\"yes\"", 1206), ("\"True\"", 1206), ("{}", 1206), ("[]", 1206),
            ] {
                var channel = TestChannel()
                let item = "{\(Self.good)}"
                let answer = try channel.post(batch(item, "\"\(name)\":\(text),"), topic: Self.batchTopic)
                #expect(answer.code == code, "\(name) \(text)")
                #expect(code == 200 || answer.message == "\(name) is \(text), and it takes true or false")
                // Behind the items it counts alike.
                let late = batch(item).dropLast() + ",\"\(name)\":\(text)}"
                #expect(try channel.post(String(late), topic: Self.batchTopic).code == code)
            }
        }
        var channel = TestChannel()
        let twice = "\"skipInvalidMeasurepoints\":true,\"skipInvalidMeasurepoints\":true,"
        #expect(try channel.post(batch("{\(Self.good)}", twice), topic: Self.batchTopic).code == 1220)
    }

    @Test(
        "skipInvalidMeasurepoints leaves out what is invalid, lists it, and stores the rest",
        arguments: ["true", "\"true\""])
    func skips(flag: String) throws {
        let items = [
            "{\"measurepoints\":{\"num\":\"x\",\"n2\":2,\"none\":1},\"time\":1}",
            "{\"deviceKey\":\"d2\",\"measurepoints\":{\"none\":{\"a\":[1]},\"doc\":{\"a\":1,\"a\":1},\"num\":{\"value\":3,\"quality\":\"q\"},\"n2\":4},\"time\":2}",
        ].joined(separator: ",")
        let expected = [
            "0 d1 num 1204", "0 d1 none 1204", "1 d2 none 1204", "1 d2 doc 1206", "1 d2 num 1204",
        ]
        var channel = TestChannel()
        let member = "\"skipInvalidMeasurepoints\":\(flag)"
        for text in [batch(items, member + ","), String(batch(items).dropLast() + "," + member + "}")] {
            let answer = try channel.post(text, topic: Self.batchTopic)
            #expect(answer.code == 200 && answer.errors.isEmpty)
            #expect(answer.skipped.map(\.place) == expected)
            #expect(answer.data["rejected"] == 5)
        }
        #expect(channel.sink.rows("d1", "n2").map(\.value) == [.double(2)])
        #expect(channel.sink.rows("d2", "n2").map(\.value) == [.double(4)])
        #expect(channel.sink.withState { $0.rows.count } == 2)
        let event = try #require(channel.log.events.first)
        #expect(event.receipt?.rejected == 5 && event.receipt?.accepted == 2)
        #expect(event.note?.hasPrefix("5 invalid, skipped; the first: params[0]") == true)
        // Without it, all are errors, and nothing is stored.
        for flag in ["", "\"skipInvalidMeasurepoints\":false,", "\"skipInvalidMeasurepoints\":\"\","] {
            var strict = TestChannel()
            let answer = try strict.post(batch(items, flag), topic: Self.batchTopic)
            #expect(answer.code == 1204 && answer.errors.map(\.place) == expected && answer.skipped.isEmpty)
            #expect(strict.sink.batches.isEmpty)
        }
    }

    @Test(
        "it does not mend an item that is wrong as a whole: its code comes first, and all faults are listed")
    func skipsNoItems() throws {
        var channel = TestChannel()
        let items =
            "{\"measurepoints\":{\"num\":\"x\"}},{\"deviceKey\":\"nobody\",\(Self.good)},{\(Self.good)}"
        let answer = try channel.post(
            batch(items, "\"skipInvalidMeasurepoints\":true,"), topic: Self.batchTopic)
        #expect(answer.code == 1212 && answer.message?.contains("nobody") == true)
        #expect(answer.errors.map(\.place) == ["0 d1 num 1204", "1 nobody - 1212"])
        #expect(channel.sink.batches.isEmpty)
    }

    @Test("a batch of nothing but invalid readings is 200 and stores nothing")
    func skipsAll() throws {
        var channel = TestChannel()
        let text = batch("{\"measurepoints\":{\"none\":1}}", "\"skipInvalidMeasurepoints\":true,")
        let answer = try channel.post(text, topic: Self.batchTopic)
        #expect(answer.code == 200 && answer.skipped.map(\.place) == ["0 d1 none 1204"])
        #expect(channel.sink.withState { $0.rows.isEmpty })
    }
}
