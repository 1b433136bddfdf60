// Partitions.swift — the spans of time that large segments are cut into: the denser the data, the shorter the span.
//
// A partition is a span of 2^n nanoseconds that begins at a multiple of its length, counted from the earliest storable
// time. Where data is denser the partitions are shorter, so all have about the same size in bytes. They follow from the
// sizes and times of the segments of a merge, and no file stores them. As they are nested, the cuts of two merges never
// cross.
//
// Invariants:
// - Cuts ascend, and there are fewer than `most`.

import VarveSegment

enum Partitions {
    /// About the bytes of a partition: enough for long reads and writes, few enough to be rewritten in seconds when
    /// late data comes.
    static let bytes = 64 << 20
    /// The most outputs that one merge writes at the same time.
    static let most = 64

    /// The times at which to cut the merge of some segments; empty if it is not worth a cut.
    static func cuts(_ segments: [SegmentReference]) -> [Int64] {
        guard let first = segments.map(\.summary.firstTime).min(),
            let last = segments.map(\.summary.lastTime).max()
        else { return [] }
        let total = segments.reduce(0) { $0 + Double($1.byteCount) }
        let wanted = max(Double(bytes), total / Double(most / 2))
        guard total > 2 * wanted else { return [] }
        var cuts: [Int64] = []
        // Spans begin at offsets from the earliest time, so that the tree of halves has one root.
        var spans: [(start: UInt64, bits: Int)] = [(0, 64)]
        while let span = spans.popLast() {
            let (from, to) = times(span.start, span.bits)
            guard from <= last, to >= first else { continue }
            if span.bits > 20, estimate(segments, from, to) > wanted {
                let half = span.bits - 1
                // The earlier half is taken from the stack first.
                spans.append((span.start + (1 << UInt64(half)), half))
                spans.append((span.start, half))
            } else if from > first {
                cuts.append(from)
            }
        }
        return thinned(cuts, segments, first, last, wanted)
    }

    /// Leaves out cuts that are followed by few bytes up to the next cut.
    private static func thinned(
        _ cuts: [Int64], _ segments: [SegmentReference], _ first: Int64, _ last: Int64, _ wanted: Double
    ) -> [Int64] {
        var kept: [Int64] = []
        var start = first
        for cut in cuts where estimate(segments, start, cut - 1) > wanted / 4 {
            kept.append(cut)
            start = cut
        }
        while let end = kept.last, estimate(segments, end, last) < wanted / 4 { kept.removeLast() }
        return Array(kept.prefix(most - 1))
    }

    /// An estimate of the bytes between two times, both included, as if each segment were spread evenly over its span.
    private static func estimate(_ segments: [SegmentReference], _ from: Int64, _ to: Int64) -> Double {
        segments.reduce(0) { sum, segment in
            let (first, last) = (segment.summary.firstTime, segment.summary.lastTime)
            let (start, end) = (max(first, from), min(last, to))
            guard start <= end else { return sum }
            let share = (Double(end) - Double(start) + 1) / (Double(last) - Double(first) + 1)
            return sum + min(share, 1) * Double(segment.byteCount)
        }
    }

    private static func times(_ start: UInt64, _ bits: Int) -> (Int64, Int64) {
        let end = bits >= 64 ? UInt64.max : start &+ (1 << UInt64(bits)) &- 1
        return (time(start), time(end))
    }

    /// The time at an offset from the earliest one.
    private static func time(_ offset: UInt64) -> Int64 { Int64(bitPattern: offset ^ (1 << 63)) }
}
