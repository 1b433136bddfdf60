// StoredSeriesTests.swift — every series comes back bit for bit from memory, WAL and segments.

import Glibc
import Testing
import VarveModel
import VarveQuery
import VarveTestSupport

@testable import VarveStorage

@Suite struct StoredSeriesTests {
    private static let types: [ValueType] = [.double, .int64, .bool, .string, .json]
    /// Around the sizes of vectors and blocks, and beyond two blocks.
    private static let counts = [1, 2, 3, 15, 1023, 1024, 1025, 2047, 8191, 8192, 8193, 16_385, 20_000]
    private static let isLong = getenv("VARVE_TEST_FULL") != nil

    @Test("generated series of all types and lengths come back exactly", arguments: 1...(isLong ? 60 : 3))
    func generated(seed: Int) throws {
        var generator = SeriesGenerator(seed: UInt64(seed))
        var random = SeededGenerator(seed: UInt64(seed) &+ 1000)
        let directory = try TemporaryDirectory()
        var store = try Store.open(directory.path)
        var expected: [(key: SeriesKey, columns: SampleColumns, type: ValueType)] = []
        for number in 0..<15 {
            let type = Self.types[number % Self.types.count]
            let count =
                number < 5
                ? Self.counts.randomElement(using: &random) ?? 1 : Int.random(in: 1...3000, using: &random)
            let key = SeriesKey(product: "p", device: "d\(number / 4)", point: "x\(number)")
            expected.append((key, generator.series(type, count: count), type))
        }
        for small in [true, false] {
            // Few rows stay in the WAL, many become a segment at once.
            let rows = expected.filter { ($0.columns.count < 400) == small }
                .map { SeriesRows(key: $0.key, type: $0.type, columns: $0.columns) }
            if !rows.isEmpty { _ = try store.commit(SampleBatch(series: rows)) }
        }
        func compare(_ place: String) throws {
            for one in expected {
                let read = try store.snapshot().columns(one.key, one.type)
                #expect(read == one.columns, "seed \(seed), \(place), \(one.key.point): \(one.type)")
            }
        }
        try compare("as written")
        try store.close()
        store = try Store.open(directory.path)
        try compare("opened again")
        _ = try store.compact()
        try compare("compacted")
        try store.close()
        #expect(try Store.verify(directory.path, deep: true).damage.isEmpty, "seed \(seed)")
    }
}

extension StoreSnapshot {
    /// All samples of a series as one.
    fileprivate func columns(_ key: SeriesKey, _ type: ValueType) throws -> SampleColumns {
        var all = SampleColumns(type: type)
        try read(key, in: .all, order: .ascending) { piece in
            all.times += piece.times
            all.states += piece.states
            switch (all.values, piece.values) {
            case (.bits(let own), .bits(let more)): all.values = .bits(own + more)
            case (.text(var own), .text(let more)):
                for index in 0..<more.count { own.append(more.bytes[more.range(index)]) }
                all.values = .text(own)
            default: Issue.record("a piece of another type")
            }
            return true
        }
        return all
    }
}
