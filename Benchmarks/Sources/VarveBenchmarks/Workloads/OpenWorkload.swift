// OpenWorkload.swift — stores of many segments and of many series: the cost of opening them, and of a first
// query.
//
// Invariants:
// - The stores are built on a disk without syncs. The measured reads are from the real disk.
// - The values follow from their positions, so that every run measures the same bytes.

import VarveFile
import VarveModel
import VarveQuery
import VarveStorage

/// Measures opening, single reads and whole processes on stores of 1, 100 and 10,000 segments and of 100,000 series.
struct OpenWorkload {
    let tool: String
    let scratch: TemporaryFolder
    let runs: Int

    private static let start: Int64 = 1_700_000_000_000_000_000
    private static let minute: Int64 = 60_000_000_000

    /// The description of a store to build.
    private struct Shape {
        var name: String
        var segments: Int
        var series: Int
        var samplesPerSegment: Int
    }

    private static let shapes = [
        Shape(name: "1 segment", segments: 1, series: 10, samplesPerSegment: 100),
        Shape(name: "100 segments", segments: 100, series: 10, samplesPerSegment: 100),
        Shape(name: "10,000 segments", segments: 10_000, series: 10, samplesPerSegment: 10),
        Shape(name: "100,000 series", segments: 1, series: 100_000, samplesPerSegment: 10),
    ]

    func run(into report: inout Report) throws {
        for shape in Self.shapes {
            let path = scratch.fresh("open")
            try make(shape, at: path)
            try measure(shape, at: path, into: &report)
        }
        _ = scratch.fresh("open")
    }

    private func measure(_ shape: Shape, at path: String, into report: inout Report) throws {
        var reading = Figure()
        var writing = Figure()
        var first = Figure()
        var again = Figure()
        var latest = Figure()
        for _ in 0..<runs {
            writing.add(
                try Stopwatch.time { try Store.open(path, options: StoreOptions()).close() }.seconds * 1000)
            let opened = try Stopwatch.time { try Store.open(path, options: .reading).snapshot() }
            reading.add(opened.seconds * 1000)
            let snapshot = opened.result
            first.add(try Stopwatch.time { try middle(shape, snapshot) }.seconds * 1000)
            again.add(try Stopwatch.time { try middle(shape, snapshot) }.seconds * 1000)
            latest.add(try Stopwatch.time { try last(shape, snapshot) }.seconds * 1000)
        }
        let version = try processes([tool, "--version"])
        let query = try processes([
            tool, "query", "--data", path, "--device", Self.device(shape.series / 2), "--point", "P_avg",
            "--limit", "1", "--order", "desc", "--format", "csv",
        ])
        report.add(
            "A store of \(shape.name), \(shape.series) series × "
                + "\(shape.segments * shape.samplesPerSegment) samples",
            [
                .init("open for reading", "ms", reading),
                .init("open for writing and close", "ms", writing),
                .init("one series, the samples of one segment, first", "ms", first),
                .init("the same, warm", "ms", again, .below(0.2)),
                .init("latest value of a series", "ms", latest),
                .init("`varve --version`", "ms", version),
                .init(
                    "`varve query` of the latest value above it", "ms",
                    query.map { $0 - version.median }, .atMost(10)),
            ])
    }

    private func processes(_ words: [String]) throws -> Figure {
        var figure = Figure()
        for _ in 0..<max(runs, 15) { figure.add(try ChildProcess.run(words).seconds * 1000) }
        return figure
    }

    /// Reads the samples that a segment in the middle has of one series.
    private func middle(_ shape: Shape, _ snapshot: StoreSnapshot) throws {
        let from = Self.start + Int64(shape.segments / 2 * shape.samplesPerSegment) * Self.minute
        let range = TimeRange(
            from: Timestamp(nanoseconds: from),
            to: Timestamp(nanoseconds: from + Int64(shape.samplesPerSegment) * Self.minute))
        var rows = 0
        try snapshot.read(Self.key(shape.series / 2), in: range, order: .ascending) { columns in
            rows += columns.count
            return true
        }
        guard rows == shape.samplesPerSegment else { throw HarnessError("\(rows) rows of a segment") }
    }

    private func last(_ shape: Shape, _ snapshot: StoreSnapshot) throws {
        var newest: Int64?
        try snapshot.read(Self.key(shape.series / 2), in: .all, order: .descending) { columns in
            newest = columns.times.first
            return false
        }
        let samples = Int64(shape.segments * shape.samplesPerSegment)
        guard newest == Self.start + (samples - 1) * Self.minute else {
            throw HarnessError("the latest value is another")
        }
    }

    // MARK: Making

    private func make(_ shape: Shape, at path: String) throws {
        let store = try Store.open(path, files: UnsyncedFiles())
        for segment in 0..<shape.segments {
            let batch = SampleBatch(series: (0..<shape.series).map { rows(shape, segment, $0) })
            _ = try store.commit(batch)
            try store.flush()
        }
        try store.close()
    }

    private func rows(_ shape: Shape, _ segment: Int, _ series: Int) -> SeriesRows {
        let places = (0..<shape.samplesPerSegment).map { segment * shape.samplesPerSegment + $0 }
        var columns = SampleColumns(type: .double)
        columns.times = places.map { Self.start + Int64($0) * Self.minute }
        columns.states = places.map { _ in 0 }
        columns.values = .bits(
            places.map { (Double(($0 &* 7919 &+ series &* 31) % 10_000) / 100).bitPattern })
        return SeriesRows(key: Self.key(series), type: .double, columns: columns)
    }

    private static func device(_ series: Int) -> String { "device-\(series)" }

    private static func key(_ series: Int) -> SeriesKey {
        SeriesKey(product: "wind-farm", device: device(series), point: "P_avg")
    }
}
