// StoreRetypingTests.swift — a point gets another type in one commit, and nothing else changes.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveQuery
@testable import VarveSegment
@testable import VarveStorage

@Suite struct StoreRetypingTests {
    static let keys = ["a", "b"].map { SeriesKey(product: "p", device: $0, point: "x") }
    static let other = SeriesKey(product: "p", device: "a", point: "y")
    static let stranger = SeriesKey(product: "q", device: "a", point: "x")
    static let lone = SeriesKey(product: "z", device: "z", point: "z")
    static let toDouble = Retyping(products: ["p", "none"], point: "x", to: .double)
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    static func time(_ time: Int) -> Timestamp { Timestamp(nanoseconds: Int64(time)) }

    /// Texts of numbers.
    static func texts(_ times: Range<Int>, _ shift: Double = 0) -> [Sample] {
        times.map {
            Sample(
                time: time($0), value: .string(ValueText.string(Double($0) / 8 + shift)),
                quality: $0 % 3 == 0 ? 5 : nil)
        }
    }

    /// The same as numbers.
    static func numbers(_ times: Range<Int>, _ shift: Double = 0) -> [Sample] {
        times.map {
            Sample(
                time: time($0), value: .double(Double($0) / 8 + shift), quality: $0 % 3 == 0 ? 5 : nil)
        }
    }

    static func batch(
        _ samples: [Sample], _ key: SeriesKey = keys[0], _ type: ValueType = .string, part: UInt32? = nil
    ) -> SampleBatch {
        SampleBatch(
            series: [SeriesRows(key, type, samples)],
            part: part.map { SampleBatch.Part(index: $0, isLast: true) })
    }

    static func words(_ list: String, drops: Bool = false) -> Retyping {
        Retyping(
            products: ["p"], point: "x", to: .double, missing: MissingWords(list: list) ?? MissingWords(),
            dropsUnfit: drops)
    }

    /// A store with texts in segments and in memory, of two series to change and two to leave alone.
    func filled(_ options: StoreOptions = StoreOptions()) throws -> Store {
        let store = try Store.open(directory.path, options: options)
        _ = try store.commit(Self.batch(Self.texts(0..<20_000)))
        _ = try store.commit(Self.batch(Self.texts(0..<30), Self.keys[1]))
        _ = try store.commit(Self.batch(Self.texts(0..<10), Self.other))
        try store.flush()
        // Corrections, late rows and new ones.
        _ = try store.commit(Self.batch(Self.texts(10..<20, 1)))
        _ = try store.commit(Self.batch(Self.texts(0..<10), Self.stranger))
        _ = try store.commit(Self.batch(Self.texts(20_000..<20_010)))
        return store
    }

    static let expected = numbers(0..<10) + numbers(10..<20, 1) + numbers(20..<20_010)

