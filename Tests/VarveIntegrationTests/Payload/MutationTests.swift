// MutationTests.swift — damaged payloads: never a trap, always an answer.
//
// VARVE_FUZZ=1 runs the long form.

import Foundation
import Testing
import VarveTestSupport

@testable import VarveIntegration

@Suite("Damaged payloads")
struct MutationTests {
    private static let isLong = ProcessInfo.processInfo.environment["VARVE_FUZZ"] != nil
    private static let rounds = isLong ? 1_000_000 : 20_000

    private static let seeds: [[UInt8]] = [
        payload(
            "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":-1.5e-3,\"int\":12,\"flag\":true,\"text\":\"\\u00e9é\"},\"time\":1700000000000.5}"
        ),
        payload(
            "{\"time\":5,\"measurepoints\":{\"doc\":{\"value\":[1,{\"a\":null}],\"quality\":3},\"n2\":{\"value\":null,\"quality\":1}},\"deviceKey\":\"d\\u0031\"},{\"deviceKey\":\"d2\",\"measurepoints\":{}}",
            id: "-12.5e7"),
    ].map { Array($0.utf8) }

    /// Seeds of the other requests, each with its topic.
    private static let others: [(topic: String, payload: [UInt8])] = [
        (
            "sys/P/integration/event/post", "integration.event.post",
            #"[{"deviceKey":"d1","events":{"trip":{"a":[1,{"b":"\u00e9"}]},"alarm":null},"time":5}]"#
        ),
        (
            "sys/P/integration/attribute/post", "integration.attribute.post",
            #"[{"attributes":{"serial":"x","place":{"a":1.50}},"deviceKey":"d1"},{"deviceKey":"d2","attributes":{}}]"#
        ),
        (
            "sys/P/d1/thing/measurepoint/resume", "thing.measurepoint.resume",
            #"{"measurepoints":{"num":1,"int":{"value":2,"quality":1}},"time":1700000000.25}"#
        ),
        (
            "sys/P/d1/thing/measurepoint/resume/batch", "thing.measurepoint.resume.batch",
            #"[{"measurepoints":{"num":1}},{"time":1,"measurepoints":{"none":1},"productKey":"P","deviceKey":"d2"}]"#
        ),
    ].map { ($0.0, Array(request($0.1, $0.2, "\"skipInvalidMeasurepoints\":true,").utf8)) }

    private static let pieces: [[UInt8]] = [
        "\"", "{", "}", "[", "]", ":", ",", "\\", "\\u", "\\ud83d", "null", "1e9", "-", "0", "\"value\"",
        "\"id\"",
        "\"params\"", "99999999999999999999", "\u{0}", "é", " ",
    ].map { Array($0.utf8) }

    @Test("any damage gets one answer that is valid JSON", arguments: [11, 12] as [UInt64])
    func mutations(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var channel = TestChannel()
        var codes: Set<Int> = []
        for round in 0..<Self.rounds / 2 {
            // The fakes remember everything and would fill the memory.
            if round % 1000 == 999 { channel = TestChannel() }
            var bytes = Self.seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.damage(&bytes, &generator) }
            let answers = try channel.post([bytes])
            #expect(
                answers.count == 1, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
            codes.formUnion(answers.map(\.code))
        }
        #expect(codes.isSuperset(of: [200, 1204, 1220, 1257, 1260]), "seed \(seed): \(codes)")
    }

    @Test("any damage to a request of another topic gets one answer too", arguments: [13, 14] as [UInt64])
    func otherRequests(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var channel = TestChannel()
        var codes: Set<Int> = []
        for round in 0..<Self.rounds / 2 {
            if round % 1000 == 999 { channel = TestChannel() }
            guard let other = Self.others.randomElement(using: &generator) else { return }
            var bytes = other.payload
            for _ in 0..<Int.random(in: 1...4, using: &generator) { Self.damage(&bytes, &generator) }
            let answers = try channel.post([bytes], topic: other.topic)
            #expect(
                answers.count == 1, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))")
            codes.formUnion(answers.map(\.code))
        }
        #expect(
            codes.isSuperset(of: [200, 1204, 1206, 1207, 1212, 1220, 1257, 1260]), "seed \(seed): \(codes)")
    }

    @Test("a payload cut anywhere is answered, and never 200")
    func cuts() throws {
        var channel = TestChannel()
        for bytes in Self.seeds {
            for end in 0..<bytes.count {
                let answer = try channel.post([Array(bytes[..<end])])[0]
                #expect(answer.code == (end == 0 ? 1251 : 1220), "\(end)")
            }
            #expect(try channel.post([bytes])[0].code == 200)
        }
        for (topic, bytes) in Self.others {
            for end in 1..<bytes.count {
                #expect(try channel.post([Array(bytes[..<end])], topic: topic)[0].code == 1220, "\(end)")
            }
            #expect(try channel.post([bytes], topic: topic)[0].code == 200, "\(topic)")
        }
    }

    private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let piece = pieces.randomElement(using: &generator) ?? []
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2:
            bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...8, using: &generator)))
        case 3: bytes.insert(contentsOf: piece, at: place)
        default:
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
            bytes.insert(contentsOf: bytes[place..<end], at: place)
        }
    }
}
