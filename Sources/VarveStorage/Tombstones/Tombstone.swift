// Tombstone.swift — a deleted range of one series: samples committed before it are gone, later ones stay.
//
// Invariants:
// - A tombstone hides every version of a sample whose commit is lower than its own, so nothing older comes to light.
// - It is never removed from the manifest, because a batch that was committed before it is no longer a replay.
// - It is erased once no segment has a sample that it hides; then reads ignore it.

import VarveCodec
import VarveSegment

/// A deleted range of a series.
struct Tombstone: Hashable, Sendable {
    var series: SeriesID
    /// The first deleted time; `last` is the last one, and both are included.
    var first: Int64
    var last: Int64
    var commit: UInt64
    /// Nanoseconds since 1970 UTC when it was committed.
    var writtenAt: Int64
    /// Whether no segment has a sample that it hides.
    var isErased = false

    /// Whether it may hide samples between two times with commits from `lowestCommit` on.
    func reaches(first: Int64, last: Int64, lowestCommit: UInt64) -> Bool {
        !isErased && commit > lowestCommit && self.first <= last && first <= self.last
    }

    /// Whether it hides all samples between two times up to a commit.
    func hidesAll(first: Int64, last: Int64, highestCommit: UInt64) -> Bool {
        commit > highestCommit && self.first <= first && last <= self.last
    }

    init(
        series: SeriesID, first: Int64, last: Int64, commit: UInt64, writtenAt: Int64, isErased: Bool = false
    ) {
        self.series = series
        self.first = first
        self.last = last
        self.commit = commit
        self.writtenAt = writtenAt
        self.isErased = isErased
    }

    func write(to writer: inout ByteWriter) {
        writer.appendVarint(UInt64(series))
        writer.append(first)
        writer.append(last)
        writer.appendVarint(commit)
        writer.append(writtenAt)
        writer.append(isErased ? UInt8(1) : UInt8(0))
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    init(from reader: inout ByteReader) throws(CodecError) {
        series = SeriesID(try reader.varint(limit: FormatLimits.series, "series"))
        first = try reader.integer(as: Int64.self)
        last = try reader.integer(as: Int64.self)
        commit = try reader.varint()
        writtenAt = try reader.integer(as: Int64.self)
        let state = try reader.integer(as: UInt8.self)
        guard first <= last, state < 2 else { throw reader.failure("an impossible tombstone") }
        isErased = state == 1
    }
}
