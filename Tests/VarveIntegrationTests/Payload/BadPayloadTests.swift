// BadPayloadTests.swift — each kind of bad payload, with its code and a message that names the place.

import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Bad payloads")
struct BadPayloadTests {
    private static let post = "\"method\":\"integration.measurepoint.post\""
    private static let item = "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1},\"time\":1}"

    private func expect(
        _ text: String, _ code: ReplyCode, _ part: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        var channel = TestChannel()
        let answer = try channel.post(text)
        #expect(answer.code == code.rawValue, "\(text) → \(answer.text)", sourceLocation: location)
        #expect(
            answer.message?.contains(part) == true, "\(text) → \(answer.text)", sourceLocation: location)
        #expect(channel.sink.batches.isEmpty, "something of \(text) was stored", sourceLocation: location)
        #expect(channel.log.events.map(\.code) == [code], "one event a message", sourceLocation: location)
        #expect(channel.log.events.last?.reason == answer.message, sourceLocation: location)
    }

    @Test(
        "what is not JSON is 1220 and names the byte",
        arguments: [
            ("{", "byte 1"), ("nonsense", "byte 0"), (" ", "byte 1"), ("{}x", "byte 2"),
            ("{\"id\":1,}", "byte 8"),
            ("{\"id\":01}", "byte 7"), ("{\"id\":\"1\"", "byte 9"), ("{'id':1}", "byte 1"),
            ("\u{FEFF}{}", "byte 0"),
            ("{\"a\":\"\u{1}\"}", "byte 6"), ("{\"a\":\"\\x\"}", "byte 7"), ("{\"a\":tru}", "byte 5"),
            ("{\"a\":1 \"b\":2}", "byte 7"), ("{\"a\":+1}", "byte 5"), ("{\"a\":.5}", "byte 5"),
            ("{\"a\":NaN}", "byte 5"), ("{\"a\":\"\\ud800\"}", "not valid UTF-8"),
        ])
    func notJSON(text: String, part: String) throws { try expect(text, .malformed, part) }

    @Test("broken JSON after good items stores nothing and is reported before a wrong item")
    func brokenLate() throws {
        try expect("{\(Self.post),\"params\":[\(Self.item)]", .malformed, "not valid JSON")
        try expect(
            "{\(Self.post),\"params\":[{\"deviceKey\":\"nobody\",\"measurepoints\":{\"num\":1}}],}",
            .malformed,
            "not valid JSON")
    }

    @Test("bytes that are not UTF-8 are 1220")
    func notUTF8() throws {
        var channel = TestChannel()
        for bad in [[0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]]
            as [[UInt8]]
        {
            let text = Array("{\"id\":\"9\",\"x\":\"".utf8) + bad + Array("\"}".utf8)
            let answer = try channel.post([text])[0]
            #expect(answer.code == 1220)
            #expect(answer.id == "\"9\"")
            #expect(answer.message?.contains("not valid UTF-8") == true)
        }
    }

    @Test("nesting is limited in every place")
    func depth() throws {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        try expect("{\"x\":\(deep)}", .malformed, "nested deeper")
        try expect("{\(Self.post),\"params\":[{\"x\":\(deep)}]}", .malformed, "nested deeper")
        try expect(reading("doc", deep), .malformed, "nested deeper")
        try expect(deep, .malformed, "nested deeper")
    }

    @Test(
        "a wrong shape is 1220 and names the place",
        arguments: [
            ("[]", "not a JSON object"), ("1", "not a JSON object"), ("{}", "no method"),
            ("{\(post)}", "no params"), ("{\"method\":1,\"params\":[]}", "method is not a string"),
            ("{\(post),\"params\":{}}", "params is not an array"),
            ("{\(post),\"params\":null}", "params is not an array"),
            ("{\(post),\"params\":[1]}", "params[0] is not an object"),
            ("{\(post),\"params\":[\(item),{}]}", "params[1] has no deviceKey"),
            ("{\(post),\"params\":[{\"deviceKey\":\"d1\"}]}", "params[0] has no measurepoints"),
            ("{\(post),\"params\":[{\"deviceKey\":1,\"measurepoints\":{}}]}", "deviceKey of params[0]"),
            (
                "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"measurepoints\":[]}]}",
                "measurepoints of params[0]"
            ),
            ("{\(post),\"params\":[{\"deviceKey\":\"d1\",\"measurepoints\":null}]}", "is not an object"),
            ("{\"id\":[1],\(post),\"params\":[]}", "id is neither"),
            ("{\"id\":true,\(post),\"params\":[]}", "id is neither"),
        ])
    func shape(text: String, part: String) throws { try expect(text, .malformed, part) }

    @Test(
        "a repeated member is 1220",
        arguments: [
            "{\"id\":1,\"id\":2,\(post),\"params\":[]}", "{\(post),\(post),\"params\":[]}",
            "{\(post),\"params\":[],\"params\":[]}", "{\"x\":1,\"x\":1,\(post),\"params\":[]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"deviceKey\":\"d2\",\"measurepoints\":{}}]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"y\":1,\"y\":1,\"measurepoints\":{}}]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\"num\":1}}]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1,\"n\\u0075m\":1}}]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":null,\"num\":1}}]}",
            "{\(post),\"params\":[{\"deviceKey\":\"d1\",\"time\":1,\"time\":1,\"measurepoints\":{}}]}",
            "{\(post),\"params\":[{\"measurepoints\":{},\"measurepoints\":{},\"deviceKey\":\"d1\"}]}",
            reading("num", "{\"value\":1,\"value\":2}"),
            reading("num", "{\"value\":1,\"quality\":1,\"quality\":1}"),
            reading("num", "{\"value\":1,\"z\":1,\"z\":1}"), reading("doc", "{\"a\":1,\"a\":2}"),
            reading("doc", "{\"value\":1,\"value\":1}"),
        ])
    func repeated(text: String) throws { try expect(text, .malformed, "twice") }

    @Test("the same ignored member may be in the envelope and in each item")
    func ignoredPerObject() throws {
        var channel = TestChannel()
        let item = "{\"deviceKey\":\"d1\",\"x\":1,\"measurepoints\":{\"num\":1},\"time\":1}"
        let other = "{\"deviceKey\":\"d1\",\"x\":1,\"measurepoints\":{\"num\":1},\"time\":2}"
        #expect(try channel.post("{\"x\":0,\(Self.post),\"params\":[\(item),\(other)]}").code == 200)
    }

    @Test(
        "a value that is not a time is 1220",
        arguments: [
            "\"1000\"", "null", "true", "[]", "{}", "1e300", "9223372036855", "-9223372036855", "0.0000001",
            "1.23456789",
        ])
    func time(text: String) throws {
        try expect(
            payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1},\"time\":\(text)}"), .malformed,
            "the time of params[0], \(text)")
    }

    @Test("the method must be that of the topic, at any place in the payload")
    func method() throws {
        try expect(
            "{\"method\":\"integration.event.post\",\"params\":[]}", .wrongMethod, "integration.event.post")
        try expect(
            "{\"params\":[{}],\"method\":\"thing.measurepoint.post\"}", .wrongMethod, "does not belong")
        try expect("{\"method\":\"\",\"params\":[]}", .wrongMethod, "does not belong")
    }

    @Test("an unknown device is 1257, even without readings, and the good items beside it are not stored")
    func unknownDevice() throws {
        let unknown = "{\"deviceKey\":\"nobody\",\"measurepoints\":{\"num\":1},\"time\":1}"
        try expect(
            payload("\(Self.item),\(unknown)"), .unknownDevice, "params[1]: product P has no device nobody")
        try expect(payload("{\"deviceKey\":\"nobody\",\"measurepoints\":{}}"), .unknownDevice, "nobody")
        try expect(payload("{\"deviceKey\":\"\",\"measurepoints\":{\"num\":1}}"), .unknownDevice, "params[0]")
        let long = String(repeating: "é", count: 4000)
        try expect(payload("{\"deviceKey\":\"\(long)\",\"measurepoints\":{\"num\":1}}"), .unknownDevice, "é…")
        // A decomposed é is another name.
        try expect(
            payload("{\"deviceKey\":\"de\u{301}\",\"measurepoints\":{\"num\":1}}"), .unknownDevice, "device")
    }

    @Test("an unknown point is 1204 and the log has the device")
    func unknownPoint() throws {
        var channel = TestChannel()
        let answer = try channel.post(reading("nothing", "1"))
        #expect(answer.code == 1204)
        #expect(answer.message == "params[0], device d1: model M has no point nothing")
        #expect(channel.log.events.last?.device == "d1")
    }

    @Test(
        "a value that does not fit its point is 1204",
        arguments: [
            ("num", "\"1.5\""), ("num", "true"), ("num", "[1]"), ("num", "\"nan\""), ("num", "\"inf\""),
            ("num", "\"\""),
            ("num", "1e999"), ("num", "{}"), ("num", "{\"quality\":1}"),
            ("num", "{\"value\":\"1\",\"quality\":1}"),
            ("num", "{\"value\":{\"value\":1}}"), ("num", "{\"value\":1,\"quality\":1.5}"),
            ("num", "{\"value\":1,\"quality\":\"1\"}"), ("num", "{\"value\":1,\"quality\":2147483648}"),
            ("int", "1.5"), ("int", "9223372036854775808"), ("int", "-9223372036854775809"), ("int", "\"1\""),
            ("int", "false"), ("int", "1e19"), ("flag", "2"), ("flag", "\"true\""), ("flag", "0.5"),
            ("flag", "-1"),
            ("text", "1"), ("text", "true"), ("text", "[\"a\"]"), ("text", "{\"a\":1}"),
            ("doc", "{\"value\":1,\"quality\":1.5}"),
        ])
    func mismatch(point: String, value: String) throws {
        try expect(reading(point, value), .modelMismatch, "point \(point)")
    }

    @Test("a reason stays one short line for any name")
    func hostileNames() throws {
        var channel = TestChannel()
        let name = String(repeating: "\\n\\\"\\u0007x", count: 3000)
        let answer = try channel.post(reading(name, "1"))
        #expect(answer.code == 1204)
        let message = try #require(answer.message)
        #expect(message.utf8.count < 400 && !message.utf8.contains { $0 < 0x20 })
    }
}
