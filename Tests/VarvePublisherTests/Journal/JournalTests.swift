// JournalTests.swift — a journal remembers acknowledged batches, and its damage only costs messages.

import Foundation
import Synchronization
import Testing
import VarveFile
import VarvePublisher
import VarveTestSupport
import VarveTransfer

@Suite(.serialized, .timeLimit(.minutes(3))) struct JournalTests {
    /// A sender, and a receiver that answers only the first batches.
    private final class Scene {
        let setup: Setup
        let file: String

        init(answered count: Int) throws {
            let box = Box(count)
            self.box = box
            setup = try Setup { message, _ in
                let number = Int(message.id.split(separator: "-").last ?? "") ?? 0
                return number < box.count.withLock { $0 } ? Answer.taken(message) : []
            }
            file = try setup.folder.write(lines: Setup.lines(400), "a.csv")
        }

        private let box: Box

        var journal: String { file + ".publish-journal" }

        /// Sends until the receiver stops answering.
        func sendPart() {
            #expect(throws: PublisherError.self) { try send(giveUp: 0.4) }
        }

        /// Sends to a receiver that takes everything from now on.
        func sendRest(again: Bool = false) throws -> PublishResult {
            box.count.withLock { $0 = .max }
            return try send(again: again)
        }

        func send(again: Bool = false, giveUp: Double = 40, product: String = "p") throws -> PublishResult {
            var fileOptions = PublishFileOptions()
            fileOptions.sendsAgain = again
            return try setup.publish(file, fileOptions) { options in
                options.giveUpSeconds = giveUp
                options.rowsPerBatch = 10
                options.window = 4
                options.product = product
            }
        }

        /// Whether all rows of the file have arrived.
        var isComplete: Bool {
            Set(setup.receiver.messages.flatMap(\.readings)) == Setup.readings(400)
        }

        func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: journal))) }

        func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: journal)) }
    }

    private final class Box: Sendable {
        let count: Mutex<Int>

        init(_ count: Int) { self.count = Mutex(count) }
    }

    @Test("the next run sends what is not acknowledged, and nothing else")
    func resumes() throws {
        let scene = try Scene(answered: 20)
        scene.sendPart()
        let before = scene.setup.receiver.messages.count
        let result = try scene.sendRest()
        #expect(result.batches == 40 && result.acknowledged == 40 && result.acknowledgedBefore == 20)
        #expect(scene.setup.receiver.messages.count == before + 20)
        #expect(scene.isComplete)
    }

    @Test("a finished journal is small, and everything is sent again only on request")
    func finished() throws {
        let scene = try Scene(answered: .max)
        let first = try scene.send()
        #expect(first.acknowledged == 40 && !first.wasFinished)
        #expect(try scene.bytes().count == 96)
        let sent = scene.setup.receiver.messages
        let second = try scene.send()
        #expect(second.wasFinished && second.rows == 400 && second.acknowledgedBefore == 40)
        #expect(scene.setup.receiver.messages.count == sent.count)
        let third = try scene.send(again: true)
        #expect(!third.wasFinished && third.acknowledgedBefore == 0)
        let all = scene.setup.receiver.messages
        #expect(all.count == 80 && all[..<40].map(\.payload) == all[40...].map(\.payload))
    }

    @Test("half a record at the end is cut, and that batch is sent again")
    func tornTail() throws {
        let scene = try Scene(answered: 20)
        scene.sendPart()
        let bytes = try scene.bytes()
        #expect(bytes.count == 96 + 20 * 32)
        try scene.write(bytes.dropLast(13))
        let result = try scene.sendRest()
        #expect(result.acknowledgedBefore == 19 && result.acknowledged == 40 && scene.isComplete)
        #expect(result.notes.count == 1)
        #expect(try scene.bytes().count == 96)
    }

    @Test("records appended after a cut are whole")
    func goesOnBehindCut() throws {
        let scene = try Scene(answered: 10)
        scene.sendPart()
        try scene.write(try scene.bytes().dropLast(5))
        scene.sendPart()
        #expect(try scene.bytes().count == 96 + 10 * 32)
        #expect(try scene.sendRest().acknowledgedBefore == 10)
    }

    @Test("a changed byte anywhere costs messages, never rows")
    func damage() throws {
        let seed: UInt64 = 3
        var generator = SeededGenerator(seed: seed)
        let scene = try Scene(answered: 20)
        scene.sendPart()
        let good = try scene.bytes()
        for round in 0..<12 {
            var bytes = good
            let place =
                round < 4
                ? Int.random(in: 8..<96, using: &generator)
                : Int.random(in: 96..<bytes.count, using: &generator)
            bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
            try scene.write(bytes)
            let before = scene.setup.receiver.messages.count
            let result = try scene.sendRest()
            let comment: Comment = "seed \(seed), byte \(place)"
            #expect(result.acknowledged == 40, comment)
            #expect(result.acknowledgedBefore == (place < 96 ? 0 : 19), comment)
            let sent = Set(scene.setup.receiver.messages[before...].map(\.id))
            #expect(sent.count == (place < 96 ? 40 : 21), comment)
            #expect(result.notes.count == 1, comment)
        }
    }

    @Test("a file that is not a journal is left as it is")
    func notJournal() throws {
        let scene = try Scene(answered: 20)
        for bytes in [Array("device,point,time,value\n".utf8), Array("v".utf8) + [0], [0]] {
            try scene.write(bytes)
            #expect(throws: PublisherError.self) { try scene.sendRest() }
            #expect(throws: PublisherError.self) { try scene.sendRest(again: true) }
            #expect(try scene.bytes() == bytes)
        }
    }

    @Test("an altered file, another target or other batches start over, with a note")
    func otherInput() throws {
        let scene = try Scene(answered: .max)
        _ = try scene.send()
        _ = try scene.setup.folder.write(lines: Setup.lines(401), "a.csv")
        let altered = try scene.send()
        #expect(altered.acknowledgedBefore == 0 && altered.rows == 401 && altered.notes.count == 1)
        let other = try scene.send(product: "q")
        #expect(other.acknowledgedBefore == 0 && other.notes.count == 1)
        #expect(scene.setup.receiver.messages.last?.topic == "/sys/q/integration/measurepoint/post")
        var fileOptions = PublishFileOptions()
        fileOptions.reading.timeUnit = .milliseconds
        let unit = try scene.setup.publish(scene.file, fileOptions)
        #expect(unit.acknowledgedBefore == 0 && unit.notes.count == 1)
    }

    @Test("two senders cannot use one journal")
    func locked() throws {
        let scene = try Scene(answered: .max)
        let held = try POSIXFileSystem().openLocked(scene.journal)
        #expect(throws: DirectoryInUse.self) { try scene.send() }
        held.close()
        #expect(try scene.send().acknowledged == 40)
    }
}
