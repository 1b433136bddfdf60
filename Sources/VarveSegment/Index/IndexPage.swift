// IndexPage.swift — a decoded index page: the entries of up to 1024 blocks, column by column.
//
// Invariants:
// - All columns have the same count; entries ascend by (series, first time).
// - A page never changes, so readers share it.

package final class IndexPage: Sendable {
    /// The columns, filled by the decoder.
    struct Columns: Sendable {
        var series: [SeriesID] = []
        var counts: [UInt16] = []
        var firstTimes: [Int64] = []
        var lastTimes: [Int64] = []
        var lowestCommits: [UInt64] = []
        var highestCommits: [UInt64] = []
        /// Indexes into `extents`.
        var blocks: [UInt16] = []
        /// Indexes into `extents` plus 1; 0 where the times are in the block.
        var times: [UInt16] = []
        /// The position of the entry's first sample in its block.
        var rows: [UInt16] = []
        var haveVersions: [Bool] = []
        /// Indexes into `statistics` plus 1; 0 for an entry without statistics.
        var statisticsNumbers: [UInt16] = []
        var statistics: [BlockStatistics] = []
        /// The blocks and time columns that the entries name, by offset.
        var extents: [Extent] = []
        /// The piece with all vector indexes of the page, if there are any.
        var vectors: Extent?
        /// The end of each entry's vector index within that piece.
        var vectorEnds: [UInt32] = []
    }

    let columns: Columns

    init(_ columns: Columns) {
        self.columns = columns
    }

    /// The number of entries.
    var count: Int { columns.series.count }

    /// About how much memory the page takes, in bytes.
    var byteCount: Int {
        count * 52 + columns.extents.count * MemoryLayout<Extent>.stride
            + columns.statistics.count * MemoryLayout<BlockStatistics>.stride + 256
    }

    /// The entry at an index.
    subscript(index: Int) -> BlockEntry {
        let time = Int(columns.times[index])
        let number = Int(columns.statisticsNumbers[index])
        let vectorStart = index == 0 ? 0 : columns.vectorEnds[index - 1]
        let vectorEnd = columns.vectorEnds[index]
        var entry = BlockEntry(
            series: columns.series[index], count: Int(columns.counts[index]),
            times: columns.firstTimes[index]...columns.lastTimes[index],
            commits: columns.lowestCommits[index]...columns.highestCommits[index],
            block: columns.extents[Int(columns.blocks[index])])
        entry.row = Int(columns.rows[index])
        entry.hasVersions = columns.haveVersions[index]
        if time > 0 { entry.times = columns.extents[time - 1] }
        if number > 0 { entry.statistics = columns.statistics[number - 1] }
        if let extent = columns.vectors, vectorEnd > vectorStart {
            entry.vectors = VectorIndexPlace(extent: extent, bytes: Int(vectorStart)..<Int(vectorEnd))
        }
        return entry
    }

    /// All entries.
    package var entries: [BlockEntry] { (0..<count).map { self[$0] } }

    /// Adds to `found` the entries of a series with samples from `first` to `last`, both included.
    func entries(of series: SeriesID, first: Int64, last: Int64, into found: inout [BlockEntry]) {
        var index = columns.series.partitioningIndex { $0 >= series }
        while index < count, columns.series[index] == series {
            if columns.firstTimes[index] <= last, columns.lastTimes[index] >= first {
                found.append(self[index])
            }
            index += 1
        }
    }

    /// Adds to `found` the series of the page, each once.
    func series(into found: inout [SeriesID]) {
        for series in columns.series where series != found.last { found.append(series) }
    }
}
