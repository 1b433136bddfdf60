// RequestFormTests.swift — each topic takes the request of its method, and what it stores.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Requests of all topics")
struct RequestFormTests {
    private static let num = "\"measurepoints\":{\"num\":1.5},\"time\":1700000000000"
    private static let event = "\"events\":{\"alarm\":{\"level\":3,\"code\":9}},\"time\":1700000000000"
    private static let attribute = "\"attributes\":{\"serial\":{\"b\":1, \"a\":2}}"

    /// A request, and the series and value that it stores.
    struct Case: CustomStringConvertible, Sendable {
        var topic: String
        var method: String
        var params: String
        var point: String
        var value: Value
        var hasTime = true
        var description: String { topic }
    }

    static let cases: [Case] = [
        Case(
            topic: "sys/P/integration/measurepoint/post", method: "integration.measurepoint.post",
            params: "[{\"deviceKey\":\"d1\",\(num)}]", point: "num", value: .double(1.5)),
        Case(
            topic: "sys/P/integration/event/post", method: "integration.event.post",
            params: "[{\"deviceKey\":\"d1\",\(event)}]", point: "$event/alarm",
            value: .json("[{\"code\":9,\"level\":3}]")),
        Case(
            topic: "sys/P/integration/attribute/post", method: "integration.attribute.post",
            params: "[{\"deviceKey\":\"d1\",\(attribute)}]", point: "$attribute/serial",
            value: .json("{\"a\":2,\"b\":1}"), hasTime: false),
        Case(
            topic: "sys/P/integration/attributes/post", method: "integration.attribute.post",
            params: "[{\(attribute),\"deviceKey\":\"d1\"}]", point: "$attribute/serial",
            value: .json("{\"a\":2,\"b\":1}"), hasTime: false),
        Case(
            topic: "sys/P/d1/thing/measurepoint/resume", method: "thing.measurepoint.resume",
            params: "{\(num)}", point: "num", value: .double(1.5)),
        Case(
            topic: "sys/P/d2/thing/measurepoint/resume/batch", method: "thing.measurepoint.resume.batch",
            params: "[{\"productKey\":\"P\",\"deviceKey\":\"d1\",\(num)}]", point: "num",
            value: .double(1.5)),
        Case(
            topic: "sys/P/d1/thing/measurepoint/resume/batch", method: "thing.measurepoint.resume.batch",
            params: "[{\(num)}]", point: "num", value: .double(1.5)),
    ]

    @Test(
        "a request is stored, with and without the leading slash and for each way to write its id",
        arguments: cases)
    func taken(item: Case) throws {
        for topic in [item.topic, "/" + item.topic] {
            for id in ["\"7\"", "7", "\"a\\u0062\""] {
                var channel = TestChannel()
                let text = "{\"params\":\(item.params),\"method\":\"\(item.method)\",\"id\":\(id)}"
                let answer = try channel.post(text, topic: topic)
                #expect(answer.text == "{\"id\":\(id),\"code\":200,\"data\":{}}")
                #expect(answer.topic == topic + "_reply")
                let rows = channel.sink.rows("d1", item.point)
                #expect(rows.map(\.value) == [item.value])
                let time =
                    item.hasTime ? Timestamp(nanoseconds: 1_700_000_000_000_000_000) : TestChannel.arrival
                #expect(rows.map(\.time) == [time])
                #expect(channel.sink.withState { $0.rows.count } == 1)
                #expect(channel.log.events.map(\.note) == [nil])
            }
        }
    }

    @Test("the method of any other request is 1260, and nothing is stored", arguments: cases)
    func method(item: Case) throws {
        var channel = TestChannel()
        for other in Self.cases where other.method != item.method {
            let answer = try channel.post(request(other.method, item.params), topic: item.topic)
            #expect(answer.code == 1260 && answer.message?.contains(item.method) == true)
        }
        #expect(channel.sink.batches.isEmpty)
    }

