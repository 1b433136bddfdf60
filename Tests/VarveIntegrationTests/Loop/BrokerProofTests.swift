// BrokerProofTests.swift — before a broker proves itself, its messages are not committed, acknowledged or answered.

import Glibc
import Logging
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveIntegration

@Suite("The broker's proof", .serialized)
struct BrokerProofTests {
    private static let topic = "$CONTROL/varve/proof"

    private func loop(
        _ stub: BrokerStub, _ sink: FakeStore, heldBytes: Int = 1 << 20, patience: Double = 0.3
    ) throws -> IngestLoop {
        var options = IngestOptions(host: "127.0.0.1", port: stub.port)
        options.retryMilliseconds = 5...50
        var proof = BrokerProof(topic: Self.topic, heldBytes: heldBytes, remedy: "use another broker") { _ in
            BrokerProof.Exchange(password: "of this login", answer: Array("right".utf8))
        }
        proof.patienceSeconds = patience
        options.proof = proof
        let loop = try IngestLoop(
            options, directory: FakeDirectory.channel(), sink: sink, log: EventList(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try loop.start()
        return loop
    }

    /// A packet with the plugin's answer.
    private func answer(_ text: String) -> [UInt8] {
        let body = [0, UInt8(Self.topic.utf8.count)] + Array(Self.topic.utf8) + [0] + Array(text.utf8)
        return [0x30, UInt8(body.count)] + body
    }

    @Test("messages that come before the proof wait unanswered, and are stored once it has come")
    func heldUntilProof() throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let loop = try loop(stub, sink, patience: 60)
        try stub.answerLogin(first: answer("right"), more: BrokerStub.message(reading("num", "1"), id: 1))
        #expect(!stub.hasInput(within: 300), "neither an acknowledgement nor a subscription")
        #expect(sink.batches.isEmpty && loop.counts.messages == 0)
        stub.send(answer("right"))
        // The acknowledgement was queued first; the subscription comes in the loop's next step.
        #expect(try stub.next().type == 4)
        #expect(sink.rows("d1", "num").count == 1)
        loop.stop()
    }

    @Test(
        "a broker with a wrong or missing answer gets no acknowledgement and no goodbye, and is named with a remedy",
        arguments: ["wrong", "righ", "", nil])
    func wrongAnswer(text: String?) throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let loop = try loop(stub, sink)
        let message = BrokerStub.message(reading("num", "1"), id: 1)
        try stub.answerLogin(first: answer("right"), more: message + (text.map(answer) ?? []))
        #expect(try stub.endsSilently())
        try eventually("the refusal") { loop.brokerRefusal != nil }
        let refusal = try #require(loop.brokerRefusal)
        #expect(refusal.contains("127.0.0.1:\(stub.port)") && refusal.contains("use another broker"))
        #expect(sink.batches.isEmpty && loop.counts.messages == 0 && loop.counts.logins == 0)
        loop.stop()
    }

    @Test(
        "until the broker proves itself on the connection of answers, it gets no answers and no other connection is opened"
    )
    func answersConnection() throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let loop = try loop(stub, sink)
        #expect(try stub.refusesAfterFirstLogin(answer("wrong")))
        try eventually("the refusal") { loop.brokerRefusal != nil }
        loop.stop()
    }

    @Test("the right answer after a wrong one does not count")
    func secondAnswer() throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let loop = try loop(stub, sink)
        try stub.answerLogin(first: answer("right"), more: answer("wrong") + answer("right"))
        #expect(try stub.endsSilently())
        loop.stop()
    }

    @Test("a broker that sends more than may wait for its proof is dropped")
    func tooMuch() throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let text = reading("num", "1")
        let loop = try loop(stub, sink, heldBytes: 3 * text.utf8.count, patience: 60)
        try stub.answerLogin(
            first: answer("right"), more: (1...4).flatMap { BrokerStub.message(text, id: $0) })
        #expect(try stub.endsSilently())
        #expect(sink.batches.isEmpty)
        loop.stop()
    }

    @Test("a loop that is stopped before the proof sends nothing more")
    func stopped() throws {
        let (stub, sink) = (try BrokerStub(), FakeStore())
        let loop = try loop(stub, sink, patience: 60)
        try stub.answerLogin(first: answer("right"), more: BrokerStub.message(reading("num", "1"), id: 1))
        #expect(!stub.hasInput(within: 200))
        loop.stop()
        #expect(try stub.endsSilently())
        #expect(sink.batches.isEmpty)
    }
}
