// PointRetentionTests.swift — points of one product that are kept for different times, and batches under policies.

import Synchronization
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveStorage

@Suite struct PointRetentionTests {
    private static let minute: Int64 = 60_000_000_000
    private static let start: Int64 = 10_000 * minute
    private let directory: TemporaryDirectory
    private let terms = Terms()

    init() throws { directory = try TemporaryDirectory() }

    /// The clock, and for how many minutes points are kept; a negative number means forever.
    private final class Terms: Sendable {
        private let state = Mutex((now: start, others: Int64?.none, points: [String: Int64]()))

        var now: Int64 { state.withLock { $0.now } }

        var rules: [Name: ProductRetention] {
            let (others, points) = state.withLock { ($0.others, $0.points) }
            if others == nil, points.isEmpty { return [:] }
            func term(_ minutes: Int64, _ what: String) -> RetentionTerm? {
                minutes < 0
                    ? nil
                    : RetentionTerm(
                        period: RetentionPeriod(seconds: minutes * 60), rule: "\(what) keeps \(minutes)m")
            }
            var lines: [Name: RetentionTerm?] = [:]
            for (point, minutes) in points {
                lines.updateValue(term(minutes, "point \(point)"), forKey: Name(point))
            }
            return ["p": ProductRetention(others: others.flatMap { term($0, "product p") }, points: lines)]
        }

        func keep(_ others: Int64?, _ points: [String: Int64] = [:]) {
            state.withLock { ($0.others, $0.points) = (others, points) }
        }

        func move(by nanoseconds: Int64) { state.withLock { $0.now = start + nanoseconds } }

        /// Whether a row of an age in minutes at the start is kept now.
        func keeps(_ age: Int64, of point: String) -> Bool {
            state.withLock { state in
                guard let minutes = state.points[point] ?? state.others, minutes >= 0 else { return true }
                let limit = state.now - minutes * minute
                return start - age * minute >= limit - limit % minute
            }
        }
    }

    private func withStore(_ body: (Store) throws -> Void) throws {
        let terms = terms
        var options = StoreOptions()
        options.now = { terms.now }
        let store = try Store.open(directory.path, options: options)
        store.setRetention { terms.rules }
        try body(store)
        try store.close()
    }

    private static func rows(_ ages: [Int64], of point: String, shift: Int64 = 0) -> SeriesRows {
        SeriesRows(
            SeriesKey(product: "p", device: "d", point: point), .int64,
            ages.map { age in
                Sample(time: Timestamp(nanoseconds: start - age * minute), value: .int64(age + shift))
            })
    }

    private static func ages(_ store: Store, of point: String) throws -> [Int64] {
        let key = SeriesKey(product: "p", device: "d", point: point)
        guard store.snapshot().series().contains(where: { $0.key == key }) else { return [] }
        return try store.snapshot().samples(key, .int64).map { (start - $0.time.nanoseconds) / minute }
    }

