// WALWriter.swift — writes one WAL file.
//
// Invariants:
// - `append` returns after `fdatasync`: its records are durable, all of one call with one sync.
// - After a failed write or sync nothing more is written: `isFailed` stays true, and the file is left to CrashRecovery.
// - Behind the last record there may be zeros as room for more records; a sealed file has no such room.

import VarveCodec
import VarveFile
import VarveSegment

final class WALWriter {
    let number: UInt64
    private let folder: StoreFolder
    private let file: any File
    let name: String
    /// How far the file is; only tests change it from outside, to plant a fault.
    var position: WALPosition
    /// The most bytes to reserve at once; 0 once the disk has no room to reserve.
    private var reserveBytes: Int

    /// Creates the file; header and name are durable on return.
    ///
    /// - Parameter reserveBytes: The most bytes of room to reserve at once.
    /// - Throws: `FileError`.
    init(
        number: UInt64, firstRecord: UInt64, reserveBytes: Int = Limits.walReserveBytes,
        _ folder: StoreFolder
    ) throws {
        self.folder = folder
        self.number = number
        self.reserveBytes = reserveBytes
        position = WALPosition(firstRecord: firstRecord, nextRecord: firstRecord)
        name = StoreFolder.wal(number, sealed: false)
        file = try folder.open(name, .createNew)
        let header = Self.header(number: number, firstRecord: firstRecord)
        try file.append(header)
        position.written = header.count
        try file.sync()
        try folder.files.syncDirectory(folder.wal)
        position.synced = header.count
    }

    static func header(number: UInt64, firstRecord: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: WALFormat.headerBytes)
        WALFormat.magic.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(WALFormat.version)
        writer.append(UInt16(0))
        writer.append(UInt32(0))
        writer.append(number)
        writer.append(firstRecord)
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        return writer.bytes
    }

    /// The number of the next record.
    var recordNumber: UInt64 { position.nextRecord }

    var isFailed: Bool { position.isFailed }

    /// Writes records and makes them durable with one sync.
    ///
    /// - Parameter payloads: At most `Limits.walWriteRecords`, so that each place fits its field; each of at most
    ///   `Limits.walRecordBytes`, which is all a reader accepts.
    /// - Throws: `StorageError.invalidBatch` beyond these limits, with nothing written; `StorageError.needsReopen`
    ///   after an earlier failure; `FileError`.
    func append(_ payloads: [[UInt8]]) throws {
        try write(payloads.map { (WALRecordType.commit, $0) })
    }

    /// Ends the file: writes the seal record, cuts the reserved room, syncs, and renames to the sealed name, durably.
    ///
    /// - Throws: As `append`.
    func seal() throws {
        try write([(.seal, [])], isLast: true)
        file.close()
        try folder.files.rename(
            folder.absolute(name), to: folder.absolute(StoreFolder.wal(number, sealed: true)))
        try folder.files.syncDirectory(folder.wal)
    }

    func close() { file.close() }

    /// Whether its name still leads to the file, with all bytes that were written to it.
    func isThere() -> Bool {
        do {
            let found = try folder.identity(name)
            return try found == file.identity() && file.size() >= position.synced
        } catch {
            // An error of the check is no reason to abandon a synced file.
            return true
        }
    }

    private func write(_ records: [(type: WALRecordType, payload: [UInt8])], isLast: Bool = false) throws {
        guard !isFailed else { throw StorageError.needsReopen("a write to \(name) failed") }
        guard records.count <= Limits.walWriteRecords,
            records.allSatisfy({ $0.payload.count <= Limits.walRecordBytes })
        else {
            throw StorageError.invalidBatch(
                "\(records.count) records, or one of them, are too large for one write to \(name)")
        }
        var writer = ByteWriter(
            capacity: records.reduce(0) { $0 + $1.payload.count + WALFormat.emptyRecordBytes })
        for (place, record) in records.enumerated() {
            Self.encode(
                record.type, record.payload, number: position.nextRecord,
                place: UInt16(truncatingIfNeeded: place),
                to: &writer)
            position.nextRecord += 1
        }
        if !isLast { reserve(for: writer.count) }
        do {
            try file.append(writer.bytes)
            position.written += writer.count
            if isLast, position.reservedEnd > position.written { try file.truncate(to: position.written) }
            try file.sync()
        } catch {
            position.isFailed = true
            throw error
        }
        position.synced = position.written
        position.writes += 1
    }

    /// Reserves room for this write and later ones: as much as the file has already, within limits.
    ///
    /// A file with few writes gets no room, and neither does a large write: the zeros would cost more than they save.
    /// If the disk is full, the write itself fails.
    private func reserve(for count: Int) {
        let after = position.written + count
        guard position.writes >= Self.writesWithoutRoom, reserveBytes > 0, after > position.reservedEnd,
            count <= reserveBytes / 16
        else { return }
        let end = after + min(reserveBytes, max(reserveBytes / 16, position.written))
        do {
            try file.reserve(to: end)
        } catch {
            reserveBytes = 0
        }
        // Bytes that a failed attempt left are cut when the file is sealed, too.
        position.reservedEnd = end
    }

    /// A file with so few writes gets no room.
    static let writesWithoutRoom = 4

    static func encode(
        _ type: WALRecordType, _ payload: [UInt8], number: UInt64, place: UInt16, to writer: inout ByteWriter
    ) {
        let start = writer.count
        writer.append(UInt32(truncatingIfNeeded: payload.count))
        writer.append(type.rawValue)
        writer.append(UInt8(0))
        writer.append(place)
        writer.append(number)
        payload.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of(.init(rebasing: $0[start...])) })
    }
}
