// PageInvariantTests.swift — each fault in an index page is found by its check.

import Testing

@testable import VarveSegment

@Suite struct PageInvariantTests {
    /// The reason that a check gives, or nil if it finds nothing.
    private static func reason(_ check: () throws -> Void) -> String? {
        do {
            try check()
            return nil
        } catch {
            return (error as? BrokenInvariant)?.reason ?? "\(error)"
        }
    }

    private static var columns: IndexPage.Columns {
        var columns = IndexPage.Columns()
        columns.series = [1, 1, 2]
        columns.counts = [5, 5, 1]
        columns.firstTimes = [0, 9, -5]
        columns.lastTimes = [8, 20, -5]
        columns.lowestCommits = [1, 1, 1]
        columns.highestCommits = [1, 2, 3]
        columns.blocks = [0, 1, 1]
        columns.times = [0, 0, 0]
        columns.rows = [0, 0, 5]
        columns.haveVersions = [false, false, false]
        columns.statisticsNumbers = [0, 0, 0]
        columns.extents = [
            Extent(offset: 64, count: 10, checksum: 1), Extent(offset: 74, count: 10, checksum: 2),
        ]
        columns.vectorEnds = [0, 0, 0]
        return columns
    }

    private static let pageFaults: [(String, @Sendable (inout IndexPage.Columns) -> Void)] = [
        ("the same count", { $0.rows.removeLast() }),
        ("ends early", { $0.lastTimes[0] = -1 }),
        ("commits of entry 2 are reversed", { $0.lowestCommits[2] = 4 }),
        ("has 0 samples", { $0.counts[1] = 0 }),
        ("names a piece", { $0.blocks[0] = 2 }),
        ("names a piece", { $0.times[0] = 3 }),
        ("names a piece", { $0.statisticsNumbers[0] = 1 }),
        ("entry 1 is out of order", { $0.firstTimes[1] = 7 }),
        ("entry 2 is out of order", { $0.series[2] = 0 }),
        ("overlap", { $0.extents[1].offset = 70 }),
        ("ends before it begins", { $0.vectorEnds = [5, 4, 4] }),
        ("do not fill", { $0.vectorEnds = [0, 0, 4] }),
    ]

    @Test("each fault in an index page is reported")
    func pages() {
        #expect(Self.reason { try IndexPage(Self.columns).checkInvariants() } == nil)
        for (words, plant) in Self.pageFaults {
            var columns = Self.columns
            plant(&columns)
            let page = IndexPage(columns)
            #expect(Self.reason { try page.checkInvariants() }?.contains(words) == true, "\(words)")
        }
    }
}
