// Manifest+Hidden.swift — finds segments that may have samples that no read shows.

import VarveSegment

extension Manifest {
    /// Marks tombstones as erased if no segment may have what they hide, and drops such expiries.
    mutating func noteErased() {
        for index in tombstones.indices where !tombstones[index].isErased {
            let tombstone = tombstones[index]
            tombstones[index].isErased = !segments.contains { $0.mayHave(hiddenBy: tombstone) }
        }
        expiries.removeAll { expiry in !segments.contains { $0.mayHave(hiddenBy: expiry) } }
    }

    /// Whether a segment may have samples that no read shows, other than older versions.
    func hides(samplesOf segment: SegmentReference) -> Bool {
        tombstones.contains { segment.mayHave(hiddenBy: $0) }
            || expiries.contains { segment.mayHave(hiddenBy: $0) }
            || replacements.contains { segment.mayHave(hiddenBy: $0) }
    }
}
