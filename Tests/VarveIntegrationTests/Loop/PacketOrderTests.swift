// PacketOrderTests.swift — what the service sends, and when: nothing before the commit.

import Glibc
import Logging
import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("Packets of the ingest loop", .serialized)
struct PacketOrderTests {
    /// Holds up a commit until the test lets it end.
    private final class Gate: Sendable {
        private let state = Mutex((entered: 0, allowed: 0))

        func pass() {
            let number = state.withLock { state in
                state.entered += 1
                return state.entered
            }
            while state.withLock({ $0.allowed }) < number { usleep(500) }
        }

        func open() { state.withLock { $0.allowed += 1 } }
        var entered: Int { state.withLock { $0.entered } }
    }

    private func loop(
        _ stub: BrokerStub, _ sink: FakeStore, commitMessages: Int = 4096, commitBytes: Int = 16 << 20
    ) throws -> IngestLoop {
        var options = IngestOptions(host: "127.0.0.1", port: stub.port)
        options.commitMessages = commitMessages
        options.commitBytes = commitBytes
        options.retryMilliseconds = 5...50
        let loop = try IngestLoop(
            options, directory: FakeDirectory.channel(), sink: sink, log: EventList(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try loop.start()
        return loop
    }

    @Test("acknowledgements, the report after them, and answers leave after the commit")
    func order() throws {
        let stub = try BrokerStub()
        let gate = Gate()
        let loop = try loop(stub, FakeStore(before: { _ in gate.pass() }))
        try stub.serveLogin()
        stub.publish(reading("num", "1"), id: 1)
        try eventually("the first commit") { gate.entered == 1 }
        stub.publish("{", id: 2)
        stub.publish(reading("num", "2"), id: 3)
        // The loop's thread waits in the commit, so what it has written is here by now.
        #expect(!stub.hasInput(within: 100))
        gate.open()
        try expectAnswers(stub, acknowledged: [1], codes: ["200"])
        try eventually("the second commit") { gate.entered == 2 }
        #expect(!stub.hasInput(within: 100))
        gate.open()
        try expectAnswers(stub, acknowledged: [2, 3], codes: ["1220", "200"])
        loop.stop()
    }

    @Test("a failed commit closes the connection without another byte")
    func failure() throws {
        let stub = try BrokerStub()
        let sink = FakeStore()
        sink.withState { $0.failures = 2 }
        let loop = try loop(stub, sink)
        for _ in 0..<2 {
            try stub.serveLogin()
            stub.publish(reading("num", "1"), id: 1)
            #expect(try stub.endsSilently())
        }
        try stub.serveLogin()
        stub.publish(reading("num", "1"), id: 1)
        try expectAnswers(stub, acknowledged: [1], codes: ["200"])
        #expect(loop.counts.failedCommits == 2)
        loop.stop()
    }

    @Test(
        "a message that arrives with the login's answer is not acknowledged by the subscription that follows")
    func messageBeforeSubscription() throws {
        let stub = try BrokerStub()
        let gate = Gate()
        let loop = try loop(stub, FakeStore(before: { _ in gate.pass() }))
        try stub.answerLogin(more: BrokerStub.message(reading("num", "1"), id: 9))
        try eventually("the commit") { gate.entered == 1 }
        #expect(!stub.hasInput(within: 100))
        gate.open()
        try expectAnswers(stub, acknowledged: [9], codes: ["200"])
        try stub.answerSubscription()
        loop.stop()
    }

    @Test(
        "messages that are too many for one commit are committed in slices, and nothing leaves before the last"
    )
    func slices() throws {
        let stub = try BrokerStub()
        let gate = Gate()
        let sink = FakeStore(before: { _ in gate.pass() })
        let loop = try loop(stub, sink, commitBytes: 500)
        try stub.serveLogin()
        let long = reading("num", "2" + String(repeating: " ", count: 400))
        stub.send(BrokerStub.message(reading("num", "1"), id: 1) + BrokerStub.message(long, id: 2))
        try eventually("the first slice") { gate.entered == 1 }
        gate.open()
        try eventually("the second slice") { gate.entered == 2 }
        #expect(
            !stub.hasInput(within: 100), "the first slice is durable, and its answer waits for the second")
        gate.open()
        for id: UInt8 in [1, 2] { #expect(try stub.next().body[1] == id) }
        #expect(try String(decoding: stub.next().body, as: UTF8.self).contains("consumed "))
        let texts = try stub.answers(of: stub.nextReplies()) + stub.answers(of: stub.nextReplies())
        #expect(texts.count == 2 && texts.allSatisfy { $0.contains("\"code\":200") })
        #expect(sink.withState { $0.groups.map(\.count) } == [1, 1])
        #expect(loop.counts.commits == 2 && loop.counts.messages == 2)
        loop.stop()
    }

    @Test("if a later slice fails, nothing leaves, and both slices come again")
    func failedSlice() throws {
        let stub = try BrokerStub()
        let sink = FakeStore()
        sink.withState { $0.failing = [2] }
        let loop = try loop(stub, sink, commitBytes: 500)
        try stub.serveLogin()
        let long = reading("num", "2" + String(repeating: " ", count: 400))
        let both = BrokerStub.message(reading("num", "1"), id: 1) + BrokerStub.message(long, id: 2)
        stub.send(both)
        #expect(try stub.endsSilently())
        #expect(loop.counts.messages == 0 && loop.counts.failedCommits == 1)
        try stub.serveLogin()
        stub.send(both)
        for id: UInt8 in [1, 2] { #expect(try stub.next().body[1] == id) }
        loop.stop()
        #expect(sink.rows("d1", "num").count == 2)
    }

    @Test(
        "no commit has more messages than the limit, with many messages waiting and many answers unsent"
    )
    func groupLimit() throws {
        let stub = try BrokerStub()
        let gate = Gate()
        let sink = FakeStore(before: { _ in gate.pass() })
        let loop = try loop(stub, sink, commitMessages: 10)
        try stub.serveLogin()
        for _ in 0..<300 { gate.open() }
        // The answers to these are sent, but not acknowledged.
        for id: UInt8 in 1...50 { stub.publish(reading("num", "\(id)"), id: id) }
        try eventually("all are committed") { loop.counts.messages == 50 }
        stub.send((51...250).flatMap { BrokerStub.message(reading("num", "\($0)"), id: UInt8($0)) })
        try eventually("all are committed") { loop.counts.messages == 250 }
        let sizes = sink.withState { $0.groups.map(\.count) }
        #expect(sizes.allSatisfy { $0 <= 10 } && sizes.reduce(0, +) == 250, "\(sizes)")
        loop.stop()
    }

    /// Reads the packets that follow a commit: PUBACKs and the report on one connection, a bundle of answers on the
    /// other.
    private func expectAnswers(
        _ stub: BrokerStub, acknowledged: [UInt8], codes: [String],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        for id in acknowledged {
            let packet = try stub.next()
            #expect(packet.type == 4 && packet.body[1] == id, sourceLocation: location)
        }
        let report = try stub.next()
        #expect(
            report.type == 3 && String(decoding: report.body, as: UTF8.self).contains("consumed "),
            sourceLocation: location)
        let bundle = try stub.nextReplies()
        let texts = try stub.answers(of: bundle)
        #expect(bundle.type == 3 && texts.count == codes.count, sourceLocation: location)
        for (text, code) in zip(texts, codes) {
            #expect(text.contains("\"code\":\(code)"), sourceLocation: location)
        }
    }
}
