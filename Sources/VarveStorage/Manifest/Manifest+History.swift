// Manifest+History.swift — the additions of version 4 of the payload: kept versions, commit times, expiries, bytes
// written.

import VarveCodec
import VarveSegment

extension Manifest {
    /// Adds a segment with new data.
    mutating func addNew(_ segment: SegmentReference) {
        segments.append(segment)
        bytesTaken += segment.byteCount
    }

    /// Replaces the inputs of a merge by its outputs.
    mutating func replace(_ inputs: Set<FileID>, by outputs: [SegmentReference]) {
        segments.removeAll { inputs.contains($0.id) }
        segments.append(contentsOf: outputs)
        bytesMerged += outputs.reduce(0) { $0 + $1.byteCount }
    }

    /// Writes the fields of version 4, which follow the tombstones.
    func writeHistory(to writer: inout ByteWriter) {
        for segment in segments {
            writer.appendVarint(segment.olderVersions)
            if segment.olderVersions > 0 { writer.appendVarint(segment.replacedUpTo) }
            writer.appendVarint(segment.erasedUpTo)
        }
        writer.appendVarint(historyFrom)
        commitTimes.write(to: &writer)
        writer.appendVarint(UInt64(expiries.count))
        for expiry in expiries { expiry.write(to: &writer) }
        writer.appendVarint(bytesTaken)
        writer.appendVarint(bytesMerged)
    }

    /// Reads the fields that `writeHistory` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    mutating func readHistory(_ reader: inout ByteReader) throws(CodecError) {
        for index in segments.indices {
            let older = try reader.varint()
            guard older <= segments[index].summary.samples else {
                throw reader.failure("more older versions than samples")
            }
            segments[index].olderVersions = older
            if older > 0 { segments[index].replacedUpTo = try reader.varint() }
            segments[index].erasedUpTo = try reader.varint()
        }
        historyFrom = try reader.varint()
        commitTimes = try CommitTimes(from: &reader)
        let count = try reader.varint(limit: Limits.tombstones, "expiries")
        for _ in 0..<count { expiries.append(try Expiry(from: &reader)) }
        bytesTaken = try reader.varint()
        bytesMerged = try reader.varint()
    }
}
