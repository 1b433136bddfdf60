// StoreRetypingTests+Files.swift — what a change of a type leaves on disk: after a reopening, a compaction, a backup.

import Synchronization
import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

extension StoreRetypingTests {
    @Test("commits after the change go to the new series, through the WAL and a reopening")
    func reopened() throws {
        let store = try filled()
        _ = try store.retype(Self.toDouble)
        let new = SeriesKey(product: "p", device: "c", point: "x")
        _ = try store.commit(Self.batch(Self.numbers(3..<5, 2), Self.keys[0], .double))
        _ = try store.commit(Self.batch(Self.numbers(0..<3), new, .double))
        // As after a crash: the WAL is as it is.
        let copy = try directory.copy()
        try store.close()
        for path in [copy.path, directory.path] {
            let again = try Store.open(path)
            let samples = try again.snapshot().samples(Self.keys[0], .double)
            #expect(
                Array(samples.prefix(6)) == Self.numbers(0..<3) + Self.numbers(3..<5, 2) + Self.numbers(5..<6)
            )
            #expect(try again.snapshot().samples(new, .double) == Self.numbers(0..<3))
            #expect(try again.statistics().series == 5)
            try again.flush()
            #expect(try Store.verify(path, deep: true).damage.isEmpty)
            try again.close()
        }
    }

    @Test("compaction erases the old samples, at once or a day later, and a snapshot outlives that")
    func erased() throws {
        let clock = Atomic<Int64>(1_700_000_000_000_000_000)
        var options = StoreOptions()
        options.now = { clock.load(ordering: .relaxed) }
        options.history = 0
        let store = try filled(options)
        try store.flush()
        // A segment without the series has nothing to be erased.
        _ = try store.commit(Self.batch(Self.texts(90_000..<90_100), Self.lone))
        try store.flush()
        let held = store.snapshot()
        let untouched = try #require(held.view.segments.last?.reference.id)
        _ = try store.retype(Self.toDouble)
        #expect(try store.compactIfDue().deleted == 0)
        clock.add(86_400_000_000_001, ordering: .relaxed)
        let report = try store.compactIfDue()
        #expect(report.deleted == 20_050)
        #expect(try store.compactIfDue().segments == 0)
        #expect(store.snapshot().view.segments.contains { $0.reference.id == untouched })
        try check(store.snapshot())
        #expect(try held.samples(Self.keys[1], .string) == Self.texts(0..<30))
        #expect(try store.statistics().historySamples == 0)
        _ = try store.compact()
        let (segments, last) = (store.snapshot().view.segments, store.snapshot().view.seriesCount)
        var ids: [SeriesID] = []
        for segment in segments {
            for index in try segment.top().index.pages.indices { try segment.page(index).series(into: &ids) }
        }
        #expect(Set(ids).count == 5 && ids.allSatisfy { Int($0) < last })
        #expect(try store.compact().segments == 0)
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("texts too many for one block, and as many short series, come out whole")
    func sizes() throws {
        let store = try Store.open(directory.path)
        let long = "{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\"}"
        let texts = (0..<40).map { Sample(time: Self.time($0), value: .json(long)) }
        _ = try store.commit(Self.batch(texts, Self.keys[0], .json))
        let series = (0..<3000).map {
            SeriesRows(
                SeriesKey(product: "p", device: "d\($0)", point: "x"), .json,
                [Sample(time: Self.time($0), value: .json("[\($0)]"))])
        }
        _ = try store.commit(SampleBatch(series: series))
        let report = try store.retype(Retyping(products: ["p"], point: "x", to: .string))
        #expect(report.series == 3001 && report.converted == 3040)
        let read = try store.snapshot().samples(Self.keys[0], .string)
        #expect(read.count == 40 && read.allSatisfy { $0.value == .string(long) })
        for (number, rows) in series.enumerated() {
            let values = try store.snapshot().samples(rows.key, .string).map(\.value)
            #expect(values == [.string("[\(number)]")])
        }
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("a backup includes the change, and its copy is a store like any other")
    func backup() throws {
        let store = try filled()
        let target = try TemporaryDirectory()
        let backup = StoreBackup(of: directory.path, into: target.path + "/copy")
        _ = try backup.run(isIncremental: false)
        _ = try store.retype(Self.toDouble)
        #expect(try backup.run(isIncremental: true).samples == 20_060)
        #expect(try Store.verify(target.path + "/copy", deep: true).damage.isEmpty)
        let copy = try Store.open(target.path + "/copy")
        try check(copy.snapshot())
        _ = try copy.commit(Self.batch(Self.numbers(70_000..<70_001), Self.keys[0], .double))
        #expect(try copy.snapshot().samples(Self.keys[0], .double).count == 20_011)
    }

    @Test("a manifest that replaces a series by one of another name, or twice, is damage")
    func impossible() throws {
        let store = try filled()
        let report = try store.retype(Self.toDouble)
        try store.close()
        let wrongs: [(inout Replacement) -> Void] = [
            { $0.old[1] = 2 }, { $0.first -= 1 }, { $0.first += 1 }, { $0.old = [] },
            { $0.commit = report.commit + 1 },
        ]
        let name = StoreFolder.manifest(store.snapshot().view.manifest.number)
        for wrong in wrongs {
            var manifest = store.snapshot().view.manifest
            wrong(&manifest.replacements[0])
            try directory.write(
                SealedFile.encode(.manifest, version: 5, payload: manifest.encode()), name)
            let error = #expect(throws: StorageError.self) {
                try Store.open(directory.path, options: .reading)
            }
            #expect("\(try #require(error))".hasPrefix("\(name) is damaged"))
            #expect(try Store.verify(directory.path).damage.map(\.file) == [name])
        }
        var manifest = store.snapshot().view.manifest
        var second = manifest.replacements[0]
        second.commit += 1
        second.first += 2
        manifest.commit += 1
        manifest.replacements.append(second)
        try directory.write(SealedFile.encode(.manifest, version: 5, payload: manifest.encode()), name)
        #expect(throws: StorageError.self) { try Store.open(directory.path, options: .reading) }
    }

    @Test("a store without replaced series is written as before, one with them is refused by older readers")
    func versions() throws {
        let store = try filled()
        func version() throws -> UInt8 {
            try directory.bytes(StoreFolder.manifest(store.snapshot().view.manifest.number))[8]
        }
        #expect(try version() == 4)
        _ = try store.retype(Self.toDouble)
        #expect(try version() == 5)
        let manifest = store.snapshot().view.manifest
        #expect(
            try SealedFile.parse(manifest.encode(), "m") { try Manifest(from: &$0, version: 5) } == manifest)
        #expect(throws: StorageError.self) {
            try SealedFile.parse(manifest.encode(), "m") { try Manifest(from: &$0, version: 4) }
        }
        let lines = try Inspection.lines(
            of: directory.path + "/" + StoreFolder.manifest(manifest.number), limit: 100)
        #expect(lines.contains { $0.contains("took the place of 2 others") })
    }
}
