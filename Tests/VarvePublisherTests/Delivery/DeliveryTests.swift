// DeliveryTests.swift — the window, replies that are late, lost, doubled or refusals, and a broker that restarts.

import Foundation
import Synchronization
import Testing
import VarveFile
import VarvePublisher
import VarveTestSupport
import VarveTransfer

@Suite(.serialized, .timeLimit(.minutes(3))) struct DeliveryTests {
    @Test("the window is filled with unanswered batches and never exceeded")
    func window() throws {
        let isOpen = Mutex(false)
        let setup = try Setup { message, _ in isOpen.withLock { $0 } ? Answer.taken(message) : [] }
        let file = try setup.folder.write(lines: Setup.lines(600), "a.csv")
        let outcome = Mutex<Result<PublishResult, any Error>?>(nil)
        var options = setup.options
        options.window = 7
        options.rowsPerBatch = 10
        options.replySeconds = 0.2
        let sender = Thread { [options] in
            let result = Result { try Publisher(options).publishFile(file) }
            outcome.withLock { $0 = result }
        }
        sender.start()
        // When everything has been sent twice, an eighth batch would also have been sent.
        try eventually("all is sent again") { setup.receiver.messages.count >= 14 }
        #expect(Set(setup.receiver.messages.map(\.id)).count == 7)
        isOpen.withLock { $0 = true }
        try eventually("all is sent") { outcome.withLock { $0 != nil } }
        let result = try #require(outcome.withLock { $0 }).get()
        #expect(result.acknowledged == 60)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(600))
    }

    @Test("a batch is sent again with the same id and bytes until it has a reply")
    func resends() throws {
        let setup = try Setup { message, seen in
            seen <= abs(message.id.hashValue % 3) ? [] : Answer.taken(message)
        }
        let file = try setup.folder.write(lines: Setup.lines(300), "a.csv")
        let result = try setup.publish(file) { options in
            options.rowsPerBatch = 10
            options.replySeconds = 0.1
        }
        let byID = Dictionary(grouping: setup.receiver.messages, by: \.id)
        #expect(byID.count == 30 && result.acknowledged == 30)
        #expect(byID.values.allSatisfy { Set($0.map(\.payload)).count == 1 })
        #expect(result.resent >= UInt64(setup.receiver.messages.count - 30))
        #expect(result.resent > 0)
    }

    @Test("late, doubled and foreign replies harm nothing")
    func strangeReplies() throws {
        let late = Mutex<[String]>([])
        let setup = try Setup { message, seen in
            // The first time the receiver only sends the replies to earlier messages, twice, and one with an unknown
            // id.
            let earlier = late.withLock { late in
                let earlier = late
                late = seen == 1 ? [message.id] : []
                return earlier
            }
            let replies = earlier.flatMap { [Answer(id: $0, code: 200), Answer(id: $0, code: 1204)] }
            let own = seen > 1 ? Answer.taken(message) + Answer.taken(message) : []
            return replies + own + [Answer(id: "nobody", code: 1204)]
        }
        let file = try setup.folder.write(lines: Setup.lines(400), "a.csv")
        let result = try setup.publish(file) { options in
            options.rowsPerBatch = 20
            options.replySeconds = 0.2
        }
        #expect(result.batches == 20 && result.acknowledged == 20 && result.rejected == 0)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(400))
    }

    @Test("a busy receiver gets the same message later")
    func overload() throws {
        let setup = try Setup { message, seen in [Answer(id: message.id, code: seen < 3 ? 500 : 200)] }
        let file = try setup.folder.write(lines: Setup.lines(30), "a.csv")
        let result = try setup.publish(file) { options in
            options.rowsPerBatch = 10
            options.replySeconds = 0.05
        }
        #expect(result.acknowledged == 3 && result.rejected == 0)
        #expect(setup.receiver.messages.count >= 9)
    }

    @Test("bad rows end up alone, and their neighbours are taken")
    func badRows() throws {
        let bad: Set = ["7", "8", "99", "250"]
        let taken = Mutex<[Reading]>([])
        let setup = try Setup { message, _ in
            let readings = message.readings
            if readings.contains(where: { bad.contains($0.value) }) {
                return [Answer(id: message.id, code: 1204, message: "params[0] does not fit")]
            }
            taken.withLock { $0 += readings }
            return Answer.taken(message)
        }
        let file = try setup.folder.write(lines: Setup.lines(300), "a.csv")
        let result = try setup.publish(file) { $0.rowsPerBatch = 100 }
        #expect(result.rejected == 4 && result.rows == 300)
        #expect(result.batches == 3 && result.acknowledged == 3 && result.acknowledgedInPart == 2)
        let expected = Setup.readings(300).filter { !bad.contains($0.value) }
        #expect(Set(taken.withLock { $0 }) == expected)
        let rejected = try setup.folder.text("a.csv.rejected.csv").split(separator: "\n").dropFirst(3)
        #expect(Set(rejected.compactMap { $0.split(separator: ",").first }) == ["9", "10", "101", "252"])
        #expect(rejected.allSatisfy { $0.contains("refused with code 1204: params[0] does not fit") })
        #expect(Set(setup.receiver.messages.map(\.id)).count == setup.receiver.messages.count)
    }

    @Test("the next run sends the refused rows again, and only those")
    func retriedRows() throws {
        let isMended = Mutex(false)
        let setup = try Setup { message, _ in
            let isBad = message.readings.contains { $0.value == "15" }
            return [Answer(id: message.id, code: isBad && !isMended.withLock { $0 } ? 1204 : 200)]
        }
        let file = try setup.folder.write(lines: Setup.lines(50), "a.csv")
        let first = try setup.publish(file) { $0.rowsPerBatch = 10 }
        #expect(first.rejected == 1 && first.acknowledged == 5 && first.acknowledgedInPart == 1)
        isMended.withLock { $0 = true }
        let sent = setup.receiver.messages.count
        let second = try setup.publish(file) { $0.rowsPerBatch = 10 }
        #expect(second.rejected == 0 && second.acknowledged == 5 && second.acknowledgedBefore == 4)
        #expect(setup.receiver.messages.count == sent + 1)
        #expect(throws: (any Error).self) { try setup.folder.text("a.csv.rejected.csv") }
    }

    @Test("an unknown device is given up without trying each of its rows")
    func unknownDevice() throws {
        let setup = try Setup { message, _ in
            let isUnknown = message.readings.contains { $0.device == "d1" }
            return [Answer(id: message.id, code: isUnknown ? 1257 : 200)]
        }
        let file = try setup.folder.write(lines: Setup.lines(600), "a.csv")
        let result = try setup.publish(file)
        #expect(result.rejected == 200)
        #expect(setup.receiver.messages.count < 40)
        let taken = setup.receiver.messages.filter { !$0.readings.contains { $0.device == "d1" } }
        let expected = Setup.readings(600).filter { $0.device != "d1" }
        #expect(Set(taken.flatMap(\.readings)) == expected)
    }

    @Test("a later row of the same reading arrives later, even if the earlier batch is split")
    func order() throws {
        let applied = Mutex<[String: String]>([:])
        let setup = try Setup { message, _ in
            let readings = message.readings
            if readings.contains(where: { $0.value == "-1" }) { return [Answer(id: message.id, code: 1204)] }
            applied.withLock { applied in for reading in readings { applied[reading.key] = reading.value } }
            return Answer.taken(message)
        }
        // The same twenty readings twenty times, each time with another value, and a bad row in each batch.
        var lines = ["device,point,time,value"]
        for round in 0..<20 {
            lines += (0..<20).map { "d,p,\($0),\(round * 100 + $0)" }
            lines.append("d,bad,\(round),-1")
        }
        let file = try setup.folder.write(lines: lines, "a.csv")
        var options = PublishFileOptions()
        options.reading.timeUnit = .seconds
        let result = try setup.publish(file, options) { $0.rowsPerBatch = 9 }
        #expect(result.rejected == 20)
        let last = applied.withLock { $0 }
        #expect(last.count == 20)
        #expect((0..<20).allSatisfy { last["d\tp\t\($0)\($0 == 0 ? "" : "000")"] == "\(1900 + $0)" })
    }

    @Test("a receiver that refuses every message ends the run with its reason")
    func neverTaken() throws {
        let setup = try Setup { message, _ in [Answer(id: message.id, code: 1009, message: "no")] }
        let file = try setup.folder.write(lines: Setup.lines(30), "a.csv")
        #expect(throws: PublisherError.notTaken(code: 1009, message: "no")) { try setup.publish(file) }
    }

    @Test("a wrong password ends the run at once")
    func wrongPassword() throws {
        let broker = try Broker(.login(name: "%channel%&p", password: "right"), isPersistent: false)
        let folder = try TemporaryFolder("varve-publish")
        let file = try folder.write(lines: Setup.lines(30), "a.csv")
        var options = PublisherOptions(host: "127.0.0.1", port: broker.port, product: "p")
        options.giveUpSeconds = 40
        options.login = .password(username: "%channel%&p", password: "wrong")
        do {
            _ = try Publisher(options).publishFile(file)
            Issue.record("the login was accepted")
        } catch PublisherError.refused(_, let port, _) {
            #expect(port == broker.port)
        }
    }

    @Test("a silent receiver ends the run only if the options say so")
    func givesUp() throws {
        let setup = try Setup { _, _ in [] }
        let file = try setup.folder.write(lines: Setup.lines(30), "a.csv")
        do {
            _ = try setup.publish(file) { $0.giveUpSeconds = 0.5 }
            Issue.record("it ended without an answer")
        } catch PublisherError.gaveUp(let seconds, _) {
            #expect(seconds == 0.5)
        }
    }

    @Test("nothing is lost if the broker is killed several times")
    func brokerRestarts() throws {
        let setup = try Setup()
        let file = try setup.folder.write(lines: Setup.lines(20_000), "a.csv")
        let broker = setup.broker
        let messages = { setup.receiver.messages.count }
        let outcome = Mutex<Result<PublishResult, any Error>?>(nil)
        let options = setup.options
        let sender = Thread {
            var options = options
            options.rowsPerBatch = 20
            options.window = 4
            options.replySeconds = 1
            let result = Result { try Publisher(options).publishFile(file) }
            outcome.withLock { $0 = result }
        }
        sender.start()
        for round in 1...3 {
            try eventually("messages come") { messages() > round * 100 || outcome.withLock { $0 != nil } }
            broker.stop(SIGKILL)
            try broker.start()
        }
        try eventually("all is sent") { outcome.withLock { $0 != nil } }
        let result = try #require(outcome.withLock { $0 }).get()
        #expect(result.acknowledged == 1000 && result.rejected == 0)
        #expect(Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(20_000))
    }

    @Test("a request to stop ends the run, and the next run goes on")
    func stopped() throws {
        let isWished = Mutex(false)
        let setup = try Setup { message, _ in
            let place = Int(message.id.split(separator: "-").last ?? "") ?? 0
            if place >= 20 { isWished.withLock { $0 = true } }
            return place >= 20 ? [] : Answer.taken(message)
        }
        let file = try setup.folder.write(lines: Setup.lines(500), "a.csv")
        var options = setup.options
        options.rowsPerBatch = 10
        options.window = 4
        let publisher = Publisher(options, isStopped: { isWished.withLock { $0 } })
        #expect(throws: PublisherError.stopped) { try publisher.publishFile(file) }
        publisher.close()
        setup.receiver.stop()
        let second = try FakeReceiver(setup.broker.port)
        defer { second.stop() }
        let result = try setup.publish(file) { $0.rowsPerBatch = 10 }
        #expect(result.acknowledged == 50 && result.acknowledgedBefore >= 15)
        let readings = (setup.receiver.messages + second.messages).flatMap(\.readings)
        #expect(Set(readings) == Setup.readings(500))
    }
}
