// ReadStages.swift — cuts a range over many segments into stages, so that who stops early asks few of them.
//
// The first stage reaches as far as the eight segments nearest to where the read begins, each later one eight times
// as far: "latest value" of a store with thousands of segments reads the indexes of a few. A cut costs at most one
// block of a segment that is decoded twice, and there are few cuts.
//
// Invariants:
// - The stages follow each other in the order of the read and are the range, without gap or overlap.

import VarveModel

/// Cuts ranges.
enum ReadStages {
    /// Segments of the first stage, and how many times more each later one takes in.
    static let width = 8

    /// The stages of a read of `range`, which all segments, of these first and last times, have a time in.
    static func cut(
        _ range: TimeRange, _ segments: [(first: Int64, last: Int64)], _ order: TimeOrder
    ) -> [TimeRange] {
        guard segments.count > width, let last = range.lastNanosecond else { return [range] }
        return order == .ascending
            ? ascending(range, segments.map { max($0.first, range.from.nanoseconds) })
            : descending(range, segments.map { min($0.last, last) })
    }

    /// Stages that end where a segment begins.
    private static func ascending(_ range: TimeRange, _ starts: [Int64]) -> [TimeRange] {
        var rest = range
        var stages: [TimeRange] = []
        for start in steps(starts.sorted()) where start > rest.from.nanoseconds {
            let cut = Timestamp(nanoseconds: start)
            stages.append(TimeRange(from: rest.from, to: cut))
            rest = TimeRange(from: cut, to: range.to)
        }
        return stages + [rest]
    }

    /// Stages that begin behind the end of a segment.
    private static func descending(_ range: TimeRange, _ ends: [Int64]) -> [TimeRange] {
        var rest = range
        var stages: [TimeRange] = []
        for end in steps(ends.sorted(by: >)) where end < rest.lastNanosecond ?? .min {
            let cut = Timestamp(nanoseconds: end + 1)
            stages.append(TimeRange(from: cut, to: rest.to))
            rest = TimeRange(from: range.from, to: cut)
        }
        return stages + [rest]
    }

    /// The times of the segments that no longer belong to the first, the second … stage.
    private static func steps(_ times: [Int64]) -> [Int64] {
        var found: [Int64] = []
        var count = width
        while count < times.count {
            found.append(times[count])
            count *= width
        }
        return found
    }
}
