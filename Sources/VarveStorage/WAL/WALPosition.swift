// WALPosition.swift — how far a WAL file is numbered, written and synced.
//
// Invariants:
// - The header is synced before the first record, and what is synced was written.
// - Between two calls of a writer without a failure, all bytes are synced and no record is pending.
// - Each write has at least one record, and each record has its fixed bytes.
// - Room is reserved only in a file with several writes.

import VarveSegment

/// The counts of a WALWriter.
struct WALPosition: Equatable {
    /// The number of the first record of the file.
    let firstRecord: UInt64
    /// The number of the next record; records of a failed write are counted.
    var nextRecord: UInt64
    /// The bytes handed to the file, header included.
    var written = 0
    /// The bytes that a sync has made durable.
    var synced = 0
    /// The end of the reserved room; 0 without such room.
    var reservedEnd = 0
    /// The number of writes that are durable.
    var writes = 0
    /// Whether a write or a sync failed.
    var isFailed = false

    /// The bytes that no sync has covered yet.
    var pending: Int { written - synced }

    /// Checks the counts of a writer that is not in the middle of a call.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants() throws(BrokenInvariant) {
        func unless(_ holds: Bool, _ reason: @autoclosure () -> String) throws(BrokenInvariant) {
            try BrokenInvariant.unless(holds, "WAL writer", reason())
        }
        try unless(synced >= WALFormat.headerBytes, "\(synced) bytes are synced, less than the header")
        try unless(synced <= written, "\(synced) bytes are synced, only \(written) were written")
        try unless(isFailed || pending == 0, "\(pending) bytes are pending after a sync")
        try unless(nextRecord >= firstRecord, "record \(nextRecord) comes before the first, \(firstRecord)")
        let records = nextRecord - min(firstRecord, nextRecord)
        try unless(writes >= 0 && records >= UInt64(writes), "\(writes) writes have only \(records) records")
        let (bytes, overflow) = records.multipliedReportingOverflow(by: UInt64(WALFormat.emptyRecordBytes))
        try unless(
            isFailed || !overflow && UInt64(written - WALFormat.headerBytes) >= bytes,
            "\(written) bytes are too few for \(records) records")
        try unless(
            reservedEnd == 0 || writes >= WALWriter.writesWithoutRoom,
            "room was reserved after \(writes) writes")
    }
}
