// MergeCursorTests.swift — versions of samples across blocks and sources.

import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

@Suite struct MergeCursorTests {
    typealias Row = (time: Int64, commit: UInt64)

    /// Each sample's value is its commit.
    private static func run(_ rows: [Row]) -> SampleRun {
        SampleRun(
            times: rows.map(\.time), values: .bits(rows.map(\.commit)), states: rows.map { _ in 0 },
            commits: rows.map(\.commit))
    }

    private static func merge(
        _ sources: [[Row]], first: Int64 = .min, last: Int64 = .max, limit: Int = 8192
    ) throws -> (rows: [Row], dropped: UInt64) {
        let cursors = sources.map { RunCursor([run($0)], type: .int64, first: first, last: last) }
        return try drain(cursors, limit: limit)
    }

    private static func drain(_ cursors: [RunCursor], limit: Int) throws -> (rows: [Row], dropped: UInt64) {
        var merge = try MergeCursor(cursors, type: .int64, history: .max)
        var rows: [Row] = []
        while let run = try merge.next(limit: limit) {
            #expect(run.count <= limit)
            guard case .bits(let bits) = run.values else { continue }
            #expect(bits == run.commits)
            rows += zip(run.times, run.commits).map { ($0, $1) }
        }
        return (rows, merge.dropped)
    }

    private static func expect(
        _ result: (rows: [Row], dropped: UInt64), _ rows: [Row], dropped: UInt64
    ) {
        #expect(result.rows.map(\.time) == rows.map(\.time))
        #expect(result.rows.map(\.commit) == rows.map(\.commit))
        #expect(result.dropped == dropped)
    }

    @Test("the version with the highest commit is given, from any source")
    func versions() throws {
        let sources: [[Row]] = [[(1, 1), (2, 1), (3, 1)], [(2, 3)], [(2, 2), (4, 2)]]
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let result = try Self.merge(order.map { sources[$0] })
            Self.expect(result, [(1, 1), (2, 3), (3, 1), (4, 2)], dropped: 2)
        }
    }

    @Test("the newest of several versions inside one run is given, at its beginning, middle and end")
    func versionsInside() throws {
        let rows: [Row] = [(1, 1), (1, 4), (2, 1), (3, 2), (3, 3), (3, 5), (4, 1), (5, 1), (5, 2)]
        for limit in 1...9 {
            let result = try Self.merge([rows], limit: limit)
            Self.expect(result, [(1, 4), (2, 1), (3, 5), (4, 1), (5, 2)], dropped: 4)
        }
    }

    @Test("the ends of time are times like any other")
    func endsOfTime() throws {
        let rows: [Row] = [(.min, 1), (0, 1), (.max, 1)]
        Self.expect(
            try Self.merge([rows, [(.min, 2), (.max, 2)]]), [(.min, 2), (0, 1), (.max, 2)], dropped: 2)
        Self.expect(try Self.merge([rows], first: .max), [(.max, 1)], dropped: 0)
        Self.expect(try Self.merge([rows], last: .min), [(.min, 1)], dropped: 0)
        Self.expect(try Self.merge([rows], first: .min + 1, last: .max - 1), [(0, 1)], dropped: 0)
    }

    @Test("a range takes in its ends and nothing else")
    func ranges() throws {
        let rows: [Row] = (0..<10).map { ($0, 1) }
        for first in 0..<10 as Range<Int64> {
            for last in first..<10 {
                Self.expect(
                    try Self.merge([rows], first: first, last: last), (first...last).map { ($0, 1) },
                    dropped: 0)
            }
        }
        Self.expect(try Self.merge([rows], first: 10), [], dropped: 0)
        Self.expect(try Self.merge([[], []]), [], dropped: 0)
    }

    @Test("a time at the edge of two blocks of one segment comes once")
    func blockEdges() throws {
        let directory = try TemporaryDirectory()
        let place = StoreFolder(directory.path, on: directory.files)
        try directory.files.createDirectory(place.segments)
        let writer = try SegmentWriter(place, effort: .standard)
        var runs = [
            Self.run([(1, 1), (2, 1)]), Self.run([(2, 2)]), Self.run([(2, 3), (3, 1)]), Self.run([(3, 2)]),
        ][...]
        _ = try writer.append(series: 0, type: .int64) { runs.popFirst() }
        let reader = SegmentReader(
            SegmentLibrary(place), try writer.seal())
        for limit in [1, 2, 8192] {
            let segment = RunCursor(
                reader, try reader.blocks(of: 0), type: .int64, first: .min, last: .max)
            let other = RunCursor([Self.run([(0, 9), (3, 9)])], type: .int64, first: .min, last: .max)
            let result = try Self.drain([segment, other], limit: limit)
            Self.expect(result, [(0, 9), (1, 1), (2, 3), (3, 9)], dropped: 4)
        }
    }
}
