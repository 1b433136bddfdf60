// Replacement.swift — series that others of the same name took the place of when their point got another type.
//
// An id never changes its type, so that segments and WAL records keep their meaning; a series of another type has a new
// id. Reads find the newest one of a name. What the old ones had is hidden as a deletion hides it, and erased by
// compaction.
//
// Invariants:
// - Old ids ascend, and each is lower than all new ones. New ids follow each other in the order of the old ones.
// - Of a list of replacements commits and new ids ascend; no id is replaced twice.
// - A replacement stays in the manifest for good: without it a name would have two series.

package import VarveCodec

package struct Replacement: Hashable, Sendable {
    /// The commit from which on the new series count.
    package var commit: UInt64
    /// Nanoseconds since 1970 UTC when it was committed.
    package var writtenAt: Int64
    /// The id that took the place of the first old one.
    package var first: SeriesID
    /// The ids that were replaced.
    package var old: [SeriesID]

    package init(commit: UInt64, writtenAt: Int64, first: SeriesID, old: [SeriesID]) {
        self.commit = commit
        self.writtenAt = writtenAt
        self.first = first
        self.old = old
    }

    /// The new ids.
    package var new: Range<SeriesID> { first..<first + SeriesID(old.count) }

    /// The id that took the place of another; nil if it was not replaced here.
    package func successor(of series: SeriesID) -> SeriesID? {
        guard let last = old.last, series <= last else { return nil }
        let place = old.partitioningIndex { $0 >= series }
        return old[place] == series ? first + SeriesID(place) : nil
    }

    package func write(to writer: inout ByteWriter) {
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

    package init(from reader: inout ByteReader) throws(CodecError) {
        commit = try reader.varint()
        writtenAt = try reader.integer(as: Int64.self)
        let start = try reader.varint(limit: Limits.series, "a series")
        let count = try reader.varint(limit: min(reader.remaining, Limits.series), "replaced series")
        guard count > 0, start + count <= Limits.series else {
            throw reader.failure("an impossible replacement of series")
        }
        first = SeriesID(start)
        old = []
        old.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            let series = next + (try reader.varint(limit: Limits.series, "a series"))
            guard series < start else { throw reader.failure("a series is replaced by an older one") }
            old.append(SeriesID(series))
            next = series + 1
        }
    }
}

extension SegmentReference {
    /// Whether the segment may have samples of the series that were replaced.
    package func mayHave(hiddenBy replacement: Replacement) -> Bool {
        replacement.commit > erasedUpTo && replacement.commit > summary.lowestCommit
    }
}

extension Manifest {
    /// Whether a segment may have samples that no read shows, other than older versions.
    package func hides(samplesOf segment: SegmentReference) -> Bool {
        tombstones.contains { segment.mayHave(hiddenBy: $0) }
            || expiries.contains { segment.mayHave(hiddenBy: $0) }
            || replacements.contains { segment.mayHave(hiddenBy: $0) }
    }

    /// Tells a dictionary that has all series of the manifest which of them were replaced.
    ///
    /// - Throws: `StorageError.damaged` if it cannot be so.
    func noteReplacements(in dictionary: SeriesDictionary) throws {
        for replacement in replacements {
            do throws(CodecError) {
                try dictionary.replace(replacement)
            } catch {
                throw StorageError.damaged(
                    Damage(
                        file: DataDirectory.manifest(number), offset: SealedFile.headerBytes,
                        reason: error.reason))
            }
        }
    }

    /// Writes what version 5 has behind version 4; nothing where no series was replaced.
    func writeReplacements(to writer: inout ByteWriter) {
        guard !replacements.isEmpty else { return }
        writer.appendVarint(UInt64(replacements.count))
        for replacement in replacements { replacement.write(to: &writer) }
    }

    mutating func readReplacements(_ reader: inout ByteReader) throws(CodecError) {
        let count = try reader.varint(limit: reader.remaining, "replacements")
        guard count > 0 else { throw reader.failure("version 5 without a replacement of series") }
        for _ in 0..<count {
            let next = try Replacement(from: &reader)
            if let last = replacements.last, next.commit <= last.commit || next.first < last.new.upperBound {
                throw reader.failure("replacements of series out of order")
            }
            guard next.commit <= commit else { throw reader.failure("a replacement of a later commit") }
            replacements.append(next)
        }
    }
}

extension StoreView {
    /// Series that a read can find.
    package var liveSeries: Int { seriesCount - manifest.replacements.reduce(0) { $0 + $1.old.count } }

    /// Whether a series took the place of another after a commit.
    package func hasReplaced(_ series: SeriesID, after commit: UInt64) -> Bool {
        guard let last = manifest.replacements.last, last.commit > commit else { return false }
        return manifest.replacements.contains { $0.commit > commit && $0.new.contains(series) }
    }
}
