// ValueTests.swift — what good payloads store: exact values, exact times, in order.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Values")
struct ValueTests {
    private func store(_ point: String, _ value: String) throws -> Sample? {
        var channel = TestChannel()
        let answer = try channel.post(reading(point, value))
        #expect(answer.code == 200, "\(value) → \(answer.text)")
        let samples = channel.sink.rows("d1", point)
        #expect(samples.count <= 1)
        return samples.first
    }

    @Test(
        "a double is the nearest to its text, signed zero included",
        arguments: [
            "0", "-0", "-0.0", "0.1", "1e22", "1E+2", "4.9e-324", "1.7976931348623157e308",
            "9007199254740993",
            "123456789012345678901234567890", "2.2250738585072011e-308", "1e-400", "-1.5e-5",
        ])
    func doubles(text: String) throws {
        let expected = try #require(Double(text))
        #expect(try store("num", text)?.value?.bits == expected.bitPattern)
        #expect(try store("num", "{\"quality\":3,\"value\":\(text)}")?.value?.bits == expected.bitPattern)
    }

    @Test("values that are not finite come as strings")
    func special() throws {
        #expect(try store("num", "\"NaN\"")?.value == .double(.nan))
        #expect(try store("num", "\"Infinity\"")?.value == .double(.infinity))
        #expect(try store("num", "\"-Infinity\"")?.value == .double(-.infinity))
    }

    @Test(
        "integers are exact over all of Int64",
        arguments: [
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9007199254740993", 9_007_199_254_740_993),
            ("-0", 0), ("5.0", 5), ("1e3", 1000),
        ] as [(String, Int64)])
    func integers(text: String, value: Int64) throws {
        #expect(try store("int", text)?.value == .int64(value))
    }

    @Test("truth values, texts and JSON are stored as they are sent")
    func others() throws {
        for text in ["true", "1"] { #expect(try store("flag", text)?.value == .bool(true)) }
        for text in ["false", "0"] { #expect(try store("flag", text)?.value == .bool(false)) }
        #expect(try store("text", "\"\"")?.value == .string(""))
        #expect(
            try store("text", "\"a\\n\\u00e9\\ud83d\\ude00/é\"")?.value == .string("a\n\u{E9}\u{1F600}/é"))
        #expect(try store("text", "\"null\"")?.value == .string("null"))
        #expect(try store("doc", "[1, 2.50 ,\"x\"]")?.value == .json("[1,2.50,\"x\"]"))
        #expect(try store("doc", "{\"b\":1,\"a\":{}}")?.value == .json("{\"a\":{},\"b\":1}"))
        #expect(try store("doc", "\"x\"")?.value == .json("\"x\""))
    }

    @Test("a quality is stored beside a value, and also without a value")
    func quality() throws {
        #expect(try store("num", "{\"value\":1,\"quality\":9}")?.quality == 9)
        #expect(try store("num", "{\"value\":1,\"quality\":-2147483648}")?.quality == .min)
        #expect(try store("num", "{\"value\":1,\"quality\":null}")?.quality == nil)
        #expect(try store("num", "{\"value\":1,\"note\":[]}")?.value == .double(1))
        #expect(
            try store("text", "{\"value\":\"x\",\"quality\":0}")
                == Sample(time: .init(nanoseconds: 1_000_000_000), value: .string("x"), quality: 0))
        let missing = try store("num", "{\"value\":null,\"quality\":4}")
        #expect(missing == Sample(time: Timestamp(nanoseconds: 1_000_000_000), value: nil, quality: 4))
        #expect(try store("text", "{\"value\":null,\"quality\":4}")?.value == nil)
    }

    @Test("a missing value without a quality is skipped and counted")
    func skipped() throws {
        for text in ["null", "{\"value\":null}", "{\"value\":null,\"quality\":null}"] {
            for point in ["num", "text", "doc"] where point != "doc" || text != "{\"value\":null}" {
                var channel = TestChannel()
                #expect(try channel.post(reading(point, text)).code == 200)
                #expect(channel.sink.rows("d1", point).isEmpty)
                #expect(channel.log.events.first?.receipt?.skipped == 1)
            }
        }
    }

