// Replacement.swift — series that were replaced by others of the same name when their point got another type.
//
// An id never changes its type, so that segments and WAL records keep their meaning. A series of another type has a new
// id. Reads find the newest series of a name. The samples of the old ones are hidden as by a deletion, and compaction
// erases them.
//
// Invariants:
// - Old ids ascend, and each is lower than all new ones. New ids follow each other in the order of the old ones.
// - In a list of replacements, commits and new ids ascend, and no id is replaced twice.
// - A replacement is never removed from the manifest, as a name would have two series without it.

import VarveCodec
package import VarveSegment

package struct Replacement: Hashable, Sendable {
    /// The commit from which on the new series are valid.
    var commit: UInt64
    /// Nanoseconds since 1970 UTC when it was committed.
    var writtenAt: Int64
    /// The first new id, which replaces the first old one.
    var first: SeriesID
    /// The ids that were replaced.
    var old: [SeriesID]

    package init(commit: UInt64, writtenAt: Int64, first: SeriesID, old: [SeriesID]) {
        self.commit = commit
        self.writtenAt = writtenAt
        self.first = first
        self.old = old
    }

    /// The new ids.
    var new: Range<SeriesID> { first..<first + SeriesID(old.count) }

    /// The id that replaces a series; nil if the series is not replaced here.
    func successor(of series: SeriesID) -> SeriesID? {
        guard let last = old.last, series <= last else { return nil }
        let place = old.partitioningIndex { $0 >= series }
        return old[place] == series ? first + SeriesID(place) : nil
    }

    func write(to writer: inout ByteWriter) {
        writer.appendVarint(commit)
        writer.append(writtenAt)
        writer.appendVarint(UInt64(first))
        writer.appendVarint(UInt64(old.count))
        var next: UInt64 = 0
        for series in old {
            writer.appendVarint(UInt64(series) - next)
            next = UInt64(series) + 1
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse or the ids are impossible.
    init(from reader: inout ByteReader) throws(CodecError) {
        commit = try reader.varint()
        writtenAt = try reader.integer(as: Int64.self)
        let start = try reader.varint(limit: FormatLimits.series, "a series")
        let count = try reader.varint(limit: min(reader.remaining, FormatLimits.series), "replaced series")
        guard count > 0, start + count <= FormatLimits.series else {
            throw reader.failure("an impossible replacement of series")
        }
        first = SeriesID(start)
        old = []
        old.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            let series = next + (try reader.varint(limit: FormatLimits.series, "a series"))
            guard series < start else { throw reader.failure("a series is replaced by an older one") }
            old.append(SeriesID(series))
            next = series + 1
        }
    }
}