    @Test("the latest value of an attribute stays, whatever its age; earlier ones go")
    func attributes() throws {
        let attribute = ReservedPoint.attribute("serial").name
        terms.keep(60)
        try withStore { store in
            _ = try store.commit(
                SampleBatch(series: [
                    Self.rows([90, 50, 10], of: attribute), Self.rows([50, 10], of: "b"),
                ]))
            #expect(try Self.ages(store, of: attribute) == [90, 50, 10], "none is too old to be stored")
            terms.move(by: 20 * Self.minute)
            #expect(try store.expire(terms.rules).samples == 3)
            #expect(try Self.ages(store, of: attribute) == [10])
            terms.move(by: 100 * Self.minute)
            #expect(try store.expire(terms.rules).samples == 1)
            #expect(try Self.ages(store, of: attribute) == [10] && Self.ages(store, of: "b").isEmpty)
            let key = SeriesKey(product: "p", device: "d", point: attribute)
            let future = Timestamp(nanoseconds: Self.start + 1000 * Self.minute)
            #expect(try store.expire([key], keeping: .arrivedAfter(future)).samples == 0)
            _ = try store.commit(SampleBatch(series: [Self.rows([-90], of: attribute)]))
            #expect(try store.expire(terms.rules).samples == 1)
            #expect(try Self.ages(store, of: attribute) == [-90])
        }
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    private static func values(_ store: Store, of point: String) throws -> [Int64] {
        let key = SeriesKey(product: "p", device: "d", point: point)
        return try store.snapshot().samples(key, .int64).map { sample in
            guard case .int64(let value)? = sample.value else { return .min }
            return value
        }
    }

    /// Accepted, identical, corrected, expired and replayed rows.
    private static func counts(_ outcome: BatchOutcome) -> [UInt64] {
        let receipt = outcome.receipt
        return [receipt.accepted, receipt.identical, receipt.corrected, receipt.expired, receipt.replayed]
    }

    /// Commits as a message, or as the one batch of an import.
    private static func commit(
        _ rows: [SeriesRows], mark: UInt64 = 0, asImport: Bool = false, _ store: Store
    ) throws -> BatchOutcome {
        guard asImport else { return try store.commit(SampleBatch(series: rows, policyMark: mark)) }
        try store.beginImport()
        return try store.commit(
            SampleBatch(series: rows, part: .init(index: 0, isLast: true), policyMark: mark))
    }

    @Test("each point loses what is older than its own term, and one that is kept forever nothing")
    func expiry() throws {
        try withStore { store throws in
            let ages: [Int64] = [9, 4, 1]
            _ = try Self.commit(["x", "y", "z"].map { Self.rows(ages, of: $0) }, store)
            terms.keep(5, ["x": 2, "y": -1])
            #expect(try store.expire(terms.rules).samples == 3)
            #expect(try ["x", "y", "z"].map { try Self.ages(store, of: $0) } == [[1], [9, 4, 1], [4, 1]])
        }
    }

    @Test("rows that come are refused by the term of their own point, which is named")
    func refused() throws {
        terms.keep(5, ["x": 2, "y": -1])
        try withStore { store throws in
            let outcome = try Self.commit(["x", "y", "z"].map { Self.rows([9, 4, 1], of: $0) }, store)
            #expect(Self.counts(outcome) == [6, 0, 0, 3, 0])
            #expect(outcome.rules == ["point x keeps 2m", "product p keeps 5m"])
            #expect(try ["x", "y", "z"].map { try Self.ages(store, of: $0) } == [[1], [9, 4, 1], [4, 1]])
        }
    }

    @Test("a batch is a replay while its points keep their terms, and is applied when one of them is widened")
    func widened() throws {
        terms.keep(5, ["x": 2])
        let rows = [Self.rows([9, 4, 3, 1], of: "x"), Self.rows([9, 8, 4], of: "y")]
        try withStore { store throws in
            #expect(try Self.counts(Self.commit(rows, store)) == [2, 0, 0, 5, 0])
            terms.move(by: Self.minute)
            #expect(try Self.counts(Self.commit(rows, store)) == [0, 0, 0, 5, 2])
            terms.move(by: 0)
            terms.keep(5, ["x": 4])
            let wider = try Self.commit(rows, store)
            #expect(!wider.isReplay && Self.counts(wider) == [2, 2, 0, 3, 0])
            #expect(try Self.ages(store, of: "x") == [4, 3, 1])
            #expect(try Self.commit(rows, store).isReplay)
        }
    }

    @Test("a point that gets a term of its own brings its rows, even if as many others have become too old")
    func divided() throws {
        terms.keep(5)
        let rows = [Self.rows([9, 1], of: "x"), Self.rows([9, 8, 4, 1], of: "y")]
        try withStore { store throws in
            #expect(try Self.counts(Self.commit(rows, store)) == [3, 0, 0, 3, 0])
            // Three rows of y are too old now, as three of both points were before.
            terms.keep(5, ["x": -1])
            terms.move(by: 2 * Self.minute)
            let again = try Self.commit(rows, store)
            #expect(!again.isReplay)
            #expect(try Self.ages(store, of: "x") == [9, 1])
        }
    }

    @Test(
        "under another policy a batch is no replay, also when the first policy's values come back",
        arguments: [false, true])
    func policies(asImport: Bool) throws {
        let (first, second) = ([Self.rows([2, 1], of: "x")], [Self.rows([2, 1], of: "x", shift: 50)])
        try withStore { store throws in
            func counts(_ rows: [SeriesRows], _ mark: UInt64) throws -> [UInt64] {
                try Self.counts(Self.commit(rows, mark: mark, asImport: asImport, store))
            }
            #expect(try counts(first, 0) == [2, 0, 0, 0, 0])
            #expect(try counts(second, 7) == [0, 0, 2, 0, 0])
            #expect(try counts(first, 9) == [0, 0, 2, 0, 0])
            #expect(try Self.values(store, of: "x") == [2, 1])
            for (rows, mark) in [(first, 0), (second, 7), (first, 9)] as [([SeriesRows], UInt64)] {
                #expect(try counts(rows, mark) == [0, 0, 0, 0, 2])
            }
            #expect(try Self.values(store, of: "x") == [2, 1])
        }
    }

    @Test("a resumed import whose policy has changed takes every batch under the new one")
    func resumedUnderAnotherPolicy() throws {
        func part(_ index: UInt32, shift: Int64, mark: UInt64) -> SampleBatch {
            // The first batch has no point that the policy concerns.
            let rows = Self.rows(
                [3, 2, 1], of: index == 0 ? "x" : "y\(index)", shift: index == 0 ? 0 : shift)
            return SampleBatch(
                series: [rows], part: .init(index: index, isLast: index == 3),
                policyMark: index == 0 ? 0 : mark)
        }
        try withStore { store throws in
            try store.beginImport()
            for index in 0..<3 { _ = try store.commit(part(UInt32(index), shift: 0, mark: 0)) }
        }
        try withStore { store throws in
            try store.beginImport()
            let counts = try (0..<4).map {
                Self.counts(try store.commit(part(UInt32($0), shift: 50, mark: 7)))
            }
            #expect(counts == [[3, 0, 0, 0, 0], [0, 0, 3, 0, 0], [0, 0, 3, 0, 0], [3, 0, 0, 0, 0]])
            #expect(store.imports().map(\.isFinished) == [true])
            for index in 1..<4 { #expect(try Self.values(store, of: "y\(index)") == [53, 52, 51]) }
        }
    }

    @Test(
        "under random terms and a moving clock, a row that is not too old is there after its batch",
        arguments: 0..<12 as Range<UInt64>)
    func random(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let points = ["a", "b", "c"]
        let batches = (0..<4).map { _ in
            points.filter { _ in Bool.random(using: &random) }.map { point in
                Self.rows((0..<4).map { _ in .random(in: 1...12, using: &random) }, of: point)
            }
        }
        try withStore { store throws in
            for step in 0..<60 {
                if step % 3 == 0 {
                    var lines: [String: Int64] = [:]
                    for point in points where Bool.random(using: &random) {
                        lines[point] = [-1, 2, 4, 8].randomElement(using: &random)
                    }
                    terms.keep([nil, 3, 6].randomElement(using: &random) ?? nil, lines)
                    terms.move(by: Int64.random(in: 0...4, using: &random) * Self.minute)
                }
                guard let rows = batches.randomElement(using: &random) else { continue }
                let outcome = try Self.commit(rows, store)
                var expired: UInt64 = 0
                for one in rows {
                    let ages = one.columns.times.map { (Self.start - $0) / Self.minute }
                    let kept = ages.filter { terms.keeps($0, of: one.key.point) }
                    expired += UInt64(ages.count - kept.count)
                    let stored = try Self.ages(store, of: one.key.point)
                    #expect(Set(kept).isSubset(of: stored), "seed \(seed), step \(step), \(one.key.point)")
                }
                if !outcome.isReplay {
                    #expect(outcome.receipt.expired == expired, "seed \(seed), step \(step)")
                }
            }
        }
    }
}
