// CompactionPlan.swift — which segments to merge, and where to cut the result: a pure function of the manifest.
//
// Any set of segments may be merged, neighbours or not, because each sample carries its commit number and the highest
// one wins wherever it lies. What it pays to merge is another matter: small segments, whatever times they have; large
// ones only where many overlap. A large result is cut at the borders of partitions (Partitions), so it will not overlap
// with its neighbours, and nobody has a reason to touch it again until late data comes for its time.
//
// Invariants:
// - Deciding reads nothing and changes nothing.
// - Automatic plans merge segments of about the same size, so a sample is rewritten once per fourfold growth at
//   most, eightfold as a rule: write amplification grows with the logarithm of the data.
// - A plan has at most `mostInputs` inputs.

import VarveSegment

struct CompactionPlan: Hashable, Sendable {
    /// The segments to merge into one run of samples.
    var inputs: [SegmentReference]
    /// Times where a new output begins, ascending.
    var cuts: [Int64]

    /// How many segments of one tier start a merge.
    static let tierWidth = 8
    /// How many segments one merge reads at most.
    static let mostInputs = 128
    /// Segments of at least this many bytes are merged only where they overlap.
    static let largeBytes = Partitions.bytes / 2
    /// Neighbours are joined while one of them is smaller.
    static let smallBytes = Partitions.bytes / 8

    /// How long deleted samples may stay on disk before a merge is due because of them: a day.
    static let longestDeleted: Int64 = 86_400_000_000_000
    /// A segment is written again when one in so many of its samples is a version that nobody can ask for any more.
    static let samplesPerOldVersion: UInt64 = 8

    init(_ inputs: [SegmentReference]) {
        self.inputs = inputs
        cuts = Partitions.cuts(inputs)
    }

    /// The merge that is due, if one is: of the segments that have samples deleted long ago, else of one with many
    /// versions that are not kept any more, else the smallest tier that is full.
    ///
    /// - Parameters:
    ///   - history: The oldest commit whose state is kept.
    ///   - now: The time, in nanoseconds since 1970 UTC.
    static func automatic(
        _ manifest: Manifest, history: UInt64 = 0, now: Int64 = .min
    ) -> CompactionPlan? {
        if let erasing = erasing(manifest, now: now) { return erasing }
        if let folding = folding(manifest, history) { return folding }
        var tiers: [Int: [SegmentReference]] = [:]
        for segment in manifest.segments { tiers[tier(segment), default: []].append(segment) }
        for (_, segments) in tiers.sorted(by: { $0.key < $1.key }) {
            guard segments.count >= tierWidth else { continue }
            let isLarge = segments.contains { $0.byteCount >= UInt64(largeBytes) }
            let small = CompactionPlan(Array(inTime(segments).prefix(mostInputs)))
            // What would be cut into about as many again is not made better by that.
            if !isLarge, small.cuts.count + 1 <= small.inputs.count / 2 { return small }
            let deep = deepest(segments)
            if deep.count >= tierWidth { return CompactionPlan(Array(deep.prefix(mostInputs))) }
        }
        return nil
    }

    /// The next of the merges that leave a store of segments that do not overlap, packed as well as can be and without
    /// what nobody can ask for; nil if it is that already.
    ///
    /// - Parameter history: The oldest commit whose state is kept.
    static func full(_ manifest: Manifest, history: UInt64 = .max) -> CompactionPlan? {
        for group in groups(manifest, history) {
            // The small ones first: then the others are read once.
            guard group.count > mostInputs else { return CompactionPlan(group) }
            let smallest = group.sorted { $0.byteCount < $1.byteCount }.prefix(mostInputs)
            return CompactionPlan(inTime(Array(smallest)))
        }
        return nil
    }

    private static func folding(_ manifest: Manifest, _ history: UInt64) -> CompactionPlan? {
        let segment = manifest.segments.first { segment in
            let share = segment.olderVersions.multipliedReportingOverflow(by: samplesPerOldVersion)
            return segment.olderVersions > 0 && segment.replacedUpTo <= history
                && (share.overflow || share.partialValue >= segment.summary.samples)
        }
        return segment.map { CompactionPlan([$0]) }
    }

    private static func erasing(_ manifest: Manifest, now: Int64) -> CompactionPlan? {
        let (horizon, isAllowed) = now.subtractingReportingOverflow(longestDeleted)
        guard !isAllowed else { return nil }
        let tombstones = manifest.tombstones.filter { !$0.isErased && $0.writtenAt < horizon }
        let expiries = manifest.expiries.filter { $0.writtenAt < horizon }
        let replacements = manifest.replacements.filter { $0.writtenAt < horizon }
        guard !tombstones.isEmpty || !expiries.isEmpty || !replacements.isEmpty else { return nil }
        let inputs = manifest.segments.filter { segment in
            tombstones.contains { segment.mayHave(hiddenBy: $0) }
                || expiries.contains { segment.mayHave(hiddenBy: $0) }
                || replacements.contains { segment.mayHave(hiddenBy: $0) }
        }
        return inputs.isEmpty ? nil : CompactionPlan(Array(inputs.prefix(mostInputs)))
    }

    /// The segments that share one time, where most do.
    private static func deepest(_ segments: [SegmentReference]) -> [SegmentReference] {
        var best: [SegmentReference] = []
        var open: [SegmentReference] = []
        for segment in inTime(segments) {
            open.removeAll { $0.summary.lastTime < segment.summary.firstTime }
            open.append(segment)
            if open.count > best.count { best = open }
        }
        return best
    }

    /// Sets of segments that are to become one run each: those that overlap, and small neighbours.
    private static func groups(_ manifest: Manifest, _ history: UInt64) -> [[SegmentReference]] {
        func isSettled(_ segment: SegmentReference) -> Bool {
            segment.isCompacted && (segment.olderVersions == 0 || segment.replacedUpTo > history)
                && !manifest.hides(samplesOf: segment)
        }
        var groups: [[SegmentReference]] = []
        var group: [SegmentReference] = []
        var bytes: UInt64 = 0
        for (component, last) in components(manifest.segments) {
            let small = UInt64(smallBytes)
            let joins = (bytes < small || last < small) && bytes + last <= UInt64(Partitions.bytes)
            if !group.isEmpty, !joins {
                groups.append(group)
                group = []
                bytes = 0
            }
            group += component
            bytes += last
        }
        if !group.isEmpty { groups.append(group) }
        return groups.filter { $0.count > 1 || !$0.allSatisfy(isSettled) }
    }

    /// The segments in order of time, those that overlap together, each set with its bytes.
    private static func components(
        _ segments: [SegmentReference]
    ) -> [(segments: [SegmentReference], bytes: UInt64)] {
        var found: [(segments: [SegmentReference], bytes: UInt64)] = []
        var end = Int64.min
        for segment in inTime(segments) {
            if found.isEmpty || segment.summary.firstTime > end {
                found.append(([], 0))
            }
            found[found.count - 1].segments.append(segment)
            found[found.count - 1].bytes += segment.byteCount
            end = max(end, segment.summary.lastTime)
        }
        return found
    }

    private static func inTime(_ segments: [SegmentReference]) -> [SegmentReference] {
        segments.sorted {
            ($0.summary.firstTime, $0.summary.lastTime) < ($1.summary.firstTime, $1.summary.lastTime)
        }
    }

    /// Powers of four of 64 KiB; all large segments are of one tier.
    private static func tier(_ segment: SegmentReference) -> Int {
        var size = min(segment.byteCount, UInt64(largeBytes)) >> 16
        var tier = 0
        while size > 0 {
            size >>= 2
            tier += 1
        }
        return tier
    }
}
