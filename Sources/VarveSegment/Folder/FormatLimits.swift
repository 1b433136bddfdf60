// FormatLimits.swift — the bounds of the files below the manifest, with the relations between them.
//
// A number marked "persistent" is part of the file formats: readers accept values up to it.

package enum FormatLimits {
    /// Samples in a block; persistent.
    package static let blockSamples = 8192
    /// Series in one store; ids are UInt32.
    package static let series = 50_000_000
    /// Text bytes of one value; persistent.
    package static let textBytes = 16 << 20
    /// Text bytes of one block, which ends early before it would hold more; persistent.
    package static let blockTextBytes = 32 << 20
    /// Encoded bytes of one block or time column; persistent.
    package static let blockBytes = 64 << 20
    /// Block entries in one page of a segment's index; persistent.
    static let pageEntries = 1024
    /// Entries with statistics after which a page ends.
    static let largePageEntries = 256
    /// Bytes of all vector indexes of a page; persistent.
    static let vectorIndexBytes = 4 << 20
    /// Bytes a block must have for each byte of its vector index; below that the index is left out, so it costs at most
    /// 1 in 64.
    static let blockBytesPerIndexByte = 64
    /// Series that the filter of a segment lists, beyond which the page entries suffice; persistent.
    static let listedSeries = 65_536
    /// Bytes of a top index before LZ4; persistent.
    static let topIndexBytes = 64 << 20
    /// A series with at most so many samples shares a block with others.
    static let sharedSamples = 256
    /// A series with at most so many text bytes shares a block; all series of such a block have no more together.
    static let sharedTextBytes = 64 << 10
    /// Bytes of an index page before LZ4; persistent.
    static let pageBytes = 1 << 20
    /// Bytes of a manifest, dictionary or receipt file before LZ4; persistent.
    package static let sealedFileBytes = 1 << 30
    /// Bytes of pieces of segments that are kept in memory unless `StoreOptions.cacheBytes` says otherwise.
    package static let cacheBytes = 32 << 20
    /// Segment files that are kept open.
    static let openSegments = 512
    /// Bytes at the end of a segment that are read first: mostly the footer with the top index.
    static let tailBytes = 4096

    /// Checks the relations between the numbers; called when a store opens.
    package static func check() {
        precondition(textBytes <= blockTextBytes && blockTextBytes < blockBytes)
        // The widest entry has 4 values and a sum of 300 bytes, its columns 8 bytes a field.
        precondition(pageEntries * 512 <= pageBytes)
    }
}