    @Test(
        "each version is taken, and the log notes all but 1.0 and 1.1",
        arguments: [
            ("\"1.0\"", nil), ("\"1.1\"", nil), ("1.0", nil), ("1.1", nil), ("\"2.0\"", "\"2.0\""),
            ("null", "null"),
            ("\"\"", "\"\""), ("[1]", "[1]"),
        ] as [(String, String?)])
    func version(text: String, note: String?) throws {
        for item in Self.cases {
            var channel = TestChannel()
            let payload =
                "{\"version\":\(text),\"method\":\"\(item.method)\",\"params\":\(item.params)}"
            #expect(try channel.post(payload, topic: item.topic).code == 200)
            let found = channel.log.events.first?.note
            #expect(
                note.map { found?.contains("the version \($0) is") == true } ?? (found == nil),
                "\(found ?? "-")")
        }
    }

    @Test("two equal messages without times are two, also of attributes", arguments: cases)
    func again(item: Case) throws {
        var channel = TestChannel()
        let text = request(item.method, item.params)
        _ = try channel.post(text, topic: item.topic)
        let answer = try channel.post(text, topic: item.topic)
        #expect(answer.data == (item.hasTime ? ["replayed": 1] : [:]))
        #expect(channel.log.events.map(\.isReplay) == [false, item.hasTime])
    }

    @Test("an attribute has no time: a member with that name is passed over and noted")
    func attributeTime() throws {
        var channel = TestChannel()
        let text = request(
            "integration.attribute.post", "[{\"deviceKey\":\"d1\",\(Self.attribute),\"time\":5}]")
        #expect(try channel.post(text, topic: "sys/P/integration/attribute/post").code == 200)
        #expect(channel.log.events.first?.note == "passed over: time")
        #expect(channel.sink.rows("d1", "$attribute/serial").map(\.time) == [TestChannel.arrival])
    }

    @Test("any JSON is the value of an attribute or the content of an event, in its canonical form")
    func documents() throws {
        var channel = TestChannel()
        for text in ["1", "-0.50", "null", "true", "\"\\u00e9\"", "[1, 2]", "{\"value\":1,\"quality\":2}"] {
            let values = "{\"deviceKey\":\"d1\",\"attributes\":{\"serial\":\(text)}}"
            let attribute = request("integration.attribute.post", "[\(values)]")
            #expect(try channel.post(attribute, topic: "sys/P/integration/attribute/post").code == 200)
            let events = "{\"deviceKey\":\"d1\",\"time\":1,\"events\":{\"trip\":\(text)}}"
            let event = request("integration.event.post", "[\(events)]")
            #expect(try channel.post(event, topic: "sys/P/integration/event/post").code == 200)
        }
        let expected = ["1", "-0.50", "null", "true", "\"é\"", "[1,2]", "{\"quality\":2,\"value\":1}"]
        // An attribute that is null has no value.
        let attributes = expected.filter { $0 != "null" }
        #expect(channel.sink.rows("d1", "$attribute/serial").map(\.value) == attributes.map { .json($0) })
        #expect(channel.sink.rows("d1", "$event/trip").map(\.value) == expected.map { .json("[\($0)]") })
    }

    @Test("readings cannot reach the series of an event or an attribute, before and after it is in use")
    func reserved() throws {
        var channel = TestChannel()
        let event = request("integration.event.post", "[{\"deviceKey\":\"d1\",\(Self.event)}]")
        for _ in 0..<2 {
            for name in ["$event/alarm", "$attribute/serial", "$event\\/alarm", "$event/", "$event/none"] {
                let answer = try channel.post(reading(name, "[1]"))
                #expect(answer.code == 1204 && answer.message?.contains("has no point") == true)
            }
            #expect(try channel.post(event, topic: "sys/P/integration/event/post").code == 200)
        }
        #expect(channel.sink.rows("d1", "$event/alarm").count == 1)
    }

    @Test("a name is a point, an event or an attribute by its topic")
    func kinds() throws {
        var channel = TestChannel()
        channel.directory.change { state in
            for name in ["same", "$event/same", "$attribute/same"] { state.points["M"]?[Name(name)] = .json }
        }
        for _ in 0..<2 {
            #expect(try channel.post(reading("same", "1")).code == 200)
            for (kind, member) in [("event", "events"), ("attribute", "attributes")] {
                let item = "{\"deviceKey\":\"d1\",\"\(member)\":{\"same\":2}}"
                let answer = try channel.post(
                    request("integration.\(kind).post", "[\(item)]"), topic: "sys/P/integration/\(kind)/post")
                #expect(answer.code == 200)
            }
        }
        #expect(channel.sink.rows("d1", "same").map(\.value) == [.json("1")])
        #expect(channel.sink.samples("d1", "$event/same").map(\.value) == [.json("[2]")])
        #expect(channel.sink.samples("d1", "$attribute/same").map(\.value) == [.json("2")])
        // Each name was asked for once.
        #expect(channel.directory.lookUps == 3)
    }

    @Test("more than 200 attributes in a request are 1207, however they are spread over items")
    func manyAttributes() throws {
        var channel = TestChannel()
        channel.directory.change { state in
            for number in 0...200 { state.points["M"]?[Name("$attribute/a\(number)")] = .json }
        }
        func post(_ sizes: [Int]) throws -> Answer {
            let items = sizes.map { size in
                let values = (0..<size).map { "\"a\($0)\":\($0)" }.joined(separator: ",")
                return "{\"deviceKey\":\"d1\",\"attributes\":{\(values)}}"
            }
            return try channel.post(
                request("integration.attribute.post", "[\(items.joined(separator: ","))]"),
                topic: "sys/P/integration/attribute/post")
        }
        #expect(try post([200]).code == 200)
        #expect(try post([100, 100]).code == 200)
        for sizes in [[201], [100, 101], [1, 200]] {
            let answer = try post(sizes)
            #expect(answer.code == 1207 && answer.message?.contains("more than 200") == true)
            #expect(answer.errors.map(\.place) == ["\(sizes.count - 1) d1 - 1207"])
        }
        #expect(channel.sink.batches.count == 2)
    }

    @Test(
        "events are united and attributes replaced, whatever the product does with two readings of one time")
    func policies() throws {
        var channel = TestChannel()
        channel.directory.change { $0.policy = .first }
        for (item, policy) in zip(
            Self.cases, [DuplicatePolicy.first, .every, .last, .last, .first, .first, .first])
        {
            #expect(try channel.post(request(item.method, item.params), topic: item.topic).code == 200)
            #expect(channel.sink.batches.last?.series.map(\.policy) == [policy], "\(item.topic)")
        }
    }

    @Test("two events of one device, id and time are two rows, in the order of the message")
    func equalTimes() throws {
        var channel = TestChannel()
        let items = [1, 2].map { "{\"deviceKey\":\"d1\",\"events\":{\"trip\":\($0)},\"time\":5}" }
        let text = request("integration.event.post", "[\(items.joined(separator: ","))]")
        #expect(try channel.post(text, topic: "sys/P/integration/event/post").code == 200)
        #expect(channel.sink.rows("d1", "$event/trip").map(\.value) == [.json("[1]"), .json("[2]")])
    }
}
