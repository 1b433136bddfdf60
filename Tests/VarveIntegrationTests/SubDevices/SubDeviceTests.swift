// SubDeviceTests.swift — a gateway that logs its sub-devices in and out: damaged messages, and what the log keeps.
//
// The cases of Conformance/subdevices.json have the answers.

import Foundation
import Testing
import VarveTestSupport

@testable import VarveIntegration

@Suite("Sub-devices of a gateway")
struct SubDeviceTests {
    /// The SHA-256 of `clientIdcdeviceKeyd1productKeyPtimestamp1` and the secret of d1, `d1-secret`.
    private static let sign = "aa9caa11e2ea251d4bf39a3c087445c7390e4a5fb8e6d91587010d98d86c4a9c"

    private static func topic(_ ending: String) -> String { "/ext/session/P/d2/combine/\(ending)" }

    private static let login = Array(
        request(
            "combine.login",
            #"{"clientId":"c","timestamp":1,"signMethod":"sha256","productKey":"P","deviceKey":"d\u0031","sign":"\#(sign)"}"#
        ).utf8)

    private static let batch = Array(
        request(
            "combine.login.batch",
            #"{"clientId":"c","timestamp":"1","signMethod":"hmacSha256","subDevices":["#
                + #"{"productKey":"P","deviceKey":"d1","sign":"\#(sign)","cleanSession":null}]}"#
        ).utf8)

    private static let messages = [
        (topic("login"), login), (topic("login/batch"), batch),
        (topic("logout"), Array(request("combine.logout", #"{"productKey":"P","deviceKey":"d1"}"#).utf8)),
    ]

    private static func code(_ answer: SentAnswer?) -> Int? {
        let object = answer.flatMap { try? JSONSerialization.jsonObject(with: Data($0.payload)) }
        return (object as? [String: Any])?["code"] as? Int
    }

    private static func answer(
        _ channel: inout TestChannel, _ topic: String, _ payload: [UInt8]
    ) throws -> SentAnswer? {
        let answers = try channel.process([SentMessage(payload: payload, topic: topic)]).flatMap { $0 }
        #expect(answers.count == 1 && answers[0].topic == topic + "_reply")
        return answers.first
    }

    @Test("an answer names the sub-device and its asset")
    func data() throws {
        var channel = TestChannel()
        let texts = try Self.messages.map { try Self.answer(&channel, $0.0, $0.1)?.text }
        let device = #""productKey":"P","deviceKey":"d1"}"#
        #expect(
            texts == [
                #"{"id":"7","code":200,"data":{"assetId":"a1",\#(device)}"#,
                #"{"id":"7","code":200,"data":{"loginedSubDevices":[{"assetId":"a1",\#(device)],"failedSubDevices":[]}}"#,
                #"{"id":"7","code":200,"data":{\#(device)}"#,
            ])
    }

    @Test("a signature of a sub-device is not logged")
    func log() throws {
        var channel = TestChannel()
        for (topic, payload) in Self.messages {
            _ = try Self.answer(&channel, topic, payload)
            _ = try Self.answer(&channel, topic, payload + [UInt8(ascii: "}")])
        }
        let events = channel.log.events
        #expect(events.map(\.code.rawValue) == [200, 1220, 200, 1220, 200, 1220])
        #expect(events.allSatisfy { $0.excerpt.isEmpty && $0.payloadBytes > 50 && $0.product == "P" })
        #expect(events.map(\.device) == ["d1", "d2", "d1", "d2", "d1", "d2"])
        #expect(events.filter { $0.code == .success }.allSatisfy { $0.items == 1 && $0.commit == nil })
    }

    @Test("a failure of the registry is no answer")
    func failure() throws {
        var channel = TestChannel()
        channel.directory.withState { $0.fails = true }
        for (topic, payload) in Self.messages {
            #expect(throws: FakeDirectory.Failure.self) {
                try channel.process([SentMessage(payload: payload, topic: topic)])
            }
        }
    }

    @Test(
        "a message cut anywhere is answered, and never 200; any other damage gets one answer",
        arguments: [21, 22])
    func damage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var channel = TestChannel()
        var codes: Set<Int> = []
        for (topic, payload) in Self.messages {
            for end in 0..<payload.count {
                let answer = try Self.answer(&channel, topic, Array(payload[..<end]))
                #expect(Self.code(answer) == (end == 0 ? 1251 : 1220), "\(topic) \(end)")
            }
            for round in 0..<2000 {
                if round % 1000 == 999 { channel = TestChannel() }
                var bytes = payload
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    let place = Int.random(in: 0..<bytes.count, using: &generator)
                    switch Int.random(in: 0..<3, using: &generator) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                    case 1: bytes.remove(at: place)
                    default:
                        bytes.insert(
                            contentsOf: Array("[{\"}],:".utf8).shuffled(using: &generator), at: place)
                    }
                }
                guard let code = Self.code(try Self.answer(&channel, topic, bytes)) else {
                    Issue.record("seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
                    continue
                }
                codes.insert(code)
            }
        }
        #expect(codes.isSuperset(of: [200, 705, 740, 742, 1220, 1260]), "seed \(seed): \(codes)")
    }
}
