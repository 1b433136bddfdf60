// SegmentReaderTests.swift — the cost of questions to a segment: reads, open files, memory; a segment outlives its
// name.

import Testing
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct SegmentReaderTests {
    private static func samples(_ count: Int, from first: Int = 0) -> [Sample] {
        (first..<first + count).map { index in
            Sample(
                time: Timestamp(nanoseconds: Int64(index) * 60_000_000_000),
                value: .double(Double(index * 7919 % 1000) / 10), quality: 0)
        }
    }

    private static func key(_ number: Int) -> SeriesKey {
        SeriesKey(product: "p", device: "d\(number)", point: "x")
    }

    /// A store with series of a length, in one segment.
    private static func store(_ path: String, series: Int, samples: Int) throws {
        let store = try Store.open(path)
        let rows = (0..<series).map { SeriesRows(key($0), .double, Self.samples(samples, from: $0)) }
        _ = try store.commit(SampleBatch(series: rows))
        try store.flush()
        try store.close()
    }

    @Test("short series share blocks: few bytes each, and one block for many when all are read")
    func shortSeries() throws {
        let directory = try TemporaryDirectory()
        try Self.store(directory.path, series: 2000, samples: 10)
        let files = CountingDisk()
        let store = try Store.open(directory.path, options: .reading, files: files)
        let reference = try #require(store.snapshot().view.manifest.segments.first)
        #expect(reference.summary.blocks == 2000 && reference.byteCount < 2000 * 30)
        for number in [0, 1234, 1999] {
            let read = try store.snapshot().samples(Self.key(number), .double)
            #expect(read == Self.samples(10, from: number))
        }
        let before = files.reads
        for number in 0..<2000 {
            let read = try store.snapshot().samples(Self.key(number), .double)
            #expect(read == Self.samples(10, from: number))
        }
        #expect(files.reads - before < 20)
    }

    @Test(
        "one series costs one read of its segment's end, one of a page and one of a block; reading it again costs none"
    )
    func coldReads() throws {
        let directory = try TemporaryDirectory()
        try Self.store(directory.path, series: 40, samples: 1000)
        let files = CountingDisk()
        let store = try Store.open(directory.path, options: .reading, files: files)
        let opened = files.segmentReads
        #expect(opened == 0)
        for (number, reads) in [(7, 3), (7, 3), (8, 4), (99, 4)] {
            _ = try store.snapshot().samples(Self.key(number), .double)
            #expect(files.segmentReads == reads, "series \(number)")
        }
    }

    @Test("segments without a series are not read for it, because of their filter")
    func filter() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 0..<6 {
            let rows = [number, number + 20].map { SeriesRows(Self.key($0), .double, Self.samples(300)) }
            _ = try store.commit(SampleBatch(series: rows))
            try store.flush()
        }
        let files = CountingDisk()
        let reading = try Store.open(directory.path, options: .reading, files: files)
        _ = try reading.snapshot().samples(Self.key(3), .double)
        #expect(files.segmentReads == 6 + 2)
        _ = try reading.snapshot().samples(Self.key(21), .double)
        #expect(files.segmentReads == 6 + 4)
    }

    @Test("without a cache everything is read again; a small one keeps its limit")
    func smallCache() throws {
        let directory = try TemporaryDirectory()
        try Self.store(directory.path, series: 40, samples: 1000)
        for (limit, isCached) in [(0, false), (200_000, true)] {
            let files = CountingDisk()
            var options = StoreOptions.reading
            options.cacheBytes = limit
            let store = try Store.open(directory.path, options: options, files: files)
            for _ in 0..<3 {
                for number in 0..<40 {
                    let read = try store.snapshot().samples(Self.key(number), .double)
                    #expect(read == Self.samples(1000, from: number))
                }
            }
            #expect(store.context.library.cache.byteCount <= limit)
            #expect((files.segmentReads == 3 * 40 * 3) == !isCached)
        }
    }

    @Test("more segments than may be open at a time are read")
    func fewDescriptors() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 0..<30 {
            _ = try store.commit(
                SampleBatch(series: [SeriesRows(Self.key(0), .double, Self.samples(300, from: number * 300))])
            )
            try store.flush()
        }
        let place = StoreFolder(directory.path, on: directory.files)
        let library = SegmentLibrary(place, cacheBytes: 0, openFiles: 4)
        let readers = store.snapshot().view.manifest.segments.map { SegmentReader(library, $0) }
        for _ in 0..<2 {
            for (number, reader) in readers.enumerated() {
                let entry = try #require(try reader.blocks(of: 0).first)
                #expect(try reader.read(entry, type: .double).count == 300, "segment \(number)")
                #expect(library.files.count <= 4)
            }
        }
    }

    @Test("a snapshot reads its segments after they were merged; then their files go")
    func retired() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        for number in 0..<3 {
            _ = try store.commit(
                SampleBatch(series: [SeriesRows(Self.key(0), .double, Self.samples(300, from: number * 300))])
            )
            try store.flush()
        }
        func segments() throws -> Int { try directory.fileNames().filter { $0.hasSuffix(".segment") }.count }
        var old: StoreSnapshot? = store.snapshot()
        _ = try store.compact()
        #expect(try segments() == 4)
        #expect(try old?.samples(Self.key(0), .double) == Self.samples(900))
        old = nil
        #expect(try segments() == 1)
        #expect(try store.snapshot().samples(Self.key(0), .double) == Self.samples(900))
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty)
    }

    @Test("chosen vectors of a block are the samples at their places, and the index says what they are")
    func vectors() throws {
        let directory = try TemporaryDirectory()
        var random = SeededGenerator(seed: 3)
        let samples = (0..<5000).map { index in
            Sample(
                time: Timestamp(nanoseconds: Int64(index) * 1_000_000_000),
                value: .double(Double.random(in: 0..<1, using: &random)), quality: 0)
        }
        let store = try Store.open(directory.path)
        _ = try store.commit(SampleBatch(series: [SeriesRows(Self.key(0), .double, samples)]))
        try store.flush()
        let reader = try #require(store.snapshot().view.segments.first)
        let entry = try #require(try reader.blocks(of: 0).first)
        let whole = try reader.read(entry, type: .double)
        let vectors = try reader.vectors(of: entry)
        #expect(vectors.map(\.count) == [1024, 1024, 1024, 1024, 904])
        for range in [0..<1, 1..<3, 4..<5, 0..<5] {
            let rows = range.lowerBound * 1024..<min(range.upperBound * 1024, 5000)
            let run = try reader.read(entry, type: .double, vectors: range)
            #expect(run.times == Array(whole.times[rows]) && run.states == Array(whole.states[rows]))
            #expect(run.commits.count == rows.count)
            for index in 0..<run.count { #expect(run.sampleEquals(index, whole, rows.lowerBound + index)) }
            #expect(vectors[range.lowerBound].firstTime == run.times.first)
        }
    }
}
