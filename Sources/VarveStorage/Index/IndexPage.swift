// IndexPage.swift — a decoded index page: what is known of some hundred blocks, column by column.
//
// Invariants:
// - All columns have the same count; entries ascend by (series, first time).
// - A value once made never changes; readers share it.

package final class IndexPage: Sendable {
    /// The columns, filled by the decoder.
    package struct Columns: Sendable {
        package var series: [SeriesID] = []
        package var counts: [UInt16] = []
        package var firstTimes: [Int64] = []
        package var lastTimes: [Int64] = []
        package var lowestCommits: [UInt64] = []
        package var highestCommits: [UInt64] = []
        /// Indexes into `extents`.
        package var blocks: [UInt16] = []
        /// Indexes into `extents`, plus one; 0 where the times are in the block.
        package var times: [UInt16] = []
        /// Where the samples begin in their block.
        package var rows: [UInt16] = []
        package var haveVersions: [Bool] = []
        /// Indexes into `statistics`, plus one; 0 where there are none.
        package var statisticsPlaces: [UInt16] = []
        package var statistics: [BlockStatistics] = []
        /// Pieces of the data part.
        package var extents: [Extent] = []
        /// All vector indexes of the page.
        package var vectors: Extent?
        /// Where the vector index of each entry ends.
        package var vectorEnds: [UInt32] = []
    }

    let columns: Columns

    package init(_ columns: Columns) {
        self.columns = columns
    }

    /// The number of entries.
    package var count: Int { columns.series.count }

    /// About how much memory the page takes.
    package var byteCount: Int {
        count * 52 + columns.extents.count * MemoryLayout<Extent>.stride
            + columns.statistics.count * MemoryLayout<BlockStatistics>.stride + 256
    }

    /// The entry at a place.
    package subscript(index: Int) -> BlockEntry {
        let time = Int(columns.times[index])
        let place = Int(columns.statisticsPlaces[index])
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
        if place > 0 { entry.statistics = columns.statistics[place - 1] }
        if let extent = columns.vectors, vectorEnd > vectorStart {
            entry.vectors = VectorIndexPlace(extent: extent, bytes: Int(vectorStart)..<Int(vectorEnd))
        }
        return entry
    }

    /// All entries.
    package var entries: [BlockEntry] { (0..<count).map { self[$0] } }

    /// The entries of a series with samples from `first` to `last`.
    package func entries(of series: SeriesID, first: Int64, last: Int64, into found: inout [BlockEntry]) {
        var index = columns.series.partitioningIndex { $0 >= series }
        while index < count, columns.series[index] == series {
            if columns.firstTimes[index] <= last, columns.lastTimes[index] >= first {
                found.append(self[index])
            }
            index += 1
        }
    }

    /// The series in the page, each once.
    package func series(into found: inout [SeriesID]) {
        for series in columns.series where series != found.last { found.append(series) }
    }
}

extension Array {
    /// The first index from which on the elements, sorted so, fulfil a condition.
    package func partitioningIndex(where isAfter: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