    func check(_ source: StoreSnapshot) throws {
        let series = source.series().filter { $0.key != Self.lone }
        let types = Dictionary(uniqueKeysWithValues: series.map { ($0.key, $0.type) })
        #expect(
            types == [
                Self.keys[0]: .double, Self.keys[1]: .double, Self.other: .string, Self.stranger: .string,
            ])
        #expect(try source.samples(Self.keys[0], .double) == Self.expected)
        #expect(try source.samples(Self.keys[0], .double, order: .descending) == Self.expected.reversed())
        #expect(try source.samples(Self.keys[1], .double) == Self.numbers(0..<30))
        #expect(try source.samples(Self.other, .string) == Self.texts(0..<10))
        #expect(try source.samples(Self.stranger, .string) == Self.texts(0..<10))
        #expect(source.series(ofDevices: ["a"]).count == 3 && source.series(ofDevices: ["b"]).count == 1)
    }

    @Test("all series of the products change in one commit, and a snapshot keeps what it had")
    func oneCommit() throws {
        let store = try filled()
        let before = store.snapshot()
        let reader = try Store.open(directory.path, options: .reading)
        let assessed = try before.assessRetyping(Self.toDouble)
        #expect(try reader.snapshot().assessRetyping(Self.toDouble) == assessed)
        var progress: [UInt64] = []
        var report = try store.retype(Self.toDouble) { progress.append($0) }
        #expect(report.commit == before.commit + 1 && progress.last == 20_040)
        report.commit = before.commit
        #expect(report == assessed && report.series == 2 && report.samples == 20_040)
        #expect(report.converted == 20_040 && report.unfit == 0)
        #expect(store.snapshot().commit == before.commit + 1)
        try check(store.snapshot())
        #expect(store.storedType(of: Self.keys[0]) == .double)
        let statistics = try store.statistics()
        #expect(statistics.series == 4 && statistics.samples == 20_060)
        #expect(store.snapshot().size.series == 4 && store.snapshot().size.samples == 20_060)
        #expect(statistics.historySamples == 20_050)
        #expect(statistics.firstTime == Self.time(0) && statistics.lastTime == Self.time(20_009))
        // An earlier snapshot still shows texts.
        for old in [before, reader.snapshot()] {
            #expect(old.series().allSatisfy { $0.type == .string } && old.series().count == 4)
            #expect(try old.samples(Self.keys[1], .string) == Self.texts(0..<30))
            #expect(try old.samples(Self.keys[0], .string).count == 20_010)
        }
        try check(Store.open(directory.path, options: .reading).snapshot())
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
        #expect(try Store.verify(directory.path).samples == 20_060)
    }

    @Test("values that do not fit refuse the change, which leaves nothing behind")
    func refused() throws {
        let store = try filled()
        _ = try store.commit(
            Self.batch([
                Sample(time: Self.time(15), value: .string("Bad")),
                Sample(time: Self.time(30_000), value: .string("No Data")),
            ]))
        try store.flush()
        let before = store.snapshot()
        let files = try directory.fileNames().sorted()
        let error = #expect(throws: UnfitValues.self) { try store.retype(Self.toDouble) }
        #expect(error?.report.unfit == 2 && error?.report.samples == 20_041)
        #expect(error?.report.examples.map(\.text) == ["Bad", "No Data"])
        #expect(error?.report.examples.map(\.key) == [Self.keys[0], Self.keys[0]])
        #expect(try before.assessRetyping(Self.toDouble).examples == error?.report.examples ?? [])
        #expect(try directory.fileNames().sorted() == files)
        #expect(store.snapshot().commit == before.commit)
        #expect(store.storedType(of: Self.keys[0]) == .string)
        #expect(store.snapshot().series().allSatisfy { $0.type == .string })
        // The store goes on.
        _ = try store.commit(Self.batch(Self.texts(40_000..<40_001)))
        #expect(try store.snapshot().samples(Self.keys[0], .string).count == 20_012)
    }

    @Test("values that do not fit are deleted if that was asked for, and words become missing values")
    func dropped() throws {
        let store = try filled()
        _ = try store.commit(
            Self.batch([
                Sample(time: Self.time(15), value: .string("Bad"), quality: 3),
                Sample(time: Self.time(16), value: .string("Bad")),
                Sample(time: Self.time(17), value: .string("off"), quality: 3),
                Sample(time: Self.time(18), value: nil, quality: 9),
            ]))
        let report = try store.retype(Self.words("Bad", drops: true))
        #expect(report.missing == 1 && report.skipped == 1 && report.unfit == 1)
        #expect(report.converted == 20_037 && report.samples == 20_040)
        let samples = try store.snapshot().samples(Self.keys[0], .double)
        #expect(
            Array(samples[15..<18]) == [
                Sample(time: Self.time(15), value: nil, quality: 3),
                Sample(time: Self.time(18), value: nil, quality: 9), Self.numbers(19..<20, 1)[0],
            ])
        #expect(try store.statistics().samples == 20_058)
        #expect(try Store.open(directory.path, options: .reading).statistics().samples == 20_058)
    }

    @Test("states before the change are refused for its series, with point and commit; others are read")
    func past() throws {
        let store = try filled()
        let old = store.snapshot().commit
        _ = try store.retype(Self.toDouble)
        _ = try store.commit(Self.batch(Self.numbers(50_000..<50_001), Self.keys[0], .double))
        let past = try store.snapshot().asOf(commit: old)
        let error = #expect(throws: StorageError.self) { try past.samples(Self.keys[0], .double) }
        let text = "\(try #require(error))"
        #expect(text.contains("point x of device a") && text.contains("since commit \(old + 1), of "))
        let request = AggregateRequest([.count], over: .whole, in: .all)
        #expect(throws: StorageError.self) {
            try past.aggregate(SeriesInfo(key: Self.keys[1], type: .double), request) { _ in true }
        }
        #expect(try past.samples(Self.other, .string) == Self.texts(0..<10))
        // From the change on states are kept.
        let since = try store.snapshot().asOf(commit: old + 1)
        try check(since)
    }

    @Test("what was committed before is applied again, in the old and in the new type")
    func again() throws {
        let store = try Store.open(directory.path)
        try store.beginImport()
        _ = try store.commit(Self.batch(Self.texts(0..<100), part: 0))
        let message = Self.batch(Self.texts(100..<110))
        _ = try store.commit(message)
        let kept = Self.batch(Self.texts(0..<5), Self.other)
        _ = try store.commit(kept)
        _ = try store.retype(Self.toDouble)
        try store.beginImport()
        #expect(throws: StorageError.self) { try store.commit(Self.batch(Self.texts(0..<100), part: 0)) }
        try store.beginImport()
        let numbers = try store.commit(Self.batch(Self.numbers(0..<100), Self.keys[0], .double, part: 0))
        #expect(!numbers.isReplay && numbers.receipt.identical == 100)
        #expect(try store.commit(kept).isReplay)
        // Back to texts: the first contents are those of before.
        _ = try store.retype(Retyping(products: ["p"], point: "x", to: .string))
        #expect(try store.snapshot().samples(Self.keys[0], .string) == Self.texts(0..<110))
        try store.beginImport()
        for batch in [Self.batch(Self.texts(0..<100), part: 0), message] {
            let outcome = try store.commit(batch)
            #expect(!outcome.isReplay && outcome.receipt.identical == UInt64(batch.series[0].columns.count))
        }
        #expect(try store.commit(message).isReplay)
    }

    @Test("a second change follows the first, and the same change again does nothing")
    func twice() throws {
        let store = try filled()
        _ = try store.retype(Self.toDouble)
        let commit = store.snapshot().commit
        let held = store.snapshot()
        let none = try store.retype(Self.toDouble)
        #expect(none.series == 0 && none.commit == commit && store.snapshot().commit == commit)
        _ = try store.commit(Self.batch(Self.numbers(60_000..<60_002), Self.keys[1], .double))
        let report = try store.retype(Retyping(products: ["p"], point: "x", to: .string))
        #expect(report.series == 2 && report.samples == 20_042)
        try store.close()
        let again = try Store.open(directory.path)
        #expect(again.snapshot().series().count == 4)
        #expect(again.snapshot().series().allSatisfy { $0.type == .string })
        let texts = try again.snapshot().samples(Self.keys[1], .string)
        #expect(texts == Self.texts(0..<30) + Self.texts(60_000..<60_002))
        #expect(try again.statistics().series == 4 && again.statistics().samples == 20_062)
        let past = try again.snapshot().asOf(commit: commit)
        let error = #expect(throws: StorageError.self) { try past.samples(Self.keys[0], .string) }
        #expect("\(try #require(error))".contains("since commit \(report.commit),"))
        try check(held)
    }

    @Test("samples that were deleted or expired before stay so, and retention by arrival keeps its count")
    func deleted() throws {
        let store = try filled()
        _ = try store.delete([Self.keys[0]], in: TimeRange(from: Self.time(100), to: Self.time(200)))
        _ = try store.expire([Self.keys[0]], keeping: .from(Self.time(5)))
        let report = try store.retype(Self.toDouble)
        #expect(report.samples == 20_040 - 105)
        let expected = Self.expected.filter {
            $0.time >= Self.time(5) && !(100..<200).contains($0.time.nanoseconds)
        }
        #expect(try store.snapshot().samples(Self.keys[0], .double) == expected)
        let commits = store.snapshot().view.segments.map(\.reference).filter(\.isCompacted)
        // The conversion does not change the arrival of samples.
        #expect(commits.map(\.summary.lowestCommit).min() == 1)
        #expect(try store.delete([Self.keys[0]], in: .all).samples == UInt64(expected.count))
        #expect(try store.snapshot().samples(Self.keys[0], .double).isEmpty)
        #expect(try store.statistics().samples == 50)
    }

    @Test("a series without samples changes too, and a change that is given up leaves nothing")
    func edges() throws {
        let store = try filled()
        _ = try store.delete([Self.keys[1]], in: .all)
        try store.flush()
        let files = try directory.fileNames().sorted()
        struct Enough: Error {}
        #expect(throws: Enough.self) { try store.retype(Self.toDouble) { _ in throw Enough() } }
        #expect(try directory.fileNames().sorted() == files)
        #expect(try store.retype(Self.toDouble).series == 2)
        #expect(try store.snapshot().samples(Self.keys[1], .double).isEmpty)
        let numbers = Self.batch(Self.numbers(0..<4), Self.keys[1], .double)
        #expect(try store.commit(numbers).receipt.accepted == 4)
        #expect(try store.retype(Retyping(products: ["p"], point: "none", to: .bool)).series == 0)
        let reader = try Store.open(directory.path, options: .reading)
        #expect(throws: StorageError.self) {
            try reader.retype(Retyping(products: ["p"], point: "y", to: .json))
        }
    }

    @Test("digests are those of a store that had the new type from the beginning")
    func digest() throws {
        let store = try filled()
        _ = try store.retype(Self.toDouble)
        let fresh = try Store.open(directory.path + "/fresh")
        _ = try fresh.commit(Self.batch(Self.expected, Self.keys[0], .double))
        _ = try fresh.commit(Self.batch(Self.numbers(0..<30), Self.keys[1], .double))
        _ = try fresh.commit(Self.batch(Self.texts(0..<10), Self.other))
        _ = try fresh.commit(Self.batch(Self.texts(0..<10), Self.stranger))
        func digests(_ store: Store, _ info: SeriesInfo) throws -> [DayDigest] {
            var days: [DayDigest] = []
            try store.snapshot().digests(of: info, in: .all) { days.append($0) }
            return days
        }
        #expect(store.snapshot().series() == fresh.snapshot().series())
        for info in fresh.snapshot().series() {
            let (changed, made) = (try digests(store, info), try digests(fresh, info))
            #expect(changed == made && !made.isEmpty)
        }
    }
}
