// WALFormat.swift — the layout of a WAL file; every number here is persistent. Byte table: WALFormat.md.
//
// header, 40 bytes:  8 magic · 2 version · 2 flags (0) · 4 zero · 8 file number · 8 number of the first record ·
//                    8 XXH3-64 of the 32 before
// record:            4 payload bytes · 1 type · 1 zero · 2 place in its write · 8 record number · payload ·
//                    8 XXH3-64 of all before it in the record
//
// Invariants:
// - Record numbers are contiguous within a file and from one file to the next.
// - A record is never split across files.
// - Records that were written with one sync have the places 0, 1, 2, …. The record at place 0 was written after
//   everything before it was durable.

enum WALFormat {
    static let version: UInt16 = 1
    static let magic = Array("VARVEWAL".utf8)
    static let headerBytes = 8 + 2 + 2 + 4 + 8 + 8 + 8
    static let recordHeaderBytes = 4 + 1 + 1 + 2 + 8
    /// The offset of the record number within a record.
    static let recordNumberOffset = 4 + 1 + 1 + 2
    static let recordTrailerBytes = 8
    /// The bytes of a record without its payload.
    static let emptyRecordBytes = recordHeaderBytes + recordTrailerBytes
}

/// The type of a WAL record; 0 is reserved, so that zeros are never a record.
enum WALRecordType: UInt8, Sendable {
    /// One commit: new series, rows, batch record.
    case commit = 1
    /// The file was closed cleanly; nothing follows.
    case seal = 2
}
