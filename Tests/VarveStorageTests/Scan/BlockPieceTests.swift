// BlockPieceTests.swift — parts of blocks: edges of ranges and buckets inside vectors, on their edges, on the block's.

import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveQuery
@testable import VarveSegment
@testable import VarveStorage

/// Samples in memory, which know nothing of blocks.
private struct PlainSamples: AggregateSource {
    let info: SeriesInfo
    let samples: [Sample]

    func series() -> [SeriesInfo] { [info] }

    func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        var columns = SampleColumns(type: info.type)
        for sample in samples where range.contains(sample.time) { columns.append(sample) }
        _ = try body(order == .ascending ? columns : columns.reversed())
    }
}

@Suite struct BlockPieceTests {
    private static let minute: Int64 = 60_000_000_000
    private static let key = SeriesKey(product: "p", device: "d", point: "x")
    private static let count = 20_000
    /// Vectors begin on the edges of buckets of 1024 minutes.
    private static let start = -10 * 1024 * minute

    private static func time(_ row: Int) -> Int64 { start + Int64(row) * minute }

    private static func value(_ type: ValueType, _ row: Int, _ random: inout SeededGenerator) -> Value {
        switch type {
        case .double:
            // Each special value makes other vectors unlike the rest.
            switch (row / 1024 % 5, Int.random(in: 0..<300, using: &random)) {
            case (1, 0): .double(.nan)
            case (2, 0): .double(.infinity)
            case (3, 0): .double(-0.0)
            case (4, _): .double(Double.random(in: -1...1, using: &random))
            default: .double(Double(Int.random(in: -9999...9999, using: &random)) / 100)
            }
        case .int64: .int64(Int64.random(in: -5_000_000...5_000_000, using: &random))
        case .bool: .bool(Bool.random(using: &random))
        case .string: .string("t\(Int.random(in: 0..<99, using: &random))")
        case .json: .json("[\(Int.random(in: 0..<9, using: &random))]")
        }
    }

    private static func samples(_ type: ValueType, _ random: inout SeededGenerator) -> [Sample] {
        (0..<count).map { row in
            let isOdd = row / 2048 % 3 == 1 && Int.random(in: 0..<100, using: &random) == 0
            return Sample(
                time: Timestamp(nanoseconds: time(row)),
                value: isOdd && Bool.random(using: &random) ? nil : value(type, row, &random),
                quality: isOdd ? 1 : 0)
        }
    }

    private static func commit(_ samples: [Sample], _ type: ValueType, to store: Store) throws {
        _ = try store.commit(SampleBatch(series: [SeriesRows(key, type, samples)]))
    }

    private static func rows(
        _ source: some AggregateSource, _ type: ValueType, _ request: AggregateRequest
    ) throws -> [String] {
        var rows: [String] = []
        try source.aggregate(SeriesInfo(key: key, type: type), request) { row in
            let values = row.values.map { value in
                // NaN equals NaN here, and −0 does not equal +0.
                if case .double(let number) = value {
                    return number.isNaN ? "nan" : String(number.bitPattern, radix: 16)
                }
                return "\(value)"
            }
            rows.append("\(row.start):\(values)")
            return true
        }
        return rows
    }

    /// A row on an edge of a block or of a vector, or anywhere.
    private static func edge(_ random: inout SeededGenerator) -> Int64 {
        let row =
            switch Int.random(in: 0..<3, using: &random) {
            case 0: Int.random(in: 0...2, using: &random) * 8192
            case 1: Int.random(in: 0...19, using: &random) * 1024
            default: Int.random(in: 0..<count, using: &random)
            }
        return time(row) + Int64.random(in: -1...1, using: &random)
    }

    /// From an edge to another.
    private static func range(_ random: inout SeededGenerator) -> TimeRange {
        let (one, other) = (edge(&random), edge(&random))
        return TimeRange(
            from: Timestamp(nanoseconds: min(one, other)), to: Timestamp(nanoseconds: max(one, other)))
    }

