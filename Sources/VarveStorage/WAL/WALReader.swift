// WALReader.swift — reads one WAL file up to its end or its first bad record.
//
// Invariants:
// - Records come out in order. Nothing after the first bad record is returned.
// - Zeros up to the end of an unsealed file are room for more records, not a record.
// - A bad record is a torn tail only in an unsealed file, and only if no valid record of a later write follows;
//   otherwise it is damage. Records of the same write may follow, as a disk writes pages in any order before a sync.
// - The reader never changes the file. CrashRecovery cuts a torn tail.

import Glibc
import VarveCodec
import VarveFile
import VarveSegment

/// A WAL file whose checksums are verified; its records are decoded on demand.
struct WALContents: Sendable {
    /// The name of the file, for errors.
    let name: String
    let bytes: [UInt8]
    /// The place of the payload of each commit record, in order.
    var payloads: [Range<Int>] = []
    var firstRecord: UInt64 = 0
    /// The number that the next record must have.
    var nextRecord: UInt64 = 0
    /// The offset of an incomplete last record, if there is one; 0 if the header is incomplete.
    var tornAt: Int?
    /// The end of the last good record.
    var end = 0
    /// Whether the file ends with its seal record.
    var hasSeal = false

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    /// Calls `body` with each commit record, whose rows it may read, and the record's offset in the file.
    ///
    /// - Throws: `StorageError.damaged` if a record does not parse. Its checksum is right, so it is not a torn tail.
    ///   Also what `body` throws.
    func forEachRecord(_ body: (inout WALRecordReader, _ offset: Int) throws -> Void) throws {
        try bytes.withUnsafeBytes { bytes in
            for payload in payloads {
                do {
                    var record = try WALRecordReader(ByteReader(.init(rebasing: bytes[payload])))
                    try body(&record, payload.lowerBound - WALFormat.recordHeaderBytes)
                } catch let error as CodecError {
                    throw StorageError.damaged(
                        Damage(file: name, offset: payload.lowerBound + error.offset, reason: error.reason))
                }
            }
        }
    }

    /// All commit records, decoded.
    ///
    /// - Throws: `StorageError.damaged` if a record does not parse.
    func records() throws -> [WALRecord] {
        var records: [WALRecord] = []
        let buffer = SmallRowBuffer()
        try forEachRecord { record, _ in records.append(try WALRecord(&record, buffer)) }
        return records
    }
}

enum WALReader {
    /// Reads a file that may be written meanwhile.
    ///
    /// The writer may fill reserved room while it is read, so a later page can be new and an earlier one old. Then a
    /// record seems to be missing. So an unsealed file that looks damaged is read again; the same damage in two reads
    /// is real.
    ///
    /// - Parameter attempts: The budget of reads.
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `StorageError.needsReopen` if the file changes
    ///   faster than it can be read; `FileError`.
    static func read(
        number: UInt64, sealed: Bool, _ folder: StoreFolder, attempts: inout ReadAttempts
    ) throws -> WALContents {
        let name = StoreFolder.wal(number, sealed: sealed)
        var before: Damage?
        repeat {
            let bytes = try folder.readAll(name, limit: Limits.walFileBytes)
            do {
                return try parse(bytes, number: number, sealed: sealed)
            } catch StorageError.damaged(let damage) where !sealed && damage != before {
                before = damage
            }
        } while attempts.useOne()
        throw StorageError.needsReopen("\(folder.absolute(name)) changes faster than it can be read")
    }

    /// Reads a file with its own budget of reads.
    ///
    /// - Throws: As `read(number:sealed:_:attempts:)`.
    static func read(number: UInt64, sealed: Bool, _ folder: StoreFolder) throws -> WALContents {
        var attempts = ReadAttempts()
        return try Self.read(number: number, sealed: sealed, folder, attempts: &attempts)
    }

    /// Parses the bytes of a file.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`.
    static func parse(_ bytes: [UInt8], number: UInt64, sealed: Bool) throws -> WALContents {
        let name = StoreFolder.wal(number, sealed: sealed)
        return try bytes.withUnsafeBytes {
            var parser = Parser(
                bytes: $0, name: name, number: number, isSealed: sealed,
                contents: WALContents(name: name, bytes: bytes))
            return try parser.parse()
        }
    }

    private struct Parser {
        let bytes: UnsafeRawBufferPointer
        let name: String
        let number: UInt64
        let isSealed: Bool
        var contents: WALContents

