// CompactionPlan.swift — decides which segments to merge and where to cut the result, by the manifest alone.
//
// Any set of segments may be merged, neighbours or not, because each sample carries its commit number and the highest
// one wins in every file. It pays to merge small segments with any times, and large ones only where many overlap. A
// large result is cut at the borders of partitions (Partitions). So it does not overlap its neighbours, and is not
// merged again before late data comes for its time.
//
// Invariants:
// - A decision reads no file and changes nothing.
// - Automatic plans merge segments of about the same size. So a sample is rewritten once for each eightfold growth as a
//   rule, and at most once for each fourfold growth: write amplification grows with the logarithm of the data.
// - A plan has at most `mostInputs` inputs.

import VarveSegment

struct CompactionPlan: Hashable, Sendable {
    /// The segments to merge into one run of samples.
    var inputs: [SegmentReference]
    /// The times at which a new output begins, ascending.
    var cuts: [Int64]

    /// The number of segments of one tier that starts a merge.
    static let tierWidth = 8
    /// The most segments that one merge reads.
    static let mostInputs = 128
    /// Segments of at least this many bytes are merged only where they overlap.
    static let largeBytes = Partitions.bytes / 2
    /// Neighbours are joined while one of them is smaller.
    static let smallBytes = Partitions.bytes / 8

    /// The nanoseconds that deleted samples may stay on disk before a merge is due for them: a day.
    static let longestDeleted: Int64 = 86_400_000_000_000
    /// A segment is written again when one in so many of its samples is a version that no kept state shows.
    static let samplesPerOldVersion: UInt64 = 8

    init(_ inputs: [SegmentReference]) {
        self.inputs = inputs
        cuts = Partitions.cuts(inputs)
    }

    /// The merge that is due, if any: of segments with samples that were deleted long ago, else of one segment with
    /// many versions that are no longer kept, else of the smallest full tier.
    ///
    /// - Parameters:
    ///   - history: The oldest commit whose state is kept.
    ///   - now: The present, in nanoseconds since 1970 UTC.
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
            // A merge that would be cut into about as many segments again brings nothing.
            if !isLarge, small.cuts.count + 1 <= small.inputs.count / 2 { return small }
            let deep = deepest(segments)
            if deep.count >= tierWidth { return CompactionPlan(Array(deep.prefix(mostInputs))) }
        }
        return nil
    }

    /// The next merge towards segments that do not overlap, have the best compression, and hold only what reads can
    /// show; nil if they are so already.
    ///
    /// - Parameter history: The oldest commit whose state is kept.
    static func full(_ manifest: Manifest, history: UInt64 = .max) -> CompactionPlan? {
        for group in groups(manifest, history) {
            // Small segments are merged first, so that large ones are read once.
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

    /// The largest set of segments that all share one time.
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

    /// The sets of segments to be merged: segments that overlap, and small neighbours.
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

    /// The segments in order of time, in sets that overlap, each with its bytes.
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

    /// The tier of a segment by its size: tiers begin at 64 KiB times powers of four, and all large segments share one.
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
