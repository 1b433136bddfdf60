// ExpiredRowsTests.swift — rows that are too old for retention are counted and not stored; a wider rule lets them in.

import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct ExpiredRowsTests {
    private static let minute: Int64 = 60_000_000_000
    private static let start: Int64 = 10_000 * minute
    private let directory: TemporaryDirectory
    private let terms = Terms()

    init() throws { directory = try TemporaryDirectory() }

    /// Keeps so many minutes of a product, or all.
    private func keep(_ minutes: Int64?, of product: String = "p") { terms.keep(minutes, of: product) }

    private func withStore(_ body: (Store) throws -> Void) throws {
        let terms = terms
        var options = StoreOptions()
        options.now = { terms.now }
        let store = try Store.open(directory.path, options: options)
        store.setRetention { terms.rules }
        try body(store)
        try store.close()
    }

    /// The clock and the rules.
    private final class Terms: Sendable {
        private let state = Mutex((now: start, minutes: [String: Int64]()))

        var now: Int64 { state.withLock { $0.now } }

        var rules: [Name: ProductRetention] {
            state.withLock { state in
                state.minutes.reduce(into: [:]) { rules, rule in
                    rules[Name(rule.key)] = ProductRetention(
                        period: RetentionPeriod(seconds: rule.value * 60),
                        rule: "product \(rule.key) keeps \(rule.value)m")
                }
            }
        }

        func keep(_ minutes: Int64?, of product: String) { state.withLock { $0.minutes[product] = minutes } }

        func move(by nanoseconds: Int64) { state.withLock { $0.now = start + nanoseconds } }
    }

    /// Rows so many minutes before the start, the value is that number and the shift.
    private static func rows(_ ages: [Int64], of product: String = "p", shift: Int64 = 0) -> SeriesRows {
        SeriesRows(
            SeriesKey(product: product, device: "d", point: "x"), .int64,
            ages.map { age in
                Sample(time: Timestamp(nanoseconds: start - age * minute), value: .int64(age + shift))
            })
    }

    private static func ages(_ store: Store, of product: String = "p") throws -> [Int64] {
        let samples = try store.snapshot().samples(
            SeriesKey(product: product, device: "d", point: "x"), .int64)
        return samples.map { (start - $0.time.nanoseconds) / minute }
    }

    private static func counts(_ outcome: BatchOutcome) -> [UInt64] {
        let receipt = outcome.receipt
        return [receipt.accepted, receipt.identical, receipt.corrected, receipt.expired, receipt.replayed]
    }

    @Test("rows before the limit are expired, in any order and in text; the limit itself is kept")
    func limit() throws {
        keep(5)
        try withStore { store throws in
            let batch = SampleBatch(series: [Self.rows([9, 1, 5, 6, 0])])
            let assessed = try store.assess(batch)
            #expect(Self.counts(assessed) == [3, 0, 0, 2, 0])
            let outcome = try store.commit(batch)
            #expect(Self.counts(outcome) == [3, 0, 0, 2, 0])
            #expect(outcome.rules == ["product p keeps 5m"])
            #expect(try Self.ages(store) == [5, 1, 0])
            let key = SeriesKey(product: "p", device: "d", point: "text")
            let texts = ["old", "new"].enumerated().map {
                Sample(
                    time: Timestamp(nanoseconds: Self.start - Int64(9 - 8 * $0.offset) * Self.minute),
                    value: .string($0.element))
            }
            let other = try store.commit(SampleBatch(series: [SeriesRows(key, .string, texts)]))
            #expect(Self.counts(other) == [1, 0, 0, 1, 0])
            #expect(try store.snapshot().samples(key, .string).map(\.value) == [.string("new")])
        }
    }

    @Test(
        "if all rows of a new series are expired, nothing is stored and the batch is remembered",
        arguments: [1, 9000])
    func nothingLeft(count: Int64) throws {
        keep(5)
        let batch = SampleBatch(series: [Self.rows(Array(10..<(10 + count)))])
        for isAgain in [false, true] {
            try withStore { store throws in
                let outcome = try store.commit(batch)
                #expect(outcome.isReplay == isAgain)
                #expect(Self.counts(outcome) == [0, 0, 0, UInt64(count), 0])
                #expect(outcome.rules == ["product p keeps 5m"])
                #expect(store.snapshot().series().isEmpty)
                try store.flush()
            }
        }
    }

    @Test("a rule by arrival expires nothing, and rules that cannot be read fail the commit")
    func otherRules() throws {
        let store = try Store.open(directory.path)
        store.setRetention {
            ["p": ProductRetention(period: RetentionPeriod(seconds: 60, basis: .arrival), rule: "")]
        }
        #expect(try Self.counts([Self.rows([1, 2])], asImport: false, store) == [2, 0, 0, 0, 0])
        store.setRetention { throw CancellationError() }
        #expect(throws: CancellationError.self) { try store.commit(SampleBatch(series: [Self.rows([3])])) }
        store.setRetention { [:] }
        #expect(try Self.ages(store) == [2, 1])
        try store.close()
    }

    /// Commits as a message, or as the one batch of an import.
    private static func commit(_ rows: [SeriesRows], asImport: Bool, _ store: Store) throws -> BatchOutcome {
        guard asImport else { return try store.commit(SampleBatch(series: rows)) }
        try store.beginImport()
        return try store.commit(SampleBatch(series: rows, part: .init(index: 0, isLast: true)))
    }

    private static func counts(_ rows: [SeriesRows], asImport: Bool, _ store: Store) throws -> [UInt64] {
        counts(try commit(rows, asImport: asImport, store))
    }

    @Test(
        "a batch that comes again under the same rule is a replay; a wider rule applies it again",
        arguments: [false, true])
    func widened(asImport: Bool) throws {
        let rows = [Self.rows([9, 8, 7, 3, 2, 1])]
        keep(5)
        try withStore { store throws in
            #expect(try Self.counts(rows, asImport: asImport, store) == [3, 0, 0, 3, 0])
            _ = try Self.commit([Self.rows([1], shift: 70)], asImport: asImport, store)
            try store.flush()
        }
        try withStore { store throws in
            let again = try Self.commit(rows, asImport: asImport, store)
            #expect(again.isReplay && again.commit == 1)
            #expect(Self.counts(again) == [0, 0, 0, 3, 3])
            terms.move(by: Self.minute * 5 / 2)
            #expect(try Self.counts(rows, asImport: asImport, store) == [0, 0, 0, 3, 3])
            terms.move(by: 0)
        }
        keep(7)
        try withStore { store throws in
            let wider = try Self.commit(rows, asImport: asImport, store)
            #expect(!wider.isReplay)
            #expect(Self.counts(wider) == [1, 2, 1, 2, 0])
            #expect(try Self.ages(store) == [7, 3, 2, 1])
        }
        keep(nil)
        try withStore { store throws in
            #expect(try Self.counts(rows, asImport: asImport, store) == [2, 4, 0, 0, 0])
            #expect(try Self.counts(rows, asImport: asImport, store) == [0, 0, 0, 0, 6])
        }
        keep(2)
        try withStore { store throws in
            #expect(try Self.counts(rows, asImport: asImport, store) == [0, 0, 0, 0, 6])
        }
    }

    @Test("a wider rule for one of two products in a batch brings its rows, independent of the other")
    func twoProducts() throws {
        let rows = [Self.rows([9, 1]), Self.rows([9, 8, 1], of: "q")]
        keep(5)
        keep(5, of: "q")
        try withStore { store throws in
            let outcome = try store.commit(SampleBatch(series: rows))
            #expect(Self.counts(outcome) == [2, 0, 0, 3, 0])
            #expect(outcome.rules == ["product p keeps 5m", "product q keeps 5m"])
            keep(0, of: "q")
            #expect(try store.commit(SampleBatch(series: rows)).isReplay)
            keep(nil)
            let wider = try store.commit(SampleBatch(series: rows))
            #expect(!wider.isReplay)
            #expect(try Self.ages(store) == [9, 1])
        }
    }

    @Test("a resumed import reports what expired in its first run, and goes on")
    func resumed() throws {
        keep(5)
        let parts = [[9, 1], [8, 7, 2]].enumerated().map { index, ages in
            SampleBatch(
                series: [Self.rows(ages.map { Int64($0) })],
                part: .init(index: UInt32(index), isLast: index == 1))
        }
        try withStore { store throws in
            try store.beginImport()
            _ = try store.commit(parts[0])
        }
        try withStore { store throws in
            terms.move(by: Self.minute)
            try store.beginImport()
            let counts = try parts.map { Self.counts(try store.commit($0)) }
            #expect(counts == [[1, 0, 0, 1, 0], [1, 0, 0, 2, 0]])
            #expect(store.imports().map(\.isFinished) == [true])
            terms.move(by: 0)
        }
    }
}