        mutating func parse() throws -> WALContents {
            guard try parseHeader() else { return contents }
            var offset = WALFormat.headerBytes
            while offset < bytes.count {
                contents.end = offset
                if !isSealed, isZero(from: offset) { return contents }
                guard let record = record(at: offset, expecting: contents.nextRecord) else {
                    try tearOrDamage(offset, "a record is not whole")
                    return contents
                }
                contents.nextRecord += 1
                let end =
                    offset + WALFormat.recordHeaderBytes + record.payload.count + WALFormat.recordTrailerBytes
                contents.end = end
                if record.type == .seal {
                    guard end == bytes.count || (!isSealed && isZero(from: end)) else {
                        throw damaged(end, "bytes after the end of the file")
                    }
                    contents.hasSeal = true
                    return contents
                }
                let start = offset + WALFormat.recordHeaderBytes
                contents.payloads.append(start..<start + record.payload.count)
                offset = end
            }
            contents.end = offset
            if isSealed { throw damaged(bytes.count, "the end of the file is missing") }
            return contents
        }

        /// Returns false for a file whose creation was interrupted.
        private mutating func parseHeader() throws -> Bool {
            guard bytes.count >= WALFormat.headerBytes else {
                if isSealed { throw damaged(0, "the file is cut short") }
                contents.tornAt = 0
                return false
            }
            let covered = WALFormat.headerBytes - 8
            let checksum = bytes.loadUnaligned(fromByteOffset: covered, as: UInt64.self).littleEndian
            guard Checksum.of(.init(rebasing: bytes[..<covered])) == checksum else {
                // The header is synced before the first record, so with bytes behind it, it was whole once.
                if isSealed || bytes.count > WALFormat.headerBytes {
                    throw damaged(0, "the checksum of the header does not match")
                }
                contents.tornAt = 0
                return false
            }
            var reader = ByteReader(bytes)
            let magic = try reader.bytes(count: 8)
            guard magic.elementsEqual(WALFormat.magic) else { throw damaged(0, "not a WAL file") }
            let version = try reader.integer(as: UInt16.self)
            guard version == WALFormat.version else {
                throw StorageError.unknownVersion(file: name, version: Int(version))
            }
            _ = try reader.bytes(count: 6)
            guard try reader.integer(as: UInt64.self) == number else {
                throw damaged(16, "another file's header")
            }
            contents.firstRecord = try reader.integer(as: UInt64.self)
            contents.nextRecord = contents.firstRecord
            return true
        }

        private func record(
            at offset: Int, expecting expected: UInt64
        ) -> (type: WALRecordType, payload: UnsafeRawBufferPointer)? {
            guard bytes.count - offset >= WALFormat.recordHeaderBytes + WALFormat.recordTrailerBytes else {
                return nil
            }
            let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self).littleEndian)
            let number = bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self).littleEndian
            guard number == expected, let type = WALRecordType(rawValue: bytes[offset + 4]),
                length <= Limits.walRecordBytes
            else { return nil }
            let covered = WALFormat.recordHeaderBytes + length
            guard bytes.count - offset >= covered + WALFormat.recordTrailerBytes else { return nil }
            let checksum = bytes.loadUnaligned(fromByteOffset: offset + covered, as: UInt64.self).littleEndian
            guard Checksum.of(.init(rebasing: bytes[offset..<offset + covered])) == checksum else {
                return nil
            }
            let payload = bytes[(offset + WALFormat.recordHeaderBytes)..<(offset + covered)]
            return (type, UnsafeRawBufferPointer(rebasing: payload))
        }

        /// Whether only zeros follow.
        ///
        /// Cost: mostly one byte is read, as a record begins with its length.
        private func isZero(from offset: Int) -> Bool {
            guard let base = bytes.baseAddress, offset < bytes.count, bytes[offset] == 0 else { return false }
            return memcmp(base + offset, base + offset + 1, bytes.count - offset - 1) == 0
        }

        private mutating func tearOrDamage(_ offset: Int, _ reason: String) throws {
            if isSealed || laterWriteFollows(offset) { throw damaged(offset, reason) }
            contents.tornAt = offset
        }

        /// Whether a whole record of a later write follows; then the bad record was durable once.
        private func laterWriteFollows(_ offset: Int) -> Bool {
            var start = offset
            let last = bytes.count - WALFormat.recordHeaderBytes - WALFormat.recordTrailerBytes
            while start <= last {
                let number = bytes.loadUnaligned(fromByteOffset: start + 8, as: UInt64.self).littleEndian
                if number > contents.nextRecord, number - contents.nextRecord < 1 << 32,
                    record(at: start, expecting: number) != nil
                {
                    let place = bytes.loadUnaligned(fromByteOffset: start + 6, as: UInt16.self).littleEndian
                    if number - min(UInt64(place), number) > contents.nextRecord { return true }
                }
                start += 1
            }
            return false
        }

        private func damaged(_ offset: Int, _ reason: String) -> StorageError {
            .damaged(Damage(file: name, offset: offset, reason: reason))
        }
    }
}
