// SegmentReader+Whole.swift — what goes through a whole segment: its series, its entries, a reading back after a merge.

package import VarveModel

extension SegmentReader {
    /// The series in the segment, ascending, each once.
    ///
    /// Cost: reads the index.
    package func series() throws -> [SeriesID] {
        var series: [SeriesID] = []
        for index in try top().index.pages.indices { try page(index).series(into: &series) }
        return series
    }

    /// Goes through the index.
    ///
    /// - Parameter body: Gets each entry, by series and time.
    package func forEachEntry(_ body: (BlockEntry) throws -> Void) throws {
        for index in try top().index.pages.indices {
            for entry in try page(index).entries { try body(entry) }
        }
    }

    /// How many bytes each encoding took.
    package func codecs() throws -> CodecShares { try top().index.codecs }

    /// Reads the file back from disk, past the cache: what was copied by its checksums, everything else decoded.
    ///
    /// - Parameters:
    ///   - copied: The checksums of the blocks that were copied: their bytes were checked when they were read.
    ///   - type: The type of a series that was written.
    ///   - pace: Gets the bytes of each block.
    /// - Returns: The samples.
    /// - Throws: `StorageError.needsReopen` if blocks overlap; `StorageError.damaged`; what `pace` throws.
    package func readBack(
        copied: Set<UInt64>, type: (SeriesID) -> ValueType?, pace: (Int) throws -> Void
    ) throws -> UInt64 {
        var samples: UInt64 = 0
        var before: BlockEntry?
        try forEachEntry { entry in
            guard let type = type(entry.series) else { return }
            if copied.contains(entry.block.checksum) {
                try check(entry.block, "block")
                if let times = entry.times { try check(times, "time column") }
            } else {
                _ = try read(entry, type: type, keeps: false)
            }
            if let before, before.series == entry.series, before.lastTime > entry.firstTime {
                throw StorageError.needsReopen("a merge wrote blocks that overlap")
            }
            samples += UInt64(entry.count)
            // Short series share a block, which is read once for all of them.
            let isRead = before?.block == entry.block
            before = entry
            if !isRead { try pace(entry.block.count) }
        }
        return samples
    }
}
