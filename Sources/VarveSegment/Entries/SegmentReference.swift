// SegmentReference.swift — a segment as a manifest names it.

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

/// A segment the manifest names.
package struct SegmentReference: Hashable, Sendable {
    package var id: FileID
    package var byteCount: UInt64
    /// XXH3-64 of the footer.
    package var checksum: UInt64
    package var summary: SegmentSummary
    /// Whether compaction made it: then it is packed as well as can be.
    package var isCompacted = false
    /// Samples in it that a later version in it took the place of.
    package var olderVersions: UInt64 = 0
    /// The highest commit of these later versions: once history begins there, the older ones can go.
    package var replacedUpTo: UInt64 = 0
    /// What was deleted up to this commit is not in it any more.
    package var erasedUpTo: UInt64 = 0
}
