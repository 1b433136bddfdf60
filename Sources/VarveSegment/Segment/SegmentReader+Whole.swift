// SegmentReader+Whole.swift — reads that go through a whole segment: its series, its entries, the check after a merge.

package import VarveModel

extension SegmentReader {
    /// The series in the segment, ascending, each once.
    ///
    /// Cost: reads the whole index.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func series() throws -> [SeriesID] {
        var series: [SeriesID] = []
        for index in try top().index.pages.indices { try page(index).series(into: &series) }
        return series
    }

    /// Calls `body` with each entry of the index, by series and time.
    ///
    /// Cost: reads the whole index.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`; what `body` throws.
    package func forEachEntry(_ body: (BlockEntry) throws -> Void) throws {
        for index in try top().index.pages.indices {
            for entry in try page(index).entries { try body(entry) }
        }
    }

    /// How many bytes of the segment each encoding took.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`.
    package func codecs() throws -> CodecShares { try top().index.codecs }

    /// Reads the file back from disk, past the cache.
    ///
    /// Copied blocks are checked by their checksums; all other blocks are decoded.
    ///
    /// - Parameters:
    ///   - copied: The checksums of the copied blocks, whose bytes were checked when they were read.
    ///   - type: The type of a series; entries of a series without a type are skipped.
    ///   - pace: Called with the bytes of each block.
    /// - Returns: The number of samples.
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
            // A block that short series share is reported once.
            let isRead = before?.block == entry.block
            before = entry
            if !isRead { try pace(entry.block.count) }
        }
        return samples
    }
}
