// IngestLoopTests.swift — the loop against a real broker: answers only after the commit, and nothing is lost.

import Glibc
import Logging
import Synchronization
import Testing
import VarveModel
import VarvePlatform
import VarveTestSupport

@testable import VarveIntegration

@Suite("The ingest loop with a real broker", .serialized)
struct IngestLoopTests {
    private static let replyTopics = ["/sys/P/integration/measurepoint/post_reply", "/sys/P/other_reply"]

    private func loop(
        _ broker: Broker, _ sink: FakeStore, _ log: EventList = EventList()
    ) throws -> IngestLoop {
        var options = IngestOptions(host: "127.0.0.1", port: broker.port)
        options.proof = .plugin(secret: "sp", heldBytes: 1 << 20, remedy: "")
        options.retryMilliseconds = 5...50
        let loop = try IngestLoop(
            options, directory: FakeDirectory.channel(), sink: sink, log: log,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try loop.start()
        return loop
    }

    private func sender(_ broker: Broker) throws -> TestSender {
        try TestSender(port: broker.port, client: "sender", subscribes: Self.replyTopics)
    }

    /// A message of one reading at a time of its own.
    private func message(_ number: Int) -> String {
        payload(
            "{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":\(number)},\"time\":\(number)}", id: "\(number)"
        )
    }

    private func success(_ number: Int) -> String { "{\"id\":\(number),\"code\":200,\"data\":{}}" }

    @Test("good and bad messages are answered, and a refused control message harms nobody")
    func answers() throws {
        let broker = try Broker.withChannel()
        let (sink, log) = (FakeStore(), EventList())
        let loop = try loop(broker, sink, log)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try sender(broker)
        try sender.publish(message(1))
        try sender.publish("{")
        try sender.publish(message(2), topic: "/sys/P/other")
        try sender.publish("")
        try sender.publish(message(2))
        try sender.turn("five answers") { sender.replies.count == 5 }
        let codes = try sender.replies.map { try TestChannel.answer($0.topic, 1, Array($0.text.utf8)).code }
        #expect(codes == [200, 1220, 1009, 1251, 200])
        #expect(sink.rows("d1", "num").count == 2)
        #expect(log.events.count == 5)
        let counts = loop.counts
        #expect(counts.messages == 5 && counts.refused == 3 && counts.samples == 2 && counts.replies == 5)
        loop.stop()
        #expect(loop.state == .stopped)
    }

    @Test(
        "a point, an event, an attribute, a resume and a batch are each stored and answered on their topics")
    func topics() throws {
        let broker = try Broker.withChannel()
        let sink = FakeStore()
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try TestSender(
            port: broker.port, client: "sender",
            subscribes: ["/sys/P/integration/+/post_reply", "/sys/P/d1/thing/measurepoint/#"])
        for item in RequestFormTests.cases {
            let topic = "/" + item.topic.replacing("/d2/", with: "/d1/")
            let count = sender.replies.count
            try sender.publish(request(item.method, item.params), topic: topic)
            try sender.turn("the answer on \(topic)") { sender.replies.count == count + 1 }
            #expect(sender.replies.last?.topic == topic + "_reply")
            let answer = try #require(sender.replies.last?.text)
            #expect(answer.hasPrefix("{\"id\":\"7\",\"code\":200,\"data\":{"), "\(topic): \(answer)")
            #expect(sink.rows("d1", item.point).last?.value == item.value)
        }
        loop.stop()
    }

    @Test("no answer leaves while the commit runs")
    func afterCommit() throws {
        let broker = try Broker.withChannel()
        let gate = Mutex((isOpen: false, entered: 0))
        let sink = FakeStore(before: { _ in
            gate.withLock { $0.entered += 1 }
            while !gate.withLock({ $0.isOpen }) { usleep(1000) }
        })
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try sender(broker)
        try sender.publish(message(1))
        try sender.turn("the commit begins") { gate.withLock { $0.entered } == 1 }
        // Another message goes to the broker and back while the commit waits; an answer would have come by then.
        let other = try TestSender(port: broker.port, client: "other", isService: true)
        try other.publish("x", topic: Self.replyTopics[1])
        try sender.turn("the other message") { !sender.replies.isEmpty }
        #expect(sender.replies.map(\.text) == ["x"])
        gate.withLock { $0.isOpen = true }
        try sender.turn("the answer") { sender.replies.count == 2 }
        #expect(sender.replies.last?.text == success(1))
        loop.stop()
    }

