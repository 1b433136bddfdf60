// PageTests.swift — index pages and vector indexes come back as they were; no bytes make a reader trap.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveSegment

@Suite struct PageTests {
    private static let data = 40..<100_000_000

    /// A page as a segment writer fills one: long series, short ones in shared blocks, shared time columns.
    private static func entries(_ random: inout SeededGenerator, _ count: Int) -> [BlockEntry] {
        var entries: [BlockEntry] = []
        var offset = 40
        var series: SeriesID = 3
        var shared: Extent?
        func extent(_ size: Int) -> Extent {
            defer { offset += size }
            return Extent(offset: offset, count: size, checksum: random.next())
        }
        while entries.count < count {
            let isShort = Bool.random(using: &random)
            let samples = isShort ? Int.random(in: 1...5, using: &random) : 8192
            let same =
                !isShort && entries.last.map { $0.count == 8192 } == true && Bool.random(using: &random)
            if !same { series += UInt32.random(in: 1...3, using: &random) }
            let first =
                same ? entries[entries.count - 1].lastTime : Int64.random(in: -5...5, using: &random) << 50
            var entry = BlockEntry(
                series: series, count: samples,
                times: first...(samples == 1 ? first : first + Int64(samples) * 1_000_000_007),
                commits: 7...(7 + random.next() % 3), block: Extent(offset: 0, count: 0, checksum: 0))
            entry.hasVersions = random.next() % 4 == 0
            if isShort {
                let block = shared ?? extent(500)
                shared = block
                entry.block = block
                entry.row = entries.last { $0.block == block }.map { $0.row + $0.count } ?? 0
            } else {
                if Bool.random(using: &random) {
                    entry.times = entries.compactMap(\.times).last ?? extent(99)
                }
                entry.block = extent(9000)
                let kind = StatisticsCodecTests.Kind.allCases.randomElement(using: &random) ?? .full
                let run = StatisticsCodecTests.run(kind, 200, &random)
                var statistics = BlockStatistics(run, 0..<200, type: kind.type)
                statistics.good = 8192
                entry.statistics = statistics
            }
            entries.append(entry)
        }
        return entries
    }

    private static func decode(_ bytes: [UInt8], vectorBytes: Int) throws -> IndexPage {
        try bytes.withUnsafeBytes {
            try PageDecoder.decode($0, data: data, vectorBytes: vectorBytes, end: 200_000_000)
        }
    }

    @Test("pages of any entries come back", arguments: 0..<12)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for count in [1, 2, 50, 400] {
            var entries = Self.entries(&random, count)
            var vectors: Extent?
            if seed % 2 == 0 {
                let places = entries.indices.filter { entries[$0].statistics != nil }
                let extent = Extent(
                    offset: 200_000_000 - places.count * 9, count: places.count * 9, checksum: 5)
                for (place, index) in places.enumerated() {
                    entries[index].vectors = VectorIndexPlace(
                        extent: extent, bytes: place * 9..<place * 9 + 9)
                }
                if !places.isEmpty { vectors = extent }
            }
            let bytes = PageEncoder.encode(entries, vectors: vectors, effort: .standard)
            let page = try Self.decode(bytes, vectorBytes: vectors?.count ?? 0)
            #expect(page.entries == entries, "seed \(seed)")
            for entry in entries {
                var found: [BlockEntry] = []
                page.entries(of: entry.series, first: .min, last: .max, into: &found)
                #expect(found == entries.filter { $0.series == entry.series })
            }
        }
    }

    @Test("a page with any byte changed or cut is an error or another page, never a trap")
    func damage() throws {
        var random = SeededGenerator(seed: 9)
        let bytes = PageEncoder.encode(Self.entries(&random, 12), vectors: nil, effort: .standard)
        for offset in bytes.indices {
            _ = try? Self.decode(Array(bytes[..<offset]), vectorBytes: 0)
            for bit in UInt8(0)..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << bit
                guard let page = try? Self.decode(damaged, vectorBytes: 0) else { continue }
                #expect(page.entries.allSatisfy { $0.count > 0 && $0.row + $0.count <= 8192 })
            }
        }
    }

    @Test("vector indexes come back, and say when each vector begins and ends", arguments: 0..<10)
    func vectorIndexes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for count in [1025, 2048, 5000, 8192] {
            var times: [Int64] = []
            var time = Int64.random(in: -9...9, using: &random) << 59
            for _ in 0..<count {
                times.append(time)
                time += seed % 3 == 0 || UInt8.random(in: 0..<200, using: &random) > 0 ? 1000 : 7777
            }
            var vectors: [VectorEntry] = []
            for start in stride(from: 0, to: count, by: 1024) {
                let size = min(1024, count - start)
                let kind = StatisticsCodecTests.Kind.allCases.randomElement(using: &random) ?? .full
                let run = StatisticsCodecTests.run(kind, size, &random)
                vectors.append(
                    VectorEntry(
                        count: size, firstTime: times[start], lastTime: times[start + size - 1],
                        lowestCommit: seed % 2 == 0 ? 5 : 5 + UInt64(start / 2048), highestCommit: 5,
                        statistics: BlockStatistics(run, 0..<size, type: kind.type)))
                vectors[vectors.count - 1].highestCommit = seed % 2 == 0 ? 5 : 9
            }
            let entry = BlockEntry(
                series: 1, count: count, times: times[0]...times[count - 1],
                commits: 5...(seed % 2 == 0 ? 5 : 9), block: Extent(offset: 40, count: 1, checksum: 0))
            var writer = ByteWriter()
            VectorIndex.write(vectors, of: entry, to: &writer, effort: .standard)
            let read = try writer.bytes.withUnsafeBytes { try VectorIndex.read($0, of: entry) }
            #expect(read == vectors, "seed \(seed)")
            for offset in writer.bytes.indices {
                var damaged = writer.bytes
                damaged[offset] ^= 1 << UInt8(offset % 8)
                _ = try? damaged.withUnsafeBytes { try VectorIndex.read($0, of: entry) }
                _ = try? damaged[..<offset].withUnsafeBytes { try VectorIndex.read($0, of: entry) }
            }
        }
    }

    @Test("a set of series has its members and no others, in memory and from its bytes", arguments: 0..<6)
    func seriesSets(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var ids: [SeriesID] = []
        var id: SeriesID = UInt32.random(in: 0...2, using: &random)
        while ids.count < (seed == 5 ? 20_000 : 300) {
            ids.append(id)
            id += seed == 0 ? 1 : UInt32.random(in: 1...4, using: &random)
        }
        var set = SeriesSet()
        for id in ids { set.append(id) }
        var writer = ByteWriter()
        set.write(to: &writer, effort: .standard)
        let read = try writer.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            return try SeriesSet(from: &reader)
        }
        #expect(read == set)
        let members = Set(ids)
        for id in 0...(id + 3) { #expect(set.contains(id) == members.contains(id), "\(id)") }
        if seed == 0 { #expect(writer.count < 20) }
    }

    @Test("a set of more series than it can list contains every series")
    func openSet() throws {
        var set = SeriesSet()
        for id in 0...SeriesID(FormatLimits.listedSeries) { set.append(id * 2) }
        #expect(set.contains(1) && set.contains(2))
        var writer = ByteWriter()
        set.write(to: &writer, effort: .standard)
        #expect(writer.bytes == [0])
    }
}
