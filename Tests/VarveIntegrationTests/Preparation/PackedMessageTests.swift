// PackedMessageTests.swift — clients that announce a compression send packed payloads and get packed answers.

import Testing
import VarveCodec
import VarveModel
import VarveScript
import VarveTestSupport

@testable import VarveIntegration

@Suite struct PackedMessageTests {
    private static let request = Array(reading("num", "1").utf8)
    private static let answer = Array(#"{"id":"7","code":200,"data":{}}"#.utf8)

    private static func client(_ compression: String) -> String {
        "P{ip=10.0.0.5,version=0.2.x,compress=\(compression)}|securemode=4,signmethod=sha256,timestamp=1|"
    }

    private static func pack(_ form: Packing, _ bytes: [UInt8]) throws -> [UInt8] {
        try #require(bytes.withUnsafeBytes { Packer().pack($0, form) })
    }

    private static func unpack(_ form: Packing, _ bytes: [UInt8]) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try form.unpack($0, limit: 1 << 20) }
    }

    @Test(
        "a packed payload is taken, its answer packed alike, and the log shows the JSON",
        arguments: [("GZIP", Packing.gzip), ("gzip", .gzip), ("LZ4", .lz4Blocks), ("LZ4", .lz4Frame)])
    func packed(announced: String, form: Packing) throws {
        var channel = TestChannel()
        let message = SentMessage(payload: try Self.pack(form, Self.request), client: Self.client(announced))
        let answers = try channel.process([message])
        #expect(try Self.unpack(form, answers[0][0].payload) == Self.answer)
        #expect(channel.sink.rows("d1", "num").count == 1)
        let event = try #require(channel.log.events.first)
        #expect(event.excerpt == Self.request && event.payloadBytes == Self.request.count)
    }

    @Test("a payload that is not packed although it was announced is taken, and its answer is packed")
    func plain() throws {
        var channel = TestChannel()
        for (announced, form) in [("GZIP", Packing.gzip), ("LZ4", .lz4Blocks)] {
            let message = SentMessage(payload: Self.request, client: Self.client(announced))
            let answer = try channel.process([message])[0][0].payload
            let text = String(decoding: try Self.unpack(form, answer), as: UTF8.self)
            #expect(text.hasPrefix(#"{"id":"7","code":200"#), "\(text)")
        }
    }

    @Test("clients that announce nothing, or DEFAULT, get and send JSON; their packed payload is refused")
    func unannounced() throws {
        var channel = TestChannel()
        for client in [nil, "P", Self.client("DEFAULT")] {
            let messages = [
                SentMessage(payload: Self.request, client: client),
                SentMessage(payload: try Self.pack(.gzip, Self.request), client: client),
            ]
            let answers = try channel.process(messages)[0].map(\.text)
            #expect(answers[0].hasPrefix(#"{"id":"7","code":200"#) && answers[1].contains("\"code\":1220"))
        }
    }

    @Test("a damaged payload is answered 1220 and one that unpacks above the limit 1008, both packed")
    func refused() throws {
        var limits = MessageLimits()
        limits.payloadBytes = 1000
        var channel = TestChannel(limits)
        for (announced, form) in [("GZIP", Packing.gzip), ("LZ4", .lz4Blocks)] {
            let whole = try Self.pack(form, Self.request)
            let bomb = try Self.pack(form, [UInt8](repeating: 32, count: 1 << 20))
            let messages = [Array(whole.dropLast(3)), bomb, []].map {
                SentMessage(payload: $0, client: Self.client(announced))
            }
            let answers = try channel.process(messages)[0].map {
                String(decoding: try Self.unpack(form, $0.payload), as: UTF8.self)
            }
            #expect(
                answers[0].contains(#""code":1220,"message":"the payload cannot be unpacked"#),
                "\(answers[0])")
            #expect(
                answers[1].contains(
                    #""code":1008,"message":"the payload, unpacked, is over the limit of 1000"#))
            #expect(answers[2].contains(#""code":1251"#))
        }
    }

    @Test("what is unpacked for one commit is bounded")
    func bounded() throws {
        var limits = MessageLimits()
        limits.preparedBytes = 3 * Self.request.count
        var channel = TestChannel(limits)
        let message = SentMessage(payload: try Self.pack(.gzip, Self.request), client: Self.client("GZIP"))
        #expect(try channel.process(Array(repeating: message, count: 7)).map(\.count) == [3, 3, 1])
    }

    @Test("a raw payload is unpacked before the script, and the script's answer packed after it")
    func raw() throws {
        let scripts = FakeScripts(
            decode: { $0 == [1, 2] ? .success(Self.request) : .failure(ScriptFailure(.threw, "\($0)")) },
            encode: { $0 == Self.answer ? .success([7, 8, 9]) : .success($0) })
        var channel = TestChannel(scripts: scripts)
        channel.directory.withState { $0.settings.isCustom = true }
        let message = SentMessage(
            payload: try Self.pack(.gzip, [1, 2]), topic: "/sys/P/integration/model/up_raw",
            client: Self.client("GZIP"))
        let answer = try channel.process([message])[0][0]
        #expect(try Self.unpack(.gzip, answer.payload) == [7, 8, 9])
        #expect(channel.log.events[0].excerpt == [1, 2])
    }
}