    @Test("rows of parts of blocks are those of their samples to the last bit", arguments: 0..<15)
    func sameRows(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        let type = ValueType.allCases[seed % 5]
        let store = try Store.open(directory.path)
        var samples = Self.samples(type, &random)
        try Self.commit(samples, type, to: store)
        if seed >= 5 {
            // Corrections in some vectors; the others stay as they were.
            for row in [3000, 3001, 9000] {
                samples[row].value = Self.value(type, row, &random)
                try Self.commit([samples[row]], type, to: store)
            }
            if seed >= 10 { _ = try store.compact() }
        }
        let snapshot = store.snapshot()
        let plain = PlainSamples(info: SeriesInfo(key: Self.key, type: type), samples: samples)
        let widths = ["1024m", "2048m", "8192m", "1500m", "3000m", "400d", "all"]
        for width in widths.shuffled(using: &random).prefix(3) {
            let range = Self.range(&random)
            let aggregates: [Aggregate] =
                seed % 2 == 0 || width == "all"
                ? [.count, .sum, .avg, .min, .max, .first, .last]
                : Bool.random(using: &random)
                    ? [.count] : Aggregate.allCases
            for range in [range, .all] {
                var request = AggregateRequest(
                    aggregates, over: width == "all" ? .whole : try Buckets(width: .parse(width)), in: range,
                    goodOnly: Bool.random(using: &random))
                let expected = try Self.rows(plain, type, request)
                for order in [TimeOrder.ascending, .descending] {
                    request.order = order
                    for use in StatisticsUse.allCases {
                        request.statistics = use
                        #expect(
                            try Self.rows(snapshot, type, request)
                                == (order == .ascending ? expected : expected.reversed()),
                            "seed \(seed), \(type), \(width), \(aggregates), \(range), \(order), \(use)")
                    }
                }
            }
        }
    }

    @Test("ranges of blocks are their samples, in both orders", arguments: 0..<5)
    func ranges(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let directory = try TemporaryDirectory()
        let type = ValueType.allCases[seed % 5]
        let store = try Store.open(directory.path)
        let samples = Self.samples(type, &random)
        try Self.commit(samples, type, to: store)
        for _ in 0..<12 {
            let range = Self.range(&random)
            let expected = samples.filter { range.contains($0.time) }
            for order in [TimeOrder.ascending, .descending] {
                var found: [Sample] = []
                try store.snapshot().read(Self.key, in: range, order: order) { columns in
                    found += (0..<columns.count).map { columns.sample($0, type: type) }
                    return true
                }
                let wanted = order == .ascending ? expected : expected.reversed()
                // NaN is no reason to differ.
                #expect("\(found)" == "\(wanted)", "seed \(seed), \(range), \(order)")
            }
        }
    }

    @Test(
        "a reader of one value gets the values of one vector first",
        arguments: [TimeOrder.ascending, .descending])
    func oneVector(order: TimeOrder) throws {
        var random = SeededGenerator(seed: 1)
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        try Self.commit(Self.samples(.double, &random), .double, to: store)
        var counts: [Int] = []
        try store.snapshot().read(Self.key, in: .all, order: order) {
            counts.append($0.count)
            return true
        }
        #expect(
            counts
                == (order == .ascending
                    ? [1024, 7168, 8192, 3616] : [3616 % 1024, 3072, 8192, 8192]))
    }

    @Test("a bucket of whole vectors reads no block; one that cuts a vector reads that block only")
    func reads() throws {
        var random = SeededGenerator(seed: 2)
        let directory = try TemporaryDirectory()
        let writer = try Store.open(directory.path)
        try Self.commit(Self.samples(.double, &random), .double, to: writer)
        try writer.close()
        func reads(rows: Range<Int>) throws -> Int {
            let files = CountingDisk()
            let snapshot = try Store.open(directory.path, options: .reading, files: files).snapshot()
            let range = TimeRange(
                from: Timestamp(nanoseconds: Self.time(rows.lowerBound)),
                to: Timestamp(nanoseconds: Self.time(rows.upperBound)))
            let request = AggregateRequest([.count, .avg, .min, .max], over: .whole, in: range)
            #expect(try Self.rows(snapshot, .double, request).count == 1)
            return files.segmentReads
        }
        // The end of the file and an index page; of a part of a block also the index of its vectors.
        let index = try reads(rows: 8192..<16_384)
        #expect(try reads(rows: 1024..<7168) == index + 1)
        // The times of regular samples are in their block.
        #expect(try reads(rows: 1024..<7100) == index + 2)
        #expect(try reads(rows: 1024..<14_336) == index + 1)
    }

    @Test("a block whose times come once is served by its statistics, with any number of commits")
    func versions() throws {
        let directory = try TemporaryDirectory()
        let store = try Store.open(directory.path)
        func entries() throws -> [BlockEntry] {
            try store.snapshot().view.segments.flatMap { try $0.blocks(of: 0) }
        }
        func sample(_ time: Int64) -> Sample {
            Sample(time: Timestamp(nanoseconds: time), value: .double(Double(time)))
        }
        for time in 0..<300 { try Self.commit([sample(Int64(time))], .double, to: store) }
        try store.flush()
        #expect(try entries().map(\.hasVersions) == [false])
        #expect(try entries().allSatisfy { $0.lowestCommit < $0.highestCommit })
        // A correction makes another version of a time, which is kept as long as history says.
        try Self.commit([sample(1000)], .double, to: store)
        var other = sample(1000)
        other.value = .double(1)
        try Self.commit([other], .double, to: store)
        try store.flush()
        #expect(try entries().map(\.hasVersions) == [false, true])
        _ = try store.compact()
        #expect(try entries().map(\.hasVersions) == [true])
        store.history = 0
        _ = try store.compact()
        #expect(try entries().map(\.hasVersions) == [false])
    }
}
