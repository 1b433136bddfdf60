// Expiry.swift — an entry of the manifest for what retention removed: a time range of many series.
//
// It hides samples as a tombstone does. Unlike a tombstone, it is no reason to apply a committed batch again: samples
// that are too old stay gone when they are sent once more. So an erased expiry has no further use and is dropped.
//
// Invariants:
// - Runs of ids ascend and do not touch.

import VarveCodec
import VarveModel
import VarveSegment

/// A range of times that retention deleted of some series.
struct Expiry: Hashable, Sendable {
    /// Runs of ids, both ends included.
    var runs: [ClosedRange<SeriesID>]
    /// The first time; `last` is the last one, and both are included.
    var first: Int64
    var last: Int64
    /// Samples with a lower commit are hidden.
    var commit: UInt64
    /// The commit that it was made with; for retention by arrival it is later than `commit`.
    var made: UInt64
    /// Nanoseconds since 1970 UTC when it was committed.
    var writtenAt: Int64

    init(
        series: some Sequence<SeriesID>, first: Int64, last: Int64, commit: UInt64, made: UInt64,
        writtenAt: Int64
    ) {
        runs = []
        for id in Set(series).sorted() {
            if let run = runs.last, run.upperBound + 1 == id {
                runs[runs.count - 1] = run.lowerBound...id
            } else {
                runs.append(id...id)
            }
        }
        self.first = first
        self.last = last
        self.commit = commit
        self.made = made
        self.writtenAt = writtenAt
    }

    func contains(_ series: SeriesID) -> Bool {
        let next = runs.partitioningIndex { $0.upperBound >= series }
        return next < runs.count && runs[next].lowerBound <= series
    }

    /// The tombstone with the same effect on one of its series.
    func tombstone(of series: SeriesID) -> Tombstone {
        Tombstone(series: series, first: first, last: last, commit: commit, writtenAt: writtenAt)
    }

    /// Whether it hides everything that another expiry hides.
    func covers(_ other: Expiry) -> Bool {
        commit >= other.commit && first <= other.first && last >= other.last
            && other.runs.allSatisfy { run in
                let next = runs.partitioningIndex { $0.upperBound >= run.upperBound }
                return next < runs.count && runs[next].lowerBound <= run.lowerBound
            }
    }

    func write(to writer: inout ByteWriter) {
        writer.append(first)
        writer.append(last)
        writer.appendVarint(commit)
        writer.appendVarint(made)
        writer.append(writtenAt)
        writer.appendVarint(UInt64(runs.count))
        var next: UInt64 = 0
        for run in runs {
            writer.appendVarint(UInt64(run.lowerBound) - next)
            writer.appendVarint(UInt64(run.upperBound - run.lowerBound))
            next = UInt64(run.upperBound) + 1
        }
    }

    /// Reads what `write` wrote.
    ///
    /// - Throws: `CodecError` where the bytes do not parse.
    init(from reader: inout ByteReader) throws(CodecError) {
        first = try reader.integer(as: Int64.self)
        last = try reader.integer(as: Int64.self)
        commit = try reader.varint()
        made = try reader.varint()
        writtenAt = try reader.integer(as: Int64.self)
        guard first <= last else { throw reader.failure("an impossible expiry") }
        let count = try reader.varint(limit: reader.remaining, "runs of series")
        runs = []
        runs.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            let start = next + (try reader.varint(limit: FormatLimits.series, "a series"))
            let end = start + (try reader.varint(limit: FormatLimits.series, "a series"))
            guard end < FormatLimits.series else { throw reader.failure("an impossible series") }
            runs.append(SeriesID(start)...SeriesID(end))
            next = end + 1
        }
    }
}
