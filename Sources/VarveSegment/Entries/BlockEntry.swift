// BlockEntry.swift — what the index of a segment says: of blocks, of their vectors, of its own pages.

/// The number of a series in one store.
package typealias SeriesID = UInt32

/// Where some bytes are in the file, and their checksum.
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

/// What an index page says of the samples of one series in one block.
package struct BlockEntry: Hashable, Sendable {
    package var series: SeriesID
    package var count: Int
    package var firstTime: Int64
    package var lastTime: Int64
    package var lowestCommit: UInt64
    package var highestCommit: UInt64
    /// Whether a time may come more than once in it, with several versions.
    package var hasVersions = false
    /// Values, states and commits; several short series may share a block.
    package var block: Extent
    /// Where its samples begin in the block.
    var row = 0
    /// The times, if they are not in the block; several blocks of a device may share them.
    var times: Extent?
    /// Nil for a short series, which costs no more to decode.
    package var statistics: BlockStatistics?
    /// The statistics of its vectors, if they are kept.
    var vectors: VectorIndexPlace?
    /// Whether the statistics of its vectors are kept.
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

/// Where the statistics of the vectors of one block are: some bytes of a piece that a page's blocks share.
struct VectorIndexPlace: Hashable, Sendable {
    var extent: Extent
    var bytes: Range<Int>
}

/// What is known of one vector of a block without decoding it.
package struct VectorEntry: Hashable, Sendable {
    package var count: Int
    package var firstTime: Int64
    package var lastTime: Int64
    var lowestCommit: UInt64
    var highestCommit: UInt64
    package var statistics: BlockStatistics
}

/// What the top index says of one index page.
struct PageEntry: Hashable, Sendable {
    var extent: Extent
    /// The page's bytes after LZ4, or the stored bytes again where it is plain.
    var rawCount: Int
    /// The bytes of the vector indexes of its blocks, which lie directly before it.
    var vectorBytes: Int
    var firstSeries: SeriesID
    var lastSeries: SeriesID
    var firstTime: Int64
    var lastTime: Int64
}