    @Test("if the store fails, nothing is acknowledged, and everything comes again")
    func failingSink() throws {
        let broker = try Broker.withChannel()
        let sink = FakeStore()
        sink.withState { $0.failures = 4 }
        let log = EventList()
        let loop = try loop(broker, sink, log)
        try eventually("the loop serves") { loop.counts.logins == 1 }
        let sender = try sender(broker)
        for number in 0..<50 { try sender.publish(message(number)) }
        try sender.turn("50 answers") { Set(sender.replies.map(\.text)).count == 50 }
        #expect(Set(sender.replies.map(\.text)) == Set((0..<50).map(success)))
        #expect(sink.rows("d1", "num").count == 50)
        #expect(loop.counts.failedCommits == 4)
        #expect(loop.state == .serving)
        let failures = log.failures
        #expect(failures.map(\.part) == [.store, .store], "the failure and its end, each once: \(failures)")
        #expect(failures.map { $0.reason == nil } == [false, true])
        loop.stop()
    }

    @Test(
        "if a connection breaks between commit and answer, the message comes again and is answered as a replay",
        arguments: [
            // Without the connection of the answers, no answer leaves. Without the other, an answer has already left.
            (client: "varve-service-replies", codes: [replayed]),
            (client: "varve-service", codes: ["{\"id\":1,\"code\":200,\"data\":{}}", replayed]),
        ])
    func brokenBeforeFlush(client: String, codes: [String]) throws {
        let broker = try Broker.withChannel()
        let port = broker.port
        let failure = Mutex<String?>(nil)
        let sink = FakeStore(after: { count in
            guard count == 1 else { return }
            do {
                // A login with the service's id makes the broker close the service's connection.
                try TestSender(port: port, client: client, keepsSession: true, isService: true).drop()
            } catch {
                failure.withLock { $0 = "\(error)" }
            }
        })
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try sender(broker)
        try sender.publish(message(1))
        try sender.turn("the answers") { sender.replies.count == codes.count }
        #expect(sender.replies.map(\.text) == codes)
        #expect(sink.withState { $0.replays } == 1)
        #expect(sink.rows("d1", "num").count == 1)
        #expect(failure.withLock { $0 } == nil)
        loop.stop()
    }

    @Test("a message without a time that is delivered again keeps its time of arrival, and is one sample")
    func timelessAgain() throws {
        let broker = try Broker.withChannel()
        let port = broker.port
        let sink = FakeStore(after: { count in
            guard count == 1 else { return }
            // A login with the service's id makes the broker close the service's connection before the PUBACK.
            try? TestSender(port: port, client: "varve-service", keepsSession: true, isService: true).drop()
        })
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try sender(broker)
        let before = SystemClock.nanoseconds()
        try sender.publish(payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1}}"))
        let after = SystemClock.nanoseconds()
        try sender.turn("two answers") { sender.replies.count == 2 }
        #expect(sink.rows("d1", "num").count == 2, "it came twice")
        #expect(sink.samples("d1", "num").count == 1)
        let time = try #require(sink.samples("d1", "num").first).time.nanoseconds
        #expect(before <= time && time <= after, "the time is that of the arrival at the broker")
        loop.stop()
    }

    private static let replayed = "{\"id\":1,\"code\":200,\"data\":{\"replayed\":1}}"

    @Test("the broker is restarted, and the loop goes on with its session")
    func restartedBroker() throws {
        let broker = try Broker.withChannel()
        let sink = FakeStore()
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        do {
            let sender = try sender(broker)
            try sender.publish(message(1))
            try sender.turn("the answer") { sender.replies.count == 1 }
        }
        broker.stop()
        try eventually("the loop notices") { if case .withoutBroker = loop.state { true } else { false } }
        try broker.start()
        let sender = try sender(broker)
        try sender.publish(message(2))
        try sender.turn("the answer") { !sender.replies.isEmpty }
        #expect(sink.rows("d1", "num").count == 2)
        loop.stop()
    }

    @Test("what is sent while the loop is stopped waits at the broker; stopping is quick")
    func session() throws {
        let broker = try Broker.withChannel()
        let sink = FakeStore()
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let begin = ContinuousClock.now
        loop.stop()
        #expect(ContinuousClock.now - begin < .seconds(1))
        let sender = try sender(broker)
        for number in 0..<20 { try sender.publish(message(number)) }
        #expect(sink.batches.isEmpty)
        try loop.start()
        try sender.turn("20 answers") { sender.replies.count == 20 }
        #expect(sender.replies.map(\.text) == (0..<20).map(success))
        loop.stop()
    }

    @Test("a retained message is taken once, not again with each login")
    func retained() throws {
        let broker = try Broker.withChannel()
        let sink = FakeStore()
        let loop = try loop(broker, sink)
        try eventually("the loop serves") { loop.state == .serving }
        let sender = try sender(broker)
        // Without a time each delivery would be a sample of its own.
        try sender.publish(payload("{\"deviceKey\":\"d1\",\"measurepoints\":{\"num\":1}}"), retain: true)
        try sender.turn("the answer") { sender.replies.count == 1 }
        loop.stop()
        try loop.start()
        try sender.publish(message(2))
        try sender.turn("the second answer") { sender.replies.last?.text == success(2) }
        #expect(sink.rows("d1", "num").count == 2)
        loop.stop()
    }
}
