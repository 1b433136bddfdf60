// BatchRecord.swift — the record of one committed batch. The WAL has one of every batch, receipts files of those of
// imports.
//
// Byte table: ManifestFormat.md, "receipts".
//
// Invariants:
// - Every committed batch has one record, which never changes. Receipts files of stores with a manifest of version 1
//   have records of messages too.
// - An import is the set of records with the same `importHash` and `generation`. It is finished when one of them has
//   `isLast`. `importHash` is the content hash of the import's batch 0. `generation` counts how many imports that begin
//   with that batch were finished before.

package import VarveCodec
package import VarveModel

package struct BatchRecord: Hashable, Sendable {
    package var contentHash: Hash128
    package var importHash: Hash128
    package var generation: UInt32
    package var index: UInt32
    package var isLast: Bool
    /// Whether the batch is a message and not part of an import; the four fields above are then 0 or false.
    package var isMessage: Bool
    package var commit: UInt64
    /// Nanoseconds since 1970 UTC at the commit.
    package var writtenAt: Int64
    package var receipt: Receipt

    private static let lastFlag: UInt8 = 1
    private static let messageFlag: UInt8 = 2
    private static let spanFlag: UInt8 = 4

    package init(
        contentHash: Hash128, importHash: Hash128, generation: UInt32, part: SampleBatch.Part?,
        commit: UInt64, writtenAt: Int64, receipt: Receipt
    ) {
        self.contentHash = contentHash
        self.importHash = importHash
        self.generation = generation
        index = part?.index ?? 0
        isLast = part?.isLast ?? false
        isMessage = part == nil
        self.commit = commit
        self.writtenAt = writtenAt
        self.receipt = receipt
    }

    /// The entry of a messages file for this message.
    package var message: MessageEntry { MessageEntry(hash: contentHash, commit: commit) }

    package func write(to writer: inout ByteWriter) {
        contentHash.write(to: &writer)
        importHash.write(to: &writer)
        writer.appendVarint(UInt64(generation))
        writer.appendVarint(UInt64(index))
        let span = receipt.from != nil && receipt.to != nil
        writer.append(
            (isLast ? Self.lastFlag : 0) | (isMessage ? Self.messageFlag : 0) | (span ? Self.spanFlag : 0))
        writer.appendVarint(commit)
        writer.append(writtenAt)
        writer.appendVarint(receipt.accepted)
        writer.appendVarint(receipt.identical)
        writer.appendVarint(receipt.corrected)
        writer.appendVarint(receipt.superseded)
        if span, let from = receipt.from, let to = receipt.to {
            writer.append(from.nanoseconds)
            writer.append(to.nanoseconds)
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    package init(from reader: inout ByteReader) throws(CodecError) {
        contentHash = try Hash128(from: &reader)
        importHash = try Hash128(from: &reader)
        generation = UInt32(try reader.varint(limit: Int(UInt32.max), "generation"))
        index = UInt32(try reader.varint(limit: Int(UInt32.max), "batch number"))
        let flags = try reader.integer(as: UInt8.self)
        guard flags < 8 else { throw reader.failure("unknown flags") }
        isLast = flags & Self.lastFlag != 0
        isMessage = flags & Self.messageFlag != 0
        commit = try reader.varint()
        writtenAt = try reader.integer(as: Int64.self)
        receipt = Receipt()
        receipt.accepted = try reader.varint()
        receipt.identical = try reader.varint()
        receipt.corrected = try reader.varint()
        receipt.superseded = try reader.varint()
        // So that later sums of counts do not overflow.
        let counts = [receipt.accepted, receipt.identical, receipt.corrected, receipt.superseded]
        guard counts.allSatisfy({ $0 < 1 << 60 }) else { throw reader.failure("an impossible count") }
        if flags & Self.spanFlag != 0 {
            receipt.from = Timestamp(nanoseconds: try reader.integer(as: Int64.self))
            receipt.to = Timestamp(nanoseconds: try reader.integer(as: Int64.self))
        }
    }
}
