// ExampleTests.swift — the example at the top of the module's page compiles and runs as printed.

import Testing
import VarveFile
import VarveModel
import VarveQuery
import VarveStorage
import VarveTestSupport

@Suite struct ExampleTests {
    private struct Answer {
        var latest: Sample?
        var rows: [AggregateRow]
    }

    /// The lines between the two marks are those of the page.
    private static func answer(_ path: String) throws -> Answer? {
        // example
        let store = try Store.open(path, options: .reading)
        let state = store.snapshot()
        guard let power = state.series().first else { return nil }

        // Samples of one series, from the latest back; stops after the first piece.
        var latest: Sample?
        try state.read(power.key, in: .all, order: .descending) { columns in
            latest = columns.sample(0, type: power.type)
            return false
        }

        // An hourly average and count; buckets without samples repeat the one before.
        let hours = try Buckets(width: .parse("1h"))
        let request = AggregateRequest([.avg, .count], over: hours)
        var filler = GapFiller(.previous, request)
        var rows: [AggregateRow] = []
        try filler.rows(of: power, in: state) { row in
            rows.append(row)
            return true
        }
        // end
        return Answer(latest: latest, rows: rows)
    }

    @Test("the example of the page answers as the page says")
    func answers() throws {
        let directory = try TemporaryDirectory()
        let hour: Int64 = 3_600_000_000_000
        let samples = [0, 1, 4].map {
            Sample(time: Timestamp(nanoseconds: $0 * hour), value: .double(Double($0)), quality: nil)
        }
        let store = try Store.open(directory.path)
        let key = SeriesKey(product: "p", device: "d", point: "power")
        _ = try store.commit(SampleBatch(series: [SeriesRows(key, .double, samples)]))
        try store.close()
        let answer = try #require(try Self.answer(directory.path))
        #expect(answer.latest == samples.last)
        #expect(answer.rows.map { $0.start / hour } == [0, 1, 2, 3, 4])
        #expect(answer.rows.map(\.values[0]) == [0, 1, 1, 1, 4].map(AggregateValue.double))
        #expect(answer.rows.map(\.values[1]) == [1, 1, 0, 0, 1].map(AggregateValue.integer))
    }

    @Test("the page has the lines that are tested")
    func page() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        func lines(_ path: String) throws -> [Substring] {
            String(decoding: try POSIXFileSystem().readAll("/\(root)/\(path)"), as: UTF8.self)
                .split(separator: "\n", omittingEmptySubsequences: false)
        }
        let test = try lines("Tests/VarveQueryTests/ExampleTests.swift")
        let start = try #require(test.firstIndex { $0.hasSuffix("// example") })
        let end = try #require(test.firstIndex { $0.hasSuffix("// end") })
        let page = try lines("Sources/VarveQuery/VarveQuery.docc/VarveQuery.md")
        let fence = try #require(page.firstIndex(of: "```swift"))
        let shown = page[(fence + 1)...].prefix { $0 != "```" }
        #expect(test[(start + 1)..<end].map { $0.drop { $0 == " " } } == shown.map { $0.drop { $0 == " " } })
    }
}
