// WALReaderTests.swift — damaged WAL files as a table: what is cut, what is an error, and at which offset.

import Testing
import VarveCodec
import VarveFile
import VarveModel
import VarveTestSupport

@testable import VarveSegment
@testable import VarveStorage

/// A WAL file that is built record by record.
struct WALBytes {
    var bytes: [UInt8]
    private(set) var offsets: [Int] = []
    private(set) var nextRecord: UInt64
    private(set) var nextCommit: UInt64

    init(number: UInt64 = 1, firstRecord: UInt64 = 1, firstCommit: UInt64 = 1) {
        bytes = WALWriter.header(number: number, firstRecord: firstRecord)
        nextRecord = firstRecord
        nextCommit = firstCommit
    }

    /// A write of so many commits, each with one message record and no rows.
    mutating func write(_ count: Int) {
        for place in 0..<count {
            var receipt = Receipt()
            receipt.identical = nextCommit
            let batch = BatchRecord(
                contentHash: Hash128(low: nextCommit, high: 1), importHash: Hash128(low: 0, high: 0),
                generation: 0, part: nil, commit: nextCommit, writtenAt: 0, receipt: receipt)
            let record = WALRecord(
                commit: nextCommit, firstSeries: 0, newSeries: [], batch: batch, rows: [])
            append(.commit, record.encode(), place: UInt16(place))
            nextCommit += 1
        }
    }

    mutating func append(_ type: WALRecordType, _ payload: [UInt8], place: UInt16 = 0) {
        offsets.append(bytes.count)
        var writer = ByteWriter()
        WALWriter.encode(type, payload, number: nextRecord, place: place, to: &writer)
        bytes += writer.bytes
        nextRecord += 1
    }

    /// Leaves a number out.
    mutating func skipNumber() { nextRecord += 1 }
}

@Suite struct WALReaderTests {
    enum Outcome: Equatable {
        case whole(records: Int)
        case torn(records: Int, at: Int)
        case damaged(at: Int)
        case unknownVersion
    }

    private static func read(_ bytes: [UInt8], sealed: Bool, number: UInt64 = 1) throws -> Outcome {
        let directory = try TemporaryDirectory()
        try directory.files.createDirectory("\(directory.path)/wal")
        try directory.write(bytes, StoreFolder.wal(number, sealed: sealed))
        do {
            let contents = try WALReader.read(
                number: number, sealed: sealed, StoreFolder(directory.path, on: directory.files))
            let records = try contents.records()
            #expect(records.map(\.commit) == Array(1..<UInt64(records.count + 1)))
            if let torn = contents.tornAt { return .torn(records: records.count, at: torn) }
            return .whole(records: records.count)
        } catch StorageError.damaged(let damage) {
            #expect(damage.file == StoreFolder.wal(number, sealed: sealed))
            return .damaged(at: damage.offset)
        } catch StorageError.unknownVersion {
            return .unknownVersion
        }
    }

    /// Three writes of one record each.
    private static let plain: WALBytes = {
        var wal = WALBytes()
        for _ in 0..<3 { wal.write(1) }
        return wal
    }()

    private static let sealed: WALBytes = {
        var wal = plain
        wal.append(.seal, [])
        return wal
    }()

    private static func changed(_ wal: WALBytes, _ change: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = wal.bytes
        change(&bytes)
        return bytes
    }

    @Test("an open file is read up to its torn tail")
    func tornTails() throws {
        let (wal, last, end) = (Self.plain, Self.plain.offsets[2], Self.plain.bytes.count)
        #expect(try Self.read(wal.bytes, sealed: false) == .whole(records: 3))
        for cut in last + 1..<end {
            #expect(try Self.read(Array(wal.bytes[..<cut]), sealed: false) == .torn(records: 2, at: last))
        }
        let zeros = [UInt8](repeating: 0, count: 100)
        #expect(try Self.read(wal.bytes + zeros + [1] + zeros, sealed: false) == .torn(records: 3, at: end))
        let noise = wal.bytes + (0..<100).map { UInt8(truncatingIfNeeded: $0 * 37 + 1) }
        #expect(try Self.read(noise, sealed: false) == .torn(records: 3, at: end))
        for offset in last..<end {
            let flipped = Self.changed(wal) { $0[offset] ^= 4 }
            #expect(try Self.read(flipped, sealed: false) == .torn(records: 2, at: last))
        }
    }

