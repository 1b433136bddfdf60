// MessageMemoryTests.swift — which messages are remembered, for how long, and in which files.

import Synchronization
import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct MessageMemoryTests {
    private static let hour: Int64 = 3_600_000_000_000
    private static let day = 24 * hour
    private static let files = POSIXFileSystem()

    private static func message(_ number: Int) -> SampleBatch {
        let key = SeriesKey(product: "p", device: "d\(number % 7)", point: "x")
        let sample = Sample(time: .init(nanoseconds: Int64(number)), value: .int64(Int64(number)))
        return SampleBatch(series: [SeriesRows(key, .int64, [sample])])
    }

    /// A clock that tests set, and options that use it.
    private final class Clock: Sendable {
        private let now = Mutex<Int64>(1_700_000_000_000_000_000)

        func advance(_ nanoseconds: Int64) { now.withLock { $0 += nanoseconds } }

        var options: StoreOptions {
            var options = StoreOptions()
            options.now = { self.now.withLock { $0 } }
            return options
        }
    }

    private static func entries(_ count: Int, seed: UInt64) -> [MessageEntry] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map {
            MessageEntry(hash: Hash128(low: random.next(), high: random.next()), commit: UInt64($0))
        }
    }

    private static func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try files.createDirectory("\(directory.path)/segments")
        return directory
    }

    @Test(
        "a file gives exactly the messages that it has", arguments: [1, 16, 17, 170, 171, 9000])
    func lookUp(count: Int) throws {
        let temporary = try Self.directory()
        let directory = StoreFolder(temporary.path, on: Self.files)
        let entries = Self.entries(count, seed: 3)
        let reference = try MessageMerge.write([], and: entries, clock: 5, directory)
        let file = try MessageFile(directory, reference)
        try file.check()
        for filter in [nil, try file.filter()] {
            for entry in entries {
                #expect(try file.commit(of: entry.hash, filter: filter) == entry.commit)
            }
            for entry in Self.entries(2000, seed: 4) {
                #expect(try file.commit(of: entry.hash, filter: filter) == nil)
            }
        }
    }

    @Test("hashes that are close together are found")
    func crowded() throws {
        let temporary = try Self.directory()
        let directory = StoreFolder(temporary.path, on: Self.files)
        let entries = (0..<5000).map {
            MessageEntry(hash: Hash128(low: $0, high: $0 < 4999 ? 7 : .max), commit: $0)
        }
        let reference = try MessageMerge.write([], and: entries, clock: 5, directory)
        let file = try MessageFile(directory, reference)
        for entry in entries { #expect(try file.commit(of: entry.hash, filter: nil) == entry.commit) }
        #expect(try file.commit(of: Hash128(low: 9999, high: 7), filter: nil) == nil)
    }

    @Test("the filter lets fewer than one other message in 200 through")
    func filterRate() throws {
        let temporary = try Self.directory()
        let directory = StoreFolder(temporary.path, on: Self.files)
        let reference = try MessageMerge.write(
            [], and: Self.entries(20_000, seed: 5), clock: 5, directory)
        let file = try MessageFile(directory, reference)
        let filter = try file.filter()
        let others = Self.entries(20_000, seed: 6)
        let through = others.filter { entry in
            let block = MessageFilter.block(of: entry.hash, among: file.header.blocks)
            return filter.withUnsafeBytes {
                MessageFilter.has(entry.hash, $0, at: block * MessageFilter.blockBytes)
            }
        }
        #expect(through.count < 100)
    }

    @Test("merged files have the messages of all, and so has the store")
    func merges() throws {
        let directory = try TemporaryDirectory()
        var store = try Store.open(directory.path)
        // Each flush has too many messages for the next flush to merge them.
        let perFlush = MessageMerge.absorbedEntries
        for flush in 0..<4 {
            let group = (0..<perFlush).map { Self.message(flush * perFlush + $0) }
            for result in store.commit(group: group) { _ = try result.get() }
            try store.flush()
        }
        #expect(store.snapshot().view.manifest.messages.count == 4)
        let before = try store.statistics().bytes
        _ = try store.compactIfDue()
        let messages = store.snapshot().view.manifest.messages
        #expect(messages.map(\.count) == [UInt64(4 * perFlush)])
        #expect(
            try store.statistics().bytes > UInt64(perFlush * 4 * 24) && before > UInt64(perFlush * 4 * 24))
        #expect(try directory.fileNames().filter { $0.hasSuffix(".messages") }.count == 1)
        for reopens in [false, true] {
            if reopens {
                try store.close()
                store = try Store.open(directory.path)
            }
            for number in stride(from: 0, to: 4 * perFlush, by: 97) {
                let outcome = try store.commit(Self.message(number))
                #expect(outcome.isReplay && outcome.commit == UInt64(number + 1))
                #expect(outcome.receipt.replayed == 1 && outcome.receipt.samples == 1)
                #expect(outcome.receipt.from == Timestamp(nanoseconds: Int64(number)))
            }
        }
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage == [])
        let name = try #require(try directory.fileNames().first { $0.hasSuffix(".messages") })
        let lines = try Inspection.lines(of: "\(directory.path)/\(name)", limit: 300)
        #expect(lines.count == 301 && lines[0].contains("\(4 * perFlush) messages"))
    }

    @Test("small files are merged by the next flush")
    func absorbs() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 0..<20 {
            _ = try store.commit(Self.message(number))
            try store.flush()
        }
        #expect(store.snapshot().view.manifest.messages.map(\.count) == [20])
        #expect(try directory.fileNames().filter { $0.hasSuffix(".messages") }.count == 1)
        for number in 0..<20 { #expect(try store.commit(Self.message(number)).isReplay) }
    }

    /// Commits a message and flushes once an hour.
    private static func run(_ store: Store, _ clock: Clock, hours: Int, from first: inout Int) throws {
        for _ in 0..<hours {
            // Too many for the next flush to merge.
            let group = (first..<first + MessageMerge.absorbedEntries).map { message($0) }
            for result in store.commit(group: group) { _ = try result.get() }
            first += group.count
            try store.flush()
            clock.advance(hour)
        }
    }

    @Test("messages are forgotten after the horizon and not before, files as a whole")
    func expiry() throws {
        let directory = try TemporaryDirectory()
        let clock = Clock()
        var options = clock.options
        options.messageHorizon = 5 * Self.hour
        let store = try Store.open(directory.path, options: options)
        var next = 0
        try Self.run(store, clock, hours: 6, from: &next)
        #expect(store.snapshot().view.manifest.messages.count == 6)
        #expect(try store.commit(Self.message(0)).isReplay)
        try Self.run(store, clock, hours: 6, from: &next)
        #expect(store.snapshot().view.manifest.messages.count == 7)
        #expect(try directory.fileNames().filter { $0.hasSuffix(".messages") }.count == 7)
        let outcome = try store.commit(Self.message(0))
        #expect(!outcome.isReplay && outcome.receipt.identical == 1)
    }

    @Test("a clock that jumps back and forth makes the store forget nothing", arguments: [true, false])
    func clockSetBack(backFirst: Bool) throws {
        let directory = try TemporaryDirectory()
        let clock = Clock()
        let store = try Store.open(directory.path, options: clock.options)
        var next = 0
        try Self.run(store, clock, hours: 2, from: &next)
        clock.advance(backFirst ? -400 * Self.day : 400 * Self.day)
        try Self.run(store, clock, hours: 2, from: &next)
        clock.advance(backFirst ? 400 * Self.day : -400 * Self.day)
        try Self.run(store, clock, hours: 2, from: &next)
        #expect(store.snapshot().view.manifest.messages.count == 6)
        for number in stride(from: 0, to: next, by: 499) {
            #expect(try store.commit(Self.message(number)).isReplay, "\(number)")
        }
    }

    @Test("the age clock follows the real one, hour by hour at most, and never goes back")
    func ageClock() {
        var manifest = Manifest()
        manifest.writtenAt = 100
        manifest.messageClock = 7
        #expect(manifest.messageClock(at: 150) == 57)
        #expect(manifest.messageClock(at: 50) == 7)
        #expect(manifest.messageClock(at: .max) == 7 + Self.hour)
        manifest.writtenAt = .min
        #expect(manifest.messageClock(at: .max) == 7 + Self.hour)
        manifest.messageClock = .max
        #expect(manifest.messageClock(at: .max) == .max)
    }

    @Test("messages that version 1 kept in receipts files are remembered and move at the first flush")
    func receiptsOfVersion1() throws {
        let directory = try TemporaryDirectory()
        var store = try Store.open(directory.path)
        try store.change { state, view in
            var manifest = view.manifest
            var change = ManifestChange(store.context, state)
            let hash = ContentHash.of(Self.message(1).series)
            var receipt = Receipt()
            receipt.accepted = 1
            let zero = Hash128(low: 0, high: 0)
            let records = [false, true].map { isMessage in
                BatchRecord(
                    contentHash: isMessage ? hash : Hash128(low: 1, high: 1), importHash: zero, generation: 0,
                    part: isMessage ? nil : .init(index: 0, isLast: true), commit: 1, writtenAt: 0,
                    receipt: receipt)
            }
            try change.addReceipts(records, to: &manifest)
            try change.commit(&manifest)
            view.manifest = manifest
        }
        for isMoved in [false, true] {
            try store.close()
            store = try Store.open(directory.path)
            #expect(try store.commit(Self.message(1)).isReplay)
            #expect(store.imports().count == 1)
            #expect(store.snapshot().view.manifest.messages.count == (isMoved ? 1 : 0))
            _ = try store.commit(Self.message(isMoved ? 3 : 2))
            try store.flush()
        }
        let manifest = store.snapshot().view.manifest
        #expect(manifest.receipts.map(\.count) == [1] && manifest.messages.map(\.count) == [3])
    }

    @Test("a message that was committed again by reapply is found again")
    func reapply() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        var message = Self.message(1)
        for _ in 0..<3 {
            message.reapply = true
            #expect(try !store.commit(message).isReplay)
            try store.flush()
        }
        #expect(try store.commit(Self.message(1)).isReplay)
        try store.close()
        #expect(try Store.verify(directory.path).damage == [])
    }
}
