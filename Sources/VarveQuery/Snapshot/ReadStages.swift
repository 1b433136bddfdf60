// ReadStages.swift — cuts a range over many segments into stages, so that a read that stops early asks few segments.
//
// The first stage takes in the eight segments nearest to the start of the read, and each later stage eight times as
// many. So the latest value in a store with thousands of segments needs the indexes of only a few. At a cut, at most
// one block of each segment is decoded twice, and there are few cuts.
//
// Invariants:
// - The stages follow each other in the order of the read, and together are the range, without gap or overlap.

import VarveModel

/// Cuts ranges.
enum ReadStages {
    /// The segments of the first stage, and the factor by which each later stage grows.
    static let width = 8

    /// The stages of a read.
    ///
    /// - Parameters:
    ///   - range: The range of the read.
    ///   - segments: The first and last times of the segments with times in the range.
    ///   - order: The order of the read, and of the stages.
    static func cut(
        _ range: TimeRange, _ segments: [(first: Int64, last: Int64)], _ order: TimeOrder
    ) -> [TimeRange] {
        guard segments.count > width, let last = range.lastNanosecond else { return [range] }
        return order == .ascending
            ? ascending(range, segments.map { max($0.first, range.from.nanoseconds) })
            : descending(range, segments.map { min($0.last, last) })
    }

    /// Stages that each end at the beginning of a segment.
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

    /// Stages that each begin behind the end of a segment.
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

    /// The time of the first segment behind each stage.
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
