// CompactionPlan.swift — which segments to merge: a pure function of the manifest.
//
// Any set of segments may be merged, neighbours or not, because each sample carries its commit number and the
// highest one wins wherever it lies. This version knows one partition, all of time.
//
// Invariants:
// - Deciding reads nothing and changes nothing.
// - Automatic plans merge segments of about the same size, so a sample is rewritten once per fourfold growth of
//   its partition: write amplification grows with the logarithm of the data.

package struct CompactionPlan: Hashable, Sendable {
    /// The segments to merge into one run of samples.
    package var inputs: [SegmentReference]

    /// How many segments of one tier start a merge.
    package static let tierWidth = 8

    /// How long deleted samples may stay on disk before a merge is due because of them: a day.
    package static let longestDeleted: Int64 = 86_400_000_000_000

    /// The merge that is due, if one is: of the segments that have samples deleted long ago, else the smallest tier
    /// that is full.
    package static func automatic(_ manifest: Manifest, now: Int64 = .min) -> CompactionPlan? {
        let (horizon, isAllowed) = now.subtractingReportingOverflow(longestDeleted)
        if !isAllowed, let old = manifest.tombstones.first(where: { !$0.isErased && $0.writtenAt < horizon })
        {
            let inputs = manifest.segments.filter { $0.summary.mayHave(hiddenBy: old) }
            if !inputs.isEmpty { return CompactionPlan(inputs: inputs) }
        }
        var tiers: [Int: [SegmentReference]] = [:]
        for segment in manifest.segments { tiers[tier(segment), default: []].append(segment) }
        guard let full = tiers.filter({ $0.value.count >= tierWidth }).min(by: { $0.key < $1.key }) else {
            return nil
        }
        return CompactionPlan(inputs: full.value)
    }

    /// The merge that leaves one sorted run without older versions, if the store is not that already.
    package static func full(_ manifest: Manifest) -> CompactionPlan? {
        guard !manifest.segments.isEmpty else { return nil }
        let physical = manifest.segments.reduce(0) { $0 + $1.summary.samples }
        let isDone =
            physical == manifest.samples && manifest.tombstones.allSatisfy(\.isErased)
            && manifest.segments.allSatisfy(\.isCompacted) && isOneRun(manifest)
        return isDone ? nil : CompactionPlan(inputs: manifest.segments)
    }

    /// A large merge leaves several segments, each with series of its own: fewer than two, or all but one full.
    private static func isOneRun(_ manifest: Manifest) -> Bool {
        manifest.segments.filter { $0.byteCount < UInt64(Limits.segmentBytes) }.count <= 1
    }

    /// Powers of four of 64 KiB.
    private static func tier(_ segment: SegmentReference) -> Int {
        var size = segment.byteCount >> 16
        var tier = 0
        while size > 0 {
            size >>= 2
            tier += 1
        }
        return tier
    }
}
