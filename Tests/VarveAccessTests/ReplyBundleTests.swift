// ReplyBundleTests.swift — bundles of answers are read back as written, or refused as a whole.

import Testing
import VarveAccess

@Suite struct ReplyBundleTests {
    private struct Answer: Equatable {
        var qos: Int32
        var topic: [UInt8]
        var payload: [UInt8]
        var client: [UInt8] = []
        var correlation: [UInt8] = []

        /// Calls `body` with the answer in the form that a bundle takes.
        func withReply<Result>(_ body: (ForwardedReply) -> Result) -> Result {
            topic.withUnsafeBytes { topic in
                client.withUnsafeBytes { client in
                    correlation.withUnsafeBytes { correlation in
                        payload.withUnsafeBytes {
                            body(
                                ForwardedReply(
                                    qos: qos, topic: topic, client: client, correlation: correlation,
                                    payload: $0))
                        }
                    }
                }
            }
        }
    }

    private static let topic = "/sys/pk/integration/measurepoint/post_reply"

    private func bundle(_ answers: [Answer]) -> [UInt8] {
        var bundle = ReplyBundle()
        for answer in answers {
            let isAdded = answer.withReply { bundle.append($0) }
            #expect(isAdded)
        }
        return bundle.bytes
    }

    /// The answers of a bundle; nil if the bytes are not one, and then no answer may have been handed on.
    private func read(_ bytes: [UInt8]) -> [Answer]? {
        var answers: [Answer] = []
        // Allocated in its exact size, so that a checking allocator notices a read beyond the end.
        let count = bytes.withUnsafeBytes { bytes in
            ReplyBundle.read(bytes) {
                answers.append(
                    Answer(
                        qos: $0.qos, topic: Array($0.topic), payload: Array($0.payload),
                        client: Array($0.client), correlation: Array($0.correlation)))
            }
        }
        if let count { #expect(count == answers.count) } else { #expect(answers.isEmpty) }
        return count == nil ? nil : answers
    }

    private func answer(_ text: String, qos: Int32 = 1, topic: String = topic) -> Answer {
        Answer(qos: qos, topic: Array(topic.utf8), payload: Array(text.utf8))
    }

    private func isAdded(topic: [UInt8], client: [UInt8] = []) -> Bool {
        var bundle = ReplyBundle()
        return Answer(qos: 1, topic: topic, payload: [], client: client).withReply { bundle.append($0) }
    }

    @Test(
        "answers are read back in their order, with topic, client id, correlation data, payload and quality of service"
    )
    func roundTrip() {
        let answers = [
            answer("one"), answer("", qos: 0), answer("three", topic: "sys/ü/x_reply"),
            Answer(qos: 1, topic: Array(Self.topic.utf8), payload: Array(repeating: 0xFF, count: 100_000)),
            Answer(
                qos: 0, topic: Array(Self.topic.utf8), payload: [1], client: Array("pk|timestamp=1|".utf8),
                correlation: [0, 255, 0]),
        ]
        #expect(read(bundle(answers)) == answers)
        #expect(read([2]) == [])
        #expect(read([]) == nil)
        #expect(read([1]) == nil)
    }

    @Test("a bundle that is cut anywhere, or goes on, is refused as a whole")
    func cut() {
        var answers = [answer("one"), answer("two", qos: 0), answer("three")]
        (answers[1].client, answers[1].correlation) = (Array("gw".utf8), [7])
        let whole = bundle(answers)
        // Cut where an answer ends, it is a bundle of fewer answers.
        let ends = (0...3).map { bundle(Array(answers.prefix($0))).count }
        for count in 2..<whole.count where !ends.contains(count) {
            #expect(read(Array(whole.prefix(count))) == nil, "\(count) of \(whole.count) bytes")
        }
        #expect(read(whole + [0]) == nil)
    }

    @Test("a bundle with any byte changed gives no answer that may not be published")
    func changed() {
        var named = answer("two", qos: 0)
        named.client = Array("gw".utf8)
        let whole = bundle([answer("one"), named])
        for place in whole.indices {
            for mask: UInt8 in [1, 2, 0x20, 0x80, 0xFF] {
                var bytes = whole
                bytes[place] ^= mask
                for answer in read(bytes) ?? [] {
                    #expect(answer.qos <= 1 && answer.topic.suffix(6).elementsEqual("_reply".utf8))
                    #expect(answer.topic.withUnsafeBytes { TopicRights.isReplyTopic($0) })
                    #expect(!answer.client.contains(0))
                }
            }
        }
    }

    @Test("random bytes are never read past their end")
    func random() {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let count = Int(state >> 58)
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: state >> UInt64($0 % 8 * 7)) & 0x0F }
            _ = read([2] + bytes)
        }
    }

    @Test("only topics below sys that end in _reply and that the broker takes are topics of answers")
    func topics() {
        let longest = "/sys/" + String(repeating: "x", count: 65_535 - 11) + "_reply"
        let deepest = "/sys" + String(repeating: "/x", count: 198) + "/_reply"
        for topic in [Self.topic, "sys/p/x_reply", "/sys/p/_reply", longest, deepest] {
            #expect(isAdded(topic: Array(topic.utf8)), "\(topic.prefix(40))")
        }
        for topic in [
            "", "_reply", "/sys/_repl", "/sys/pk/post", "/SYS/pk/x_reply", "//sys/pk/x_reply",
            "$SYS/x_reply", "$CONTROL/varve/v1", "/sys/+/x_reply", "/sys/#_reply", "/sys/p\u{0}/x_reply",
            "/sys/p\n/x_reply", "/x" + longest, "/sys/x" + longest.dropFirst(5),
            "/sys/x" + deepest.dropFirst(4) + "/_reply",
        ] {
            #expect(!isAdded(topic: Array(topic.utf8)), "\(topic.prefix(40))")
        }
        #expect(!isAdded(topic: Array("/sys/p/".utf8) + [0xC3, 0x28] + Array("_reply".utf8)))
        #expect(isAdded(topic: Array(Self.topic.utf8), client: Array("ü|x".utf8)))
        #expect(!isAdded(topic: Array(Self.topic.utf8), client: Array("a\u{0}b".utf8)))
    }

    @Test("a bundle has room up to 1 MiB, and for one answer of any size")
    func room() {
        var bundle = ReplyBundle()
        #expect(bundle.hasRoom(for: 3 << 20))
        let answer = Answer(
            qos: 1, topic: Array(Self.topic.utf8), payload: [UInt8](repeating: 0, count: 1000),
            client: Array("gw".utf8), correlation: [1])
        answer.withReply { reply in
            while bundle.hasRoom(for: reply.byteCount + 2) {
                let isAdded = bundle.append(reply)
                #expect(isAdded)
            }
        }
        #expect(bundle.bytes.count <= ReplyBundle.maximumBytes)
        #expect(bundle.bytes.count > ReplyBundle.maximumBytes - 1100)
    }
}
