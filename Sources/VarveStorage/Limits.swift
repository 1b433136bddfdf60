// Limits.swift — the bounds of writing and keeping, with the relations between them; FormatLimits has those of files.
//
// A number marked "persistent" is part of the file formats: readers accept values up to it.

import VarveSegment

package enum Limits {
    /// The most tombstones, and the most expiries, of a store.
    static let tombstones = 1 << 20
    /// Bytes of the value that holds all occurrences of an event at one time.
    static let occurrenceBytes = 1 << 20
    /// Bytes of all such values that a batch writes for one event.
    static let unitedBytes = 64 << 20
    /// Rows of one batch.
    static let batchRows = 8 << 20
    /// Batches of at most this many rows go through the WAL; larger ones are sealed as a segment at once.
    ///
    /// A segment costs three more syncs than a WAL record, so the WAL is faster for few rows. Persistent: a WAL record
    /// has no more rows.
    package static let walBatchRows = 16_384
    /// Text bytes above which a batch is sealed as a segment, however few its rows are; persistent.
    static let walBatchTextBytes = 32 << 20
    /// Payload bytes of one WAL record; persistent.
    static let walRecordBytes = 256 << 20
    /// Bytes of a WAL file that a reader accepts; a writer flushes long before.
    static let walFileBytes = 1 << 40
    /// Records of one write to the WAL, as the place of a record in its write has 16 bits; persistent.
    static let walWriteRecords = 65_536
    /// Bytes of waiting records at which a group of commits is written before it goes on.
    static let walWriteBytes = 64 << 20
    /// Bytes of room that a WAL file reserves at once.
    static let walReserveBytes = 1 << 20
    /// Bytes of the memtable above which it is flushed.
    ///
    /// Commits wait for a flush, so this bounds the longest answer: a flush of 64 MiB takes 55 ms on 2 cores, one of 48
    /// MiB 42 ms. With less, more segments must be merged.
    static let memtableBytes = 48 << 20
    /// WAL files above which the memtable is flushed, so that many small files do not slow the opening.
    static let walFiles = 32
    /// Dictionary or receipts files at which they are joined into one.
    static let sealedParts = 16
    /// Bytes that a message since the last flush counts in the memtable, for its place in the table of hashes.
    static let messageBytes = 96
    /// Bytes of filters of messages files kept in memory.
    static let messageFilterBytes = 64 << 20
    /// Bytes after which a compaction output is sealed and the next one begun.
    static let segmentBytes = 1 << 30

    /// Checks the relations between the numbers; called when a store opens.
    static func check() {
        FormatLimits.check()
        precondition(walBatchRows <= batchRows)
        precondition(occurrenceBytes <= FormatLimits.textBytes)
        // Names of up to 3 KiB for each row and, at worst, 64 bytes for each sample.
        precondition(walBatchRows * (3200 + 64) + 4 * walBatchTextBytes <= walRecordBytes)
    }
}
