// SegmentFormat.swift — the layout of a segment file; every number here is persistent.
//
//   preamble │ blocks and time columns, no gaps │ index pages │ top index │ footer
//
// preamble, 40 bytes:  8 magic · 2 version · 2 flags (0) · 4 zero · 16 file id · 8 XXH3-64 of the 32 before
// footer, 96 bytes:    8 top index offset · 8 top index bytes · 8 its XXH3-64 · 8 samples · 4 series · 4 blocks ·
//                      8 first time · 8 last time · 8 lowest commit · 8 highest commit · 8 first index page's
//                      offset · 8 XXH3-64 of the 80 before · 8 magic
//
// The byte tables of blocks, pages and top index: SegmentFormat.md in the DocC catalog.

import VarveCodec

package enum SegmentFormat {
    package static let version: UInt16 = 1
    package static let magic = Array("VARVESEG".utf8)
    package static let endMagic = Array("VARVEEND".utf8)
    package static let preambleBytes = 8 + 2 + 2 + 4 + 16 + 8
    package static let footerBytes = 3 * 8 + 8 + 2 * 4 + 5 * 8 + 8 + 8
}

/// Where some bytes are in the file, and their checksum.
package struct Extent: Hashable, Sendable {
    package var offset: Int
    package var count: Int
    package var checksum: UInt64
}

/// What an index page says of one block.
package struct BlockEntry: Hashable, Sendable {
    package var series: SeriesID
    package var count: Int
    package var firstTime: Int64
    package var lastTime: Int64
    package var lowestCommit: UInt64
    package var highestCommit: UInt64
    /// Values, states and commits.
    package var block: Extent
    /// The times; several blocks of a device may share one.
    package var times: Extent
    package var statistics: BlockStatistics
}

/// What the top index says of one index page.
package struct PageEntry: Hashable, Sendable {
    package var extent: Extent
    /// The page's bytes after LZ4, or the stored bytes again where it is plain.
    package var rawCount: Int
    package var firstSeries: SeriesID
    package var lastSeries: SeriesID
    package var firstTime: Int64
    package var lastTime: Int64
}

/// The footer's numbers.
package struct SegmentSummary: Hashable, Sendable {
    package var samples: UInt64 = 0
    package var series: UInt32 = 0
    package var blocks: UInt32 = 0
    package var firstTime: Int64 = .max
    package var lastTime: Int64 = .min
    package var lowestCommit: UInt64 = .max
    package var highestCommit: UInt64 = 0
}
