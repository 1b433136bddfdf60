// Manifest.swift — the live set as a value: the files that make up the store.
//
// Byte table of the payload: ManifestFormat.md. Versions 1 to 5 are read. Version 5 is written if series were replaced,
// else version 4.
//
// Invariants:
// - A manifest is complete in itself: no other manifest is needed to read the store.
// - Numbers rise by one. Each manifest names the checksum of the one before, so a forged or mixed-up chain can be
//   recognised.
// - `commit` is the highest commit number given out when the manifest was written.
// - The commits of WAL files numbered below `firstWAL` are in the segments, so these files are no longer needed.

package import VarveCodec
import VarveSegment

package struct Manifest: Hashable, Sendable {
    var number: UInt64 = 0
    var previousChecksum: UInt64 = 0
    package var commit: UInt64 = 0
    var firstWAL: UInt64 = 1
    /// Nanoseconds since 1970 UTC when it was written, for people.
    var writtenAt: Int64 = 0
    /// Distinct (series, time) pairs in the segments.
    var samples: UInt64 = 0
    var segments: [SegmentReference] = []
    var dictionary: [PartReference] = []
    var receipts: [PartReference] = []
    /// The age clock: nanoseconds that have passed since the store was created, as seen at changes of the live set.
    ///
    /// Between two changes it advances by at most `MessageReference.longestClockStep`, however far the real clock
    /// jumped, and it never goes back.
    var messageClock: Int64 = 0
    var messages: [MessageReference] = []
    /// Sorted by commit, then series.
    var tombstones: [Tombstone] = []
    /// What retention removed and segments may still have.
    var expiries: [Expiry] = []
    /// The times of commits up to `commit`.
    var commitTimes = CommitTimes()
    /// The oldest commit whose state can be read; versions that only older states need may be gone.
    var historyFrom: UInt64 = 0
    /// Bytes of all segments that were written with new data since the store was created; `bytesMerged` has those that
    /// merges wrote.
    var bytesTaken: UInt64 = 0
    var bytesMerged: UInt64 = 0
    /// Series that were replaced by others of the same name.
    package var replacements: [Replacement] = []

    package init() {}

    /// The newest payload version that this code reads.
    static let newestVersion: UInt16 = 5

    /// The version of the payload that `encode` writes.
    package var version: UInt16 { replacements.isEmpty ? 4 : 5 }

    /// The age clock at a time of the real clock.
    func messageClock(at now: Int64) -> Int64 {
        guard now > writtenAt else { return messageClock }
        let passed = UInt64(bitPattern: now &- writtenAt)
        let (sum, overflow) = messageClock.addingReportingOverflow(
            Int64(min(passed, UInt64(MessageReference.longestClockStep))))
        return overflow ? .max : sum
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(capacity: 128 + segments.count * 120)
        writer.append(number)
        writer.append(previousChecksum)
        writer.append(commit)
        writer.append(firstWAL)
        writer.append(writtenAt)
        writer.append(samples)
        writer.appendVarint(UInt64(segments.count))
        for segment in segments { segment.write(to: &writer) }
        for parts in [dictionary, receipts] {
            writer.appendVarint(UInt64(parts.count))
            for part in parts { part.write(to: &writer) }
        }
        writer.append(messageClock)
        writer.appendVarint(UInt64(messages.count))
        for file in messages { file.write(to: &writer) }
        writer.appendVarint(UInt64(tombstones.count))
        for tombstone in tombstones { tombstone.write(to: &writer) }
        writeHistory(to: &writer)
        writeReplacements(to: &writer)
        return writer.bytes
    }

    /// Reads the payload of a manifest of version 1 to 5.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader, version: UInt16) throws(CodecError) {
        number = try reader.integer(as: UInt64.self)
        previousChecksum = try reader.integer(as: UInt64.self)
        commit = try reader.integer(as: UInt64.self)
        firstWAL = try reader.integer(as: UInt64.self)
        writtenAt = try reader.integer(as: Int64.self)
        samples = try reader.integer(as: UInt64.self)
        let count = try reader.varint(limit: reader.remaining, "segments")
        for _ in 0..<count { segments.append(try SegmentReference(from: &reader)) }
        dictionary = try Self.parts(&reader)
        receipts = try Self.parts(&reader)
        if version >= 2 {
            messageClock = try reader.integer(as: Int64.self)
            messages = try Self.messages(&reader)
        }
        if version >= 3 { tombstones = try Self.tombstones(&reader) }
        if version >= 4 {
            try readHistory(&reader)
        } else {
            // Older versions were never kept.
            historyFrom = commit
            bytesTaken = segments.reduce(0) { $0 + $1.byteCount }
        }
        if version >= 5 { try readReplacements(&reader) }
    }

    private static func tombstones(_ reader: inout ByteReader) throws(CodecError) -> [Tombstone] {
        let count = try reader.varint(limit: Limits.tombstones, "tombstones")
        var tombstones: [Tombstone] = []
        for _ in 0..<count { tombstones.append(try Tombstone(from: &reader)) }
        return tombstones
    }

    private static func messages(_ reader: inout ByteReader) throws(CodecError) -> [MessageReference] {
        let count = try reader.varint(limit: reader.remaining, "messages files")
        var messages: [MessageReference] = []
        for _ in 0..<count { messages.append(try MessageReference(from: &reader)) }
        return messages
    }

    private static func parts(_ reader: inout ByteReader) throws(CodecError) -> [PartReference] {
        let count = try reader.varint(limit: reader.remaining, "files")
        var parts: [PartReference] = []
        for _ in 0..<count { parts.append(try PartReference(from: &reader)) }
        return parts
    }

    /// Every immutable file the manifest names, relative to the data directory.
    var fileNames: Set<String> { Set(fileSizes.keys) }

    /// The bytes of every immutable file the manifest names.
    var fileSizes: [String: UInt64] {
        let named =
            segments.map { (StoreFolder.immutable($0.id, .segment), $0.byteCount) }
            + dictionary.map { (StoreFolder.immutable($0.id, .dictionary), $0.byteCount) }
            + receipts.map { (StoreFolder.immutable($0.id, .receipts), $0.byteCount) }
            + messages.map { (StoreFolder.immutable($0.id, .messages), $0.byteCount) }
        // A damaged manifest may name a file twice.
        return Dictionary(named) { first, _ in first }
    }
}
