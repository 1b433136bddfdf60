// WALWriter.swift — one WAL file being written.
//
// Invariants:
// - `append` returns after `fdatasync`: what it took is durable, all records of one call with one sync.
// - After a failed write or sync nothing more is written: `isFailed` stays true, the file is for Recovery.

package import VarveCodec
package import VarveFile

package final class WALWriter {
    package let number: UInt64
    private let file: any File
    private let name: String
    private var nextRecord: UInt64
    package private(set) var byteCount = 0
    package private(set) var isFailed = false

    /// Creates the file; its name is durable before the first record.
    package init(
        number: UInt64, firstRecord: UInt64, _ files: any FileSystem, _ directory: DataDirectory
    ) throws {
        self.number = number
        nextRecord = firstRecord
        name = DataDirectory.wal(number, sealed: false)
        file = try files.open(directory.absolute(name), .createNew)
        let header = Self.header(number: number, firstRecord: firstRecord)
        try file.append(header)
        try file.sync()
        try files.syncDirectory(directory.wal)
        byteCount = header.count
    }

    package static func header(number: UInt64, firstRecord: UInt64) -> [UInt8] {
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

    /// The number the next record will have.
    package var recordNumber: UInt64 { nextRecord }

    /// Writes records and makes them durable with one sync.
    ///
    /// - Parameter payloads: At most 65,536, so that each place fits its field.
    package func append(_ payloads: [[UInt8]]) throws {
        try write(payloads.map { (WALRecordType.commit, $0) })
    }

    /// Closes the file for good: seal record, sync, rename to its sealed name.
    package func seal(_ files: any FileSystem, _ directory: DataDirectory) throws {
        try write([(.seal, [])])
        file.close()
        try files.rename(
            directory.absolute(name), to: directory.absolute(DataDirectory.wal(number, sealed: true)))
        try files.syncDirectory(directory.wal)
    }

    package func close() { file.close() }

    private func write(_ records: [(type: WALRecordType, payload: [UInt8])]) throws {
        guard !isFailed else { throw StorageError.needsReopen("a write to \(name) failed") }
        var writer = ByteWriter(capacity: records.reduce(0) { $0 + $1.payload.count + 24 })
        for (place, record) in records.enumerated() {
            Self.encode(record.type, record.payload, number: nextRecord, place: UInt16(place), to: &writer)
            nextRecord += 1
        }
        do {
            try file.append(writer.bytes)
            try file.sync()
        } catch {
            isFailed = true
            throw error
        }
        byteCount += writer.count
    }

    package static func encode(
        _ type: WALRecordType, _ payload: [UInt8], number: UInt64, place: UInt16, to writer: inout ByteWriter
    ) {
        let start = writer.count
        writer.append(UInt32(payload.count))
        writer.append(type.rawValue)
        writer.append(UInt8(0))
        writer.append(place)
        writer.append(number)
        payload.withUnsafeBytes { writer.append(bytes: $0) }
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of(.init(rebasing: $0[start...])) })
    }
}
