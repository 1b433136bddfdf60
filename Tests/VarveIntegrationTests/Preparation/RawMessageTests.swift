// RawMessageTests.swift — custom payloads on raw topics: decoded together, answered in the script's bytes.

import Testing
import VarveModel
import VarvePlatform
import VarveScript
import VarveTestSupport

@testable import VarveIntegration

@Suite struct RawMessageTests {
    private static let channelTopic = "/sys/P/integration/model/up_raw"
    private static let deviceTopic = "sys/P/d1/thing/model/up_raw"

    /// A payload is the JSON itself; an answer has "R" in front.
    private static func scripts(most: Int = .max) -> FakeScripts {
        FakeScripts(
            most: most,
            decode: { payload in
                payload.first == UInt8(ascii: "!")
                    ? .failure(ScriptFailure(.threw, "Error: bad", line: 6)) : .success(payload)
            }, encode: { .success([UInt8(ascii: "R")] + $0) })
    }

    private static func channel(
        _ scripts: FakeScripts?, _ limits: MessageLimits = MessageLimits()
    ) -> TestChannel {
        let channel = TestChannel(limits, scripts: scripts)
        channel.directory.withState { $0.settings.isCustom = true }
        return channel
    }

    private static func device(_ number: Int, params: String? = nil) -> String {
        let params = params ?? "{\"measurepoints\":{\"num\":\(number)},\"time\":\(number)}"
        return
            "{\"id\":\(number),\"method\":\"thing.measurepoint.post\",\"version\":\"1.0\",\"params\":\(params)}"
    }

    private static func raw(_ text: String, topic: String = deviceTopic) -> SentMessage {
        SentMessage(payload: Array(text.utf8), topic: topic)
    }