    @Test("for a JSON point, only an object with just a value and a numeric quality is a pair")
    func pairs() throws {
        #expect(
            try store("doc", "{\"value\":[1],\"quality\":2}")
                == Sample(time: .init(nanoseconds: 1_000_000_000), value: .json("[1]"), quality: 2))
        #expect(
            try store("doc", "{\"value\":1,\"quality\":\"x\"}")?.value
                == .json("{\"quality\":\"x\",\"value\":1}"))
        #expect(try store("doc", "{\"value\":1}")?.value == .json("{\"value\":1}"))
        #expect(
            try store("doc", "{\"value\":1,\"quality\":2,\"x\":3}")?.value
                == .json("{\"quality\":2,\"value\":1,\"x\":3}"))
        // A value that looks like a pair can be sent inside a pair.
        let inside = try store("doc", "{\"value\":{\"value\":1,\"quality\":2},\"quality\":null}")
        #expect(inside?.value == .json("{\"quality\":2,\"value\":1}"))
        #expect(inside?.quality == nil)
    }

    @Test(
        "times are exact to the nanosecond",
        arguments: [
            ("0", 0), ("-1", -1_000_000), ("1700000000000", 1_700_000_000_000_000_000),
            ("1700000000000.123456", 1_700_000_000_000_123_456), ("0.000001", 1), ("-0.000001", -1),
            ("9223372036854.775807", .max), ("-9223372036854.775808", .min),
            ("1.7e12", 1_700_000_000_000_000_000),
        ] as [(String, Int64)])
    func times(text: String, nanoseconds: Int64) throws {
        var channel = TestChannel()
        let item = "{\"time\":\(text),\"measurepoints\":{\"num\":1,\"text\":\"a\"},\"deviceKey\":\"d1\"}"
        #expect(try channel.post(payload(item)).code == 200)
        for point in ["num", "text"] {
            #expect(channel.sink.rows("d1", point).map(\.time.nanoseconds) == [nanoseconds])
        }
    }

    @Test("an item without a time gets the arrival time, and its message is never a replay")
    func arrival() throws {
        var channel = TestChannel()
        let text = payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1}}")
        for _ in 0..<2 { #expect(try channel.post(text).code == 200) }
        #expect(channel.sink.rows("d1", "num").map(\.time) == [TestChannel.arrival, TestChannel.arrival])
        #expect(channel.sink.batches.map(\.reapply) == [true, true])
        #expect(try channel.post(reading("num", "1")).code == 200)
        #expect(channel.sink.batches.last?.reapply == false)
    }

    @Test("rows keep the order of the message, each series once, in any order of members")
    func order() throws {
        var channel = TestChannel()
        let text = """
            { "params" : [
                {"time":2,"measurepoints":{"num":2,"n2":{"value":20,"quality":1}},"deviceKey":"d1"},
                {"deviceKey":"d2","measurepoints":{"num":5},"time":9},
                {"deviceKey":"d1","time":1,"measurepoints":{"n2":10,"num":1}},
                {"deviceKey":"d\\u0031","measurepoints":{"n\\u0075m":3},"time":2}
              ], "version":{"any":"thing"}, "method":"integration.measurepoint.post", "id" : 12 }
            """
        let answer = try channel.post(text)
        #expect(answer.code == 200 && answer.id == "12")
        #expect(channel.sink.batches[0].series.map(\.key.point) == ["num", "n2", "num"])
        let rows = channel.sink.rows("d1", "num")
        #expect(rows.map(\.time.nanoseconds) == [2_000_000, 1_000_000, 2_000_000])
        #expect(rows.map(\.value) == [.double(2), .double(1), .double(3)])
        #expect(channel.sink.rows("d1", "n2").map(\.quality) == [1, nil])
        #expect(channel.sink.rows("d2", "num").map(\.value) == [.double(5)])
    }

    @Test("an empty array of items is answered 200 and stores nothing")
    func noItems() throws {
        var channel = TestChannel()
        #expect(try channel.post(payload("")).code == 200)
        #expect(try channel.post(payload("{\"deviceKey\":\"d1\",\"measurepoints\":{}}")).code == 200)
        #expect(channel.log.events.allSatisfy { $0.receipt?.samples == 0 })
    }

    @Test("10,000 items in one message are stored")
    func manyItems() throws {
        var channel = TestChannel()
        let items = (0..<10_000).map {
            "{\"deviceKey\":\"d\($0 % 2 + 1)\",\"measurepoints\":{\"num\":\($0),\"text\":\"t\($0)\"},\"time\":\($0)}"
        }
        #expect(try channel.post(payload(items.joined(separator: ","))).code == 200)
        #expect(channel.sink.rows("d1", "num").map(\.value) == (0..<5000).map { .double(Double($0 * 2)) })
        #expect(channel.sink.rows("d2", "text").last?.value == .string("t9999"))
        // With one bad item among as many, nothing is stored.
        let bad = items.dropLast() + ["{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":\"x\"}}"]
        let answer = try channel.post(payload(bad.joined(separator: ",")))
        #expect(answer.code == 1204 && answer.message?.contains("params[9999]") == true)
        #expect(channel.sink.batches.count == 1)
    }
}