    @Test("zeros behind the last record of an open file are room for more, in a sealed one they are damage")
    func room() throws {
        for count in [1, 100, 70_000] {
            let zeros = [UInt8](repeating: 0, count: count)
            #expect(try Self.read(Self.plain.bytes + zeros, sealed: false) == .whole(records: 3))
            #expect(try Self.read(Self.sealed.bytes + zeros, sealed: false) == .whole(records: 3))
            #expect(
                try Self.read(Self.plain.bytes + zeros, sealed: true)
                    == .damaged(at: Self.plain.bytes.count))
            #expect(
                try Self.read(Self.sealed.bytes + zeros, sealed: true)
                    == .damaged(at: Self.sealed.bytes.count))
        }
    }

    @Test("a record of a later write after a missing one is read again once, and then it is damage")
    func readWhileWritten() throws {
        let (whole, middle) = (Self.plain.bytes, Self.plain.offsets[1])
        var half = whole
        half.replaceSubrange(
            middle..<Self.plain.offsets[2], with: repeatElement(0, count: Self.plain.offsets[2] - middle))
        let disk = SimulatedFileSystem(seed: 1)
        try disk.createDirectory("/wal")
        let name = StoreFolder.wal(1, sealed: false)
        try disk.replace("/\(name)", half)
        #expect(throws: StorageError.self) {
            try WALReader.read(number: 1, sealed: false, StoreFolder("/", on: disk))
        }
        let writing = WritingFileSystem(disk) { _ = try? disk.replace("/\(name)", whole) }
        let contents = try WALReader.read(number: 1, sealed: false, StoreFolder("/", on: writing))
        #expect(try contents.records().count == 3)
    }

    @Test(
        "rows of every number and type come back; out of order, or in an impossible state, they are damage",
        arguments: [1, 2, 16, 17, 300])
    func rows(_ count: Int) throws {
        func record(_ type: ValueType, _ change: (inout SampleColumns) -> Void = { _ in }) -> WALRecord {
            var columns = SampleColumns(type: type)
            for index in 0..<count {
                let value: Value? =
                    switch type {
                    case .double: .double(index == 1 ? .nan : 0.1 * Double(index))
                    case .int64: index == 0 ? nil : .int64(.max - Int64(index))
                    case .bool: .bool(index % 3 == 0)
                    default: .string("text \(index)")
                    }
                columns.append(
                    Sample(
                        time: Timestamp(nanoseconds: Int64(index * index)), value: value,
                        quality: index % 2 == 0 ? Int32(index) : nil))
            }
            change(&columns)
            let receipt = BatchRecord(
                contentHash: Hash128(low: 1, high: 1), importHash: Hash128(low: 0, high: 0), generation: 0,
                part: nil, commit: 9, writtenAt: 0, receipt: Receipt())
            let rows = [3, 300].map { StoredRows(series: $0, type: type, columns: columns) }
            return WALRecord(commit: 9, firstSeries: 0, newSeries: [], batch: receipt, rows: rows)
        }
        func read(_ record: WALRecord) throws -> [StoredRows] {
            try record.encode().withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                return try WALRecord(from: &reader).rows
            }
        }
        for type in [ValueType.double, .int64, .bool, .string] {
            let whole = record(type)
            let found = try read(whole)
            #expect(found.map(\.series) == [3, 300] && found.allSatisfy { $0.type == type })
            #expect(found.map(\.columns) == whole.rows.map(\.columns))
            #expect(throws: CodecError.self) { try read(record(type) { $0.states[count - 1] = .max }) }
            guard count > 1 else { continue }
            #expect(throws: CodecError.self) { try read(record(type) { $0.times.swapAt(0, count - 1) }) }
            #expect(throws: CodecError.self) { try read(record(type) { $0.times[1] = $0.times[0] }) }
        }
    }

    @Test("a bad record before a good one of a later write is damage")
    func damageInside() throws {
        let middle = Self.plain.offsets[1]
        for offset in middle..<Self.plain.offsets[2] {
            let flipped = Self.changed(Self.plain) { $0[offset] ^= 1 }
            #expect(try Self.read(flipped, sealed: false) == .damaged(at: middle))
        }
        var gap = WALBytes()
        gap.write(1)
        gap.skipNumber()
        gap.write(1)
        #expect(try Self.read(gap.bytes, sealed: false) == .damaged(at: gap.offsets[1]))
    }

    @Test("a bad record before good ones of its own write is a torn tail")
    func tornInsideWrite() throws {
        var wal = WALBytes()
        wal.write(1)
        wal.write(3)
        for index in 1...3 {
            let flipped = Self.changed(wal) { $0[wal.offsets[index] + 20] ^= 1 }
            #expect(
                try Self.read(flipped, sealed: false) == .torn(records: index, at: wal.offsets[index]))
        }
        wal.write(1)
        let flipped = Self.changed(wal) { $0[wal.offsets[1] + 20] ^= 1 }
        #expect(try Self.read(flipped, sealed: false) == .damaged(at: wal.offsets[1]))
    }

    @Test("a header that is not whole is an interrupted creation only where nothing follows")
    func headers() throws {
        let header = Array(Self.plain.bytes[..<WALFormat.headerBytes])
        for count in 0..<header.count {
            #expect(try Self.read(Array(header[..<count]), sealed: false) == .torn(records: 0, at: 0))
            #expect(try Self.read(Array(header[..<count]), sealed: true) == .damaged(at: 0))
        }
        for offset in 0..<header.count {
            let flipped = Self.changed(Self.plain) { $0[offset] ^= 1 }
            #expect(try Self.read(flipped, sealed: false) == .damaged(at: 0))
            #expect(
                try Self.read(Array(flipped[..<header.count]), sealed: false) == .torn(records: 0, at: 0))
        }
        #expect(try Self.read(header, sealed: false) == .whole(records: 0))
        #expect(try Self.read(Self.plain.bytes, sealed: false, number: 2) == .damaged(at: 16))
        var writer = ByteWriter()
        writer.bytes = Array(header[..<32])
        writer.bytes[8] = 2
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        #expect(try Self.read(writer.bytes, sealed: false) == .unknownVersion)
    }

    @Test("in a sealed file everything that is not whole is damage")
    func sealedFiles() throws {
        let (wal, seal) = (Self.sealed, Self.sealed.offsets[3])
        #expect(try Self.read(wal.bytes, sealed: true) == .whole(records: 3))
        #expect(try Self.read(wal.bytes, sealed: false) == .whole(records: 3))
        #expect(try Self.read(Self.plain.bytes, sealed: true) == .damaged(at: seal))
        for isSealed in [true, false] {
            let longer = wal.bytes + [1]
            #expect(try Self.read(longer, sealed: isSealed) == .damaged(at: wal.bytes.count))
        }
        for (index, offset) in wal.offsets.enumerated() {
            let flipped = Self.changed(wal) { $0[offset + 8] ^= 1 }
            #expect(try Self.read(flipped, sealed: true) == .damaged(at: wal.offsets[index]))
        }
    }

    @Test("a payload that is whole and makes no sense is damage, also at the tail")
    func nonsense() throws {
        var wal = Self.plain
        wal.append(.commit, [1, 0, 0])
        let outcome = try Self.read(wal.bytes, sealed: false)
        guard case .damaged(let offset) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(offset >= wal.offsets[3] + WALFormat.recordHeaderBytes)
    }
}

/// A disk on which something is written after the first file was read.
private final class WritingFileSystem: ForwardingFileSystem {
    let disk: SimulatedFileSystem
    private let write: @Sendable () -> Void

    init(_ disk: SimulatedFileSystem, _ write: @escaping @Sendable () -> Void) {
        self.disk = disk
        self.write = write
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        WritingFile(try disk.open(path, mode), write)
    }
}

private final class WritingFile: ForwardingFile {
    let file: any File
    private let write: @Sendable () -> Void

    init(_ file: any File, _ write: @escaping @Sendable () -> Void) {
        self.file = file
        self.write = write
    }

    func close() {
        file.close()
        write()
    }
}
