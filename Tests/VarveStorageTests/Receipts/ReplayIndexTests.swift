// ReplayIndexTests.swift — which batches are replays, by table and through the store.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct ReplayIndexTests {
    private static let key = SeriesKey(product: "p", device: "d", point: "x")

    /// One row at time 0 with this value.
    private static func batch(
        _ value: Int64, _ index: UInt32? = nil, last: Bool = false, reapply: Bool = false
    ) -> SampleBatch {
        let rows = SeriesRows(key, .int64, [Sample(time: .init(nanoseconds: 0), value: .int64(value))])
        let part = index.map { SampleBatch.Part(index: $0, isLast: last) }
        return SampleBatch(series: [rows], part: part, reapply: reapply)
    }

    private static func value(_ store: Store) throws -> Value? {
        try store.snapshot().samples(key, .int64).first?.value
    }

    /// Runs an import whose batches have one row each; stops before `end`.
    private static func run(
        _ store: Store, _ values: [Int64], end: Int? = nil, reapply: Bool = false
    ) throws -> [BatchOutcome] {
        try store.beginImport()
        return try values.indices.prefix(end ?? values.count).map { index in
            try store.commit(
                batch(values[index], UInt32(index), last: index == values.count - 1, reapply: reapply))
        }
    }

    private static func total(_ outcomes: [BatchOutcome]) -> [UInt64] {
        var receipt = Receipt()
        for outcome in outcomes { receipt.add(outcome.receipt) }
        return [
            receipt.accepted, receipt.identical, receipt.corrected, receipt.superseded, receipt.replayed,
        ]
    }

    /// Runs `body` on a store, and then with the store closed and opened, or flushed too, before each use.
    private static func everyWay(_ body: (() throws -> Store) throws -> Void) throws {
        for (reopens, flushes) in [(false, false), (true, false), (true, true)] {
            let directory = try TemporaryDirectory()
            var store = try Store.open(directory.path)
            try body {
                if flushes { try store.flush() }
                if reopens {
                    try store.close()
                    store = try Store.open(directory.path)
                }
                return store
            }
        }
    }

    @Test("a resumed import reports the whole and applies only what is missing")
    func resumed() throws {
        try Self.everyWay { store in
            _ = try Self.run(store(), [1, 2, 3], end: 2)
            #expect(try store().imports().map(\.isFinished) == [false])
            let outcomes = try Self.run(store(), [1, 2, 3])
            #expect(outcomes.map(\.isReplay) == [true, true, false])
            #expect(Self.total(outcomes) == [1, 0, 2, 0, 0])
            #expect(try store().imports().map(\.isFinished) == [true])
        }
    }

    @Test("a finished import that comes again does nothing and reports everything as replayed")
    func finishedAgain() throws {
        try Self.everyWay { store in
            _ = try Self.run(store(), [1, 2, 3])
            _ = try store().commit(Self.batch(9))
            let outcomes = try Self.run(store(), [1, 2, 3])
            #expect(outcomes.map(\.isReplay) == [true, true, true])
            #expect(Self.total(outcomes) == [0, 0, 0, 0, 3])
            #expect(try Self.value(store()) == .int64(9))
            #expect(try store().imports().count == 1)
        }
    }

    @Test("the same content twice in one file with a correction between is applied twice")
    func contentTwice() throws {
        try Self.everyWay { store in
            let outcomes = try Self.run(store(), [1, 2, 1])
            #expect(outcomes.map(\.isReplay) == [false, false, false])
            #expect(Self.total(outcomes) == [1, 0, 2, 0, 0])
            #expect(try Self.value(store()) == .int64(1))
            #expect(try Self.total(Self.run(store(), [1, 2, 1])) == [0, 0, 0, 0, 3])
        }
    }

    @Test("the same content twice with a correction between is applied twice in a resumed import too")
    func contentTwiceResumed() throws {
        try Self.everyWay { store in
            _ = try Self.run(store(), [1, 2, 1], end: 2)
            let outcomes = try Self.run(store(), [1, 2, 1])
            #expect(outcomes.map(\.isReplay) == [true, true, false])
            #expect(try Self.value(store()) == .int64(1))
        }
    }

    @Test("a message that comes again is a replay and undoes no correction")
    func message() throws {
        try Self.everyWay { store in
            _ = try store().commit(Self.batch(1))
            _ = try store().commit(Self.batch(2))
            let outcome = try store().commit(Self.batch(1))
            #expect(outcome.isReplay && outcome.commit == 1)
            #expect(Self.total([outcome]) == [0, 0, 0, 0, 1])
            #expect(try Self.value(store()) == .int64(2))
        }
    }

    @Test("reapply applies what was committed before")
    func reapply() throws {
        try Self.everyWay { store in
            _ = try Self.run(store(), [1, 2])
            let outcomes = try Self.run(store(), [1, 2], reapply: true)
            #expect(outcomes.map(\.isReplay) == [false, false])
            #expect(Self.total(outcomes) == [0, 0, 2, 0, 0])
            #expect(try Self.value(store()) == .int64(2))
        }
    }

    @Test("an import whose last batch replays another import is finished too")
    func finishedByReplay() throws {
        try Self.everyWay { store in
            _ = try Self.run(store(), [5])
            let outcomes = try Self.run(store(), [6, 5])
            #expect(outcomes.map(\.isReplay) == [false, true])
            #expect(try store().imports().map(\.isFinished) == [true, true])
            #expect(try store().imports().count == 2)
        }
    }

    @Test("assess says what commit would do and changes nothing")
    func assess() throws {
        try Self.everyWay { store in
            _ = try store().commit(Self.batch(1))
            #expect(try Self.total([store().assess(Self.batch(2))]) == [0, 0, 1, 0, 0])
            #expect(try store().assess(Self.batch(1)).isReplay)
            #expect(try Self.value(store()) == .int64(1))
            #expect(try Self.total([store().commit(Self.batch(2))]) == [0, 0, 1, 0, 0])
        }
    }

    @Test("the content hash depends on rows and their order, not on the order of series")
    func contentHash() {
        func rows(_ device: String, _ values: [Int64]) -> SeriesRows {
            let samples = values.enumerated().map {
                Sample(time: .init(nanoseconds: Int64($0.offset)), value: .int64($0.element))
            }
            return SeriesRows(SeriesKey(product: "p", device: device, point: "x"), .int64, samples)
        }
        let both = ContentHash.of([rows("a", [1, 2]), rows("b", [3])])
        #expect(both == ContentHash.of([rows("b", [3]), rows("a", [1, 2])]))
        #expect(both != ContentHash.of([rows("a", [2, 1]), rows("b", [3])]))
        #expect(both != ContentHash.of([rows("b", [1, 2]), rows("a", [3])]))
        #expect(both != ContentHash.of([rows("a", [1, 2])]))
    }
}
