// Limits.swift — the bounds of writing and keeping, with the relations between them; those of files: FormatLimits.
//
// Numbers marked "persistent" decide what files look like; readers accept up to them.

import VarveSegment

package enum Limits {
    /// Deleted ranges that a store remembers.
    static let tombstones = 1 << 20
    /// Rows of one batch.
    static let batchRows = 8 << 20
    /// Batches of at most this many rows go through the WAL; larger ones are sealed as a segment at once.
    ///
    /// A segment costs three more syncs than a WAL record, so the WAL wins while the rows are few. Persistent: a
    /// WAL record has no more.
    package static let walBatchRows = 16_384
    /// Text bytes above which a batch is sealed as a segment, however few its rows are; persistent, as the rows are.
    static let walBatchTextBytes = 32 << 20
    /// Payload bytes of one WAL record; persistent.
    static let walRecordBytes = 256 << 20
    /// Bytes of a WAL file, which is flushed long before; a reader takes no larger one.
    static let walFileBytes = 1 << 40
    /// Records of one write to the WAL, whose place in it has 16 bits; persistent.
    static let walWriteRecords = 65_536
    /// Bytes of records above which a group of commits is written before it goes on.
    static let walWriteBytes = 64 << 20
    /// Bytes of room that a WAL file reserves at once.
    static let walReserveBytes = 1 << 20
    /// Memtable bytes above which it is flushed.
    static let memtableBytes = 64 << 20
    /// WAL files above which the memtable is flushed, so that many small runs do not slow the opening.
    static let walFiles = 32
    /// Dictionary or receipt files above which they are folded into one.
    static let sealedParts = 16
    /// Bytes that a message since the last flush counts in the memtable: its place in the table of hashes.
    static let messageBytes = 96
    /// Bytes of filters of messages files kept in memory.
    static let messageFilterBytes = 64 << 20
    /// Bytes after which a compaction output is sealed and the next one begun.
    static let segmentBytes = 1 << 30

    /// The relations the numbers must keep; checked when a store opens.
    static func check() {
        FormatLimits.check()
        precondition(walBatchRows <= batchRows)
        // Names of up to 3 KiB for each row and, at worst, 64 bytes for each sample.
        precondition(walBatchRows * (3200 + 64) + 4 * walBatchTextBytes <= walRecordBytes)
    }
}
