// BlockEntry.swift — what the index of a segment says about blocks, their vectors and its own pages.

/// The id of a series in one store; dense from 0.
package typealias SeriesID = UInt32

/// The place of some bytes in a file, and their checksum.
package struct Extent: Hashable, Sendable {
    var offset: Int
    package var count: Int
    package var checksum: UInt64

    package init(offset: Int, count: Int, checksum: UInt64) {
        self.offset = offset
        self.count = count
        self.checksum = checksum
    }
}

/// What an index page says about the samples of one series in one block.
package struct BlockEntry: Hashable, Sendable {
    package var series: SeriesID
    package var count: Int
    package var firstTime: Int64
    package var lastTime: Int64
    package var lowestCommit: UInt64
    package var highestCommit: UInt64
    /// Whether a time comes more than once among the samples, with several versions.
    package var hasVersions = false
    /// The piece with values, states and commits; several short series may share it.
    package var block: Extent
    /// The position of the first sample in the block.
    var row = 0
    /// The piece with the times if they are not in the block; several blocks of a device may share it.
    var times: Extent?
    /// Nil for a short series, which is decoded as fast as its statistics.
    package var statistics: BlockStatistics?
    /// The place of the statistics of its vectors, if the segment has them.
    var vectors: VectorIndexPlace?
    /// Whether the segment has statistics of its vectors.
    package var hasVectors: Bool { vectors != nil }

    package init(
        series: SeriesID, count: Int, times: ClosedRange<Int64>, commits: ClosedRange<UInt64>, block: Extent
    ) {
        self.series = series
        self.count = count
        firstTime = times.lowerBound
        lastTime = times.upperBound
        lowestCommit = commits.lowerBound
        highestCommit = commits.upperBound
        self.block = block
    }
}

/// The place of the statistics of a block's vectors: some bytes of a piece that all blocks of a page share.
struct VectorIndexPlace: Hashable, Sendable {
    var extent: Extent
    var bytes: Range<Int>
}

/// What the index says about one vector of a block.
package struct VectorEntry: Hashable, Sendable {
    package var count: Int
    package var firstTime: Int64
    package var lastTime: Int64
    var lowestCommit: UInt64
    var highestCommit: UInt64
    package var statistics: BlockStatistics
}

/// What the top index says about one index page.
struct PageEntry: Hashable, Sendable {
    var extent: Extent
    /// The size of the page unpacked; the stored size where it is not packed.
    var rawCount: Int
    /// The bytes of the vector indexes of its blocks, which directly precede the page.
    var vectorBytes: Int
    var firstSeries: SeriesID
    var lastSeries: SeriesID
    var firstTime: Int64
    var lastTime: Int64
}