    @Test(
        "each raw topic takes the request of its own form, and the answer is what the script makes of it",
        arguments: [
            (
                channelTopic,
                payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1},\"time\":1}", id: "1")
            ),
            (
                "sys/P/integration/up_raw",
                device(1, params: #"{"deviceKey":"d1","measurepoints":{"num":1},"time":1}"#)
            ),
            (channelTopic, device(1, params: #"[{"deviceKey":"d1","measurepoints":{"num":1},"time":1}]"#)),
            (deviceTopic, device(1)),
            (deviceTopic, device(1, params: #" { "deviceKey":"d1","measurepoints":{"num":1},"time":1}"#)),
        ])
    func requests(topic: String, text: String) throws {
        var channel = Self.channel(Self.scripts())
        let answers = try channel.process([Self.raw(text, topic: topic)])
        #expect(
            answers == [
                [
                    SentAnswer(
                        topic: topic + "_reply", payload: Array("R{\"id\":1,\"code\":200,\"data\":{}}".utf8))
                ]
            ])
        #expect(channel.sink.rows("d1", "num").count == 1)
        let event = try #require(channel.log.events.first)
        #expect(
            event.excerpt == Array(text.utf8) && event.payloadBytes == text.utf8.count
                && event.code == .success)
    }

    @Test(
        "a request that does not belong to its topic is refused with its reason",
        arguments: [
            (channelTopic, device(1), 1257, "params has no deviceKey"),
            (
                deviceTopic, device(1, params: #"{"deviceKey":"d2","measurepoints":{}}"#), 1257,
                "names another device"
            ),
            (deviceTopic, device(1, params: "[]"), 1220, "params is not an object"),
            (deviceTopic, device(1, params: "{}"), 1220, "params[0] has no measurepoints"),
            (deviceTopic, payload("", id: "1"), 1260, "it takes thing.measurepoint.resume, "),
            (
                channelTopic, #"{"id":1,"method":"thing.service.x","params":{}}"#, 1260,
                "integration.measurepoint.post"
            ),
            (deviceTopic, #"{"id":1,"params":{}}"#, 1220, "the payload has no method"),
            (channelTopic, "[1]", 1220, "not a JSON object"),
        ])
    func wrong(topic: String, text: String, code: Int, reason: String) throws {
        var channel = Self.channel(Self.scripts())
        let answer = try #require(try channel.process([Self.raw(text, topic: topic)]).first?.first)
        #expect(answer.text.contains("\"code\":\(code),"), "\(answer.text)")
        #expect(
            answer.text.hasPrefix("R") && channel.log.events[0].reason?.contains(reason) == true,
            "\(channel.log.events)")
    }

    @Test(
        "a group is decoded and encoded in one call each, and failures of one payload leave the others alone")
    func together() throws {
        let scripts = Self.scripts()
        var channel = Self.channel(scripts)
        let messages = [Self.raw(Self.device(1)), Self.raw("!"), Self.raw(""), Self.raw(Self.device(2))]
        let json = SentMessage(payload: Array(payload("", id: "9").utf8))
        let answers = try channel.process(messages + [json])
        #expect(answers.count == 1)
        #expect(
            answers[0].map(\.text) == [
                #"R{"id":1,"code":200,"data":{}}"#,
                #"R{"id":null,"code":1220,"message":"the script threw an error at line 6: Error: bad","data":{}}"#,
                #"R{"id":null,"code":1251,"message":"the payload is empty","data":{}}"#,
                #"R{"id":2,"code":200,"data":{}}"#, #"{"id":9,"code":200,"data":{}}"#,
            ])
        #expect(scripts.log == ["decode P 3", "encode P 4"])
        let failed = channel.log.events.filter { $0.code == .malformed }
        #expect(failed.map(\.excerpt) == [Array("!".utf8)] && failed[0].reason?.contains("line 6") == true)
    }

    @Test("if a script does a part of the payloads, the rest comes with the next slice, in order")
    func slices() throws {
        var channel = Self.channel(Self.scripts(most: 2))
        let json = SentMessage(payload: Array(payload("", id: "9").utf8))
        let answers = try channel.process((1...5).map { Self.raw(Self.device($0)) } + [json])
        #expect(answers.map(\.count) == [2, 2, 2])
        #expect(channel.sink.rows("d1", "num").count == 5)
    }

    @Test("what is decoded for one slice is bounded")
    func bounded() throws {
        var limits = MessageLimits()
        limits.preparedBytes = 250
        var channel = Self.channel(Self.scripts(), limits)
        let answers = try channel.process((1...9).map { Self.raw(Self.device($0)) })
        #expect(answers.count > 2 && answers.flatMap { $0 }.count == 9)
        #expect(channel.sink.rows("d1", "num").count == 9)
    }

    @Test("an answer that the script cannot convert goes out as JSON, and the log has an error with it")
    func unconverted() throws {
        let scripts = FakeScripts(
            decode: { .success($0) }, encode: { _ in .failure(ScriptFailure(.threw, "Error: no", line: 2)) })
        var channel = Self.channel(scripts)
        let answers = try channel.process([Self.raw(Self.device(1))])
        let json = #"{"id":1,"code":200,"data":{}}"#
        #expect(answers[0][0].text == json)
        let events = channel.log.events
        #expect(events.map(\.isOfAnswer) == [false, true] && events[1].excerpt == Array(json.utf8))
        #expect(events.map(\.code) == [.success, .success], "no message was refused")
        #expect(events.map(\.category) == [nil, .script])
        #expect(
            events[1].reason == "the answer went out as JSON: the script threw an error at line 2: Error: no")
    }

    @Test(
        "the method decides the unit of a time: one JSON of a script means the same on both raw topics",
        arguments: [("thing.measurepoint.resume", 1000), ("thing.measurepoint.post", 1)])
    func units(method: String, milliseconds: Int64) throws {
        let text =
            #"{"id":1,"method":"\#(method)","version":"1.0","params":"#
            + #"{"deviceKey":"d1","measurepoints":{"num":1},"time":1700000000}}"#
        let expected = Timestamp(nanoseconds: 1_700_000_000 * milliseconds * 1_000_000)
        for topic in [Self.deviceTopic, Self.channelTopic] {
            var channel = Self.channel(Self.scripts())
            let answers = try channel.process([Self.raw(text, topic: topic)])
            #expect(answers[0][0].text.contains("\"code\":200"), "\(answers[0][0].text)")
            #expect(channel.sink.rows("d1", "num").map(\.time) == [expected], "\(topic)")
        }
    }

