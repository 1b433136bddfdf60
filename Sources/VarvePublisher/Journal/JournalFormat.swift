// JournalFormat.swift — the bytes of a journal.
//
// A head of 96 bytes, then records of 32 bytes, all little-endian:
//
//     head    magic "varvepub" · version u32 · state u32 · content hash 16 · size u64 · plan hash 16 ·
//             rows u64 · batches u64 · rejected u64 · skipped u64 · checksum u64
//     record  batch index u64 · hash of its message u64 · rows u64 · checksum u64
//
// The checksum of the head covers the 88 bytes before it. The checksum of a record covers its first 24 bytes and the
// salt of the head, so that a record of another input is not accepted. The counts are 0 until the state is "finished".
//
// Invariants:
// - Bytes that fail a checksum are ignored: their batches are sent again, which does no harm.

import VarveCodec

/// Identifies what is sent where; another input, target or shape of batches needs another journal.
struct JournalIdentity: Hashable, Sendable {
    /// The hash of the input's bytes.
    var content: Hash128
    /// The number of the input's bytes.
    var size: UInt64
    /// The hash of the target and of everything else that messages depend on.
    var plan: Hash128
}

/// The counts of an input that was sent to its end.
struct JournalCounts: Hashable, Sendable {
    var rows: UInt64 = 0
    var batches: UInt64 = 0
    var rejected: UInt64 = 0
    var skipped: UInt64 = 0
}

/// The head of a journal.
struct JournalHead: Hashable, Sendable {
    var identity: JournalIdentity
    /// The counts if the whole input is acknowledged; else nil.
    var finished: JournalCounts?

    static let bytes = 96
    private static let magic: UInt64 = 0x6275_7065_7672_6176
    private static let version: UInt32 = 1

    func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: Self.bytes)
        writer.append(Self.magic)
        writer.append(Self.version)
        writer.append(UInt32(finished == nil ? 1 : 2))
        identity.content.write(to: &writer)
        writer.append(identity.size)
        identity.plan.write(to: &writer)
        let counts = finished ?? JournalCounts()
        for count in [counts.rows, counts.batches, counts.rejected, counts.skipped] { writer.append(count) }
        writer.append(writer.bytes.withUnsafeBytes { Checksum.of($0) })
        return writer.bytes
    }

    init(identity: JournalIdentity, finished: JournalCounts? = nil) {
        self.identity = identity
        self.finished = finished
    }

    /// Whether a file that begins with these bytes is a journal (perhaps a damaged one) or empty.
    static func mayBegin(_ bytes: [UInt8]) -> Bool {
        var writer = ByteWriter()
        writer.append(magic)
        let count = min(bytes.count, writer.bytes.count)
        return bytes.prefix(count).elementsEqual(writer.bytes.prefix(count))
    }

    /// Reads a head; nil if the bytes are no head, are damaged or have another version.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.bytes else { return nil }
        do {
            let head = try bytes.withUnsafeBytes { all -> JournalHead? in
                var reader = ByteReader(UnsafeRawBufferPointer(rebasing: all[..<Self.bytes]))
                return try Self.read(&reader, UnsafeRawBufferPointer(rebasing: all[..<(Self.bytes - 8)]))
            }
            guard let head else { return nil }
            self = head
        } catch {
            return nil
        }
    }

    private static func read(
        _ reader: inout ByteReader, _ covered: UnsafeRawBufferPointer
    ) throws(CodecError) -> JournalHead? {
        guard try reader.integer(as: UInt64.self) == magic, try reader.integer(as: UInt32.self) == version
        else { return nil }
        let state = try reader.integer(as: UInt32.self)
        let content = try Hash128(from: &reader)
        let size = try reader.integer(as: UInt64.self)
        let plan = try Hash128(from: &reader)
        let counts = JournalCounts(
            rows: try reader.integer(), batches: try reader.integer(), rejected: try reader.integer(),
            skipped: try reader.integer())
        guard try reader.integer(as: UInt64.self) == Checksum.of(covered), state == 1 || state == 2 else {
            return nil
        }
        let identity = JournalIdentity(content: content, size: size, plan: plan)
        return JournalHead(identity: identity, finished: state == 2 ? counts : nil)
    }

    /// The value that the checksums of records are mixed with.
    var salt: UInt64 { encoded().withUnsafeBytes { Checksum.of($0) } }
}

/// A batch that the receiver has taken.
struct JournalRecord: Hashable, Sendable {
    var index: UInt64
    /// The hash of its message.
    var hash: UInt64
    var rows: UInt64

    static let bytes = 32

    func append(to writer: inout ByteWriter, salt: UInt64) {
        var fields = ByteWriter(capacity: Self.bytes)
        for field in [index, hash, rows, salt] { fields.append(field) }
        let checksum = fields.bytes.withUnsafeBytes { Checksum.of($0) }
        for field in [index, hash, rows, checksum] { writer.append(field) }
    }

    init(index: UInt64, hash: UInt64, rows: UInt64) {
        self.index = index
        self.hash = hash
        self.rows = rows
    }

    /// Reads the next 32 bytes; nil if their checksum is wrong.
    ///
    /// - Throws: `CodecError` if fewer bytes are left.
    init?(_ reader: inout ByteReader, salt: UInt64) throws(CodecError) {
        index = try reader.integer()
        hash = try reader.integer()
        rows = try reader.integer()
        let checksum: UInt64 = try reader.integer()
        var fields = ByteWriter(capacity: Self.bytes)
        for field in [index, hash, rows, salt] { fields.append(field) }
        guard fields.bytes.withUnsafeBytes({ Checksum.of($0) }) == checksum else { return nil }
    }
}