    @Test("a script without a function for answers is noted, not an error")
    func noEncoder() throws {
        let scripts = FakeScripts(
            decode: { .success($0) },
            encode: { _ in .failure(ScriptFailure(.noFunction, "no such function")) })
        var channel = Self.channel(scripts)
        _ = try channel.process([Self.raw(Self.device(1))])
        #expect(channel.log.events.map(\.note) == ["the answer went out as JSON: no such function"])
    }

    /// Scripts whose call for one product ends only when that for another one has begun.
    private final class MeetingScripts: PayloadScripts {
        private let begun = Monitor<Set<String>>([])
        /// Whether all calls met.
        let met = Monitor(true)

        func call(
            _ function: ScriptFunction, ofProduct product: String, _ payloads: [[UInt8]],
            within budget: CallBudget
        ) throws -> [Result<[UInt8], ScriptFailure>] {
            guard function == .decode else { return payloads.map { .success($0) } }
            _ = begun.change { $0.insert(product) }
            let deadline = SystemClock.monotonicNanoseconds() + 20_000_000_000
            if begun.wait(until: deadline, { $0.count == 2 ? true : nil }) == nil {
                met.withLock { $0 = false }
            }
            // Of the second product fewer come back than were sent.
            return payloads.prefix(product == "Q" ? 2 : .max).map { .success($0) }
        }
    }

    @Test("payloads of several products are decoded at once, and every message keeps its place")
    func severalProducts() throws {
        let scripts = MeetingScripts()
        var channel = TestChannel(scripts: scripts)
        channel.directory.withState { state in
            state.settings.isCustom = true
            state.devices["Q"] = ["d1"]
            state.models["Q"] = "M"
        }
        let messages = (1...8).map { number in
            Self.raw(Self.device(number), topic: "sys/\(number % 2 == 0 ? "Q" : "P")/d1/thing/model/up_raw")
        }
        let slices = try channel.process(messages)
        #expect(scripts.met.withLock { $0 }, "the calls for two products ran at the same time")
        // The third message of Q, the sixth of all, came with the next slice.
        #expect(slices.map(\.count) == [5, 3])
        #expect(
            slices.flatMap { $0 }.map(\.text) == (1...8).map { "{\"id\":\($0),\"code\":200,\"data\":{}}" })
        #expect(channel.log.events.map(\.id) == (1...8).map { "\($0)" })
        let times = channel.sink.rows("d1", "num").map(\.time.nanoseconds)
        #expect(times == times.sorted())
    }

    @Test("products of the format json, and services without scripts, take no raw messages")
    func refused() throws {
        var json = TestChannel(scripts: Self.scripts())
        #expect(
            try json.process([Self.raw("x")])[0][0].text.contains(
                "1009,\"message\":\"product P has the format json"))
        var none = Self.channel(nil)
        #expect(try none.process([Self.raw("x")])[0][0].text.contains("this service runs no scripts"))
        let other = try none.process([Self.raw("x", topic: "/sys/Q/integration/up_raw")])
        #expect(other[0][0].text.contains("1009,\"message\":\"there is no product Q"))
    }

    @Test("if no process can be started, the group comes again, and nothing is answered")
    func launchFailure() throws {
        let scripts = Self.scripts()
        var channel = Self.channel(scripts)
        scripts.fail(with: LaunchFailure("no processes"))
        #expect(throws: LaunchFailure.self) { try channel.process([Self.raw(Self.device(1))]) }
        #expect(channel.log.events.isEmpty)
        scripts.fail(with: nil)
        #expect(try channel.process([Self.raw(Self.device(1))])[0][0].text.hasPrefix("R"))
    }

    @Test("a script that is refused for being slow is answered 429")
    func busy() throws {
        let failure = ScriptFailure(.refused, "the script took too long")
        var channel = Self.channel(
            FakeScripts(decode: { _ in .failure(failure) }, encode: { _ in .failure(failure) }))
        let answer = try channel.process([Self.raw("x")])[0][0]
        #expect(answer.text == #"{"id":null,"code":429,"message":"the script took too long","data":{}}"#)
        #expect(channel.log.events.count == 1)
    }
}
