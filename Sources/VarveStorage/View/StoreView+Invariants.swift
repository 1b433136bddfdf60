// StoreView+Invariants.swift — checks the invariants of a state, by itself and against the one before it.
//
// Debug builds, and so all tests, check every published state. Release builds contain no call. The memtable is checked
// at each change of the live set, and from time to time in between.

import VarveModel
import VarveSegment

extension StoreView {
    private static func unless(
        _ holds: Bool, _ reason: @autoclosure () -> String
    ) throws(BrokenInvariant) {
        try BrokenInvariant.unless(holds, "view", reason())
    }

    /// Checks everything in the newest state.
    ///
    /// Cost: one pass over the entries of the manifest and the rows of the memtable.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants() throws(BrokenInvariant) {
        try manifest.checkInvariants()
        try checkSegments()
        try memtable.checkInvariants()
    }

    /// Checks a state before it is published after another one.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants(after earlier: StoreView) throws(BrokenInvariant) {
        try Self.unless(commit >= earlier.commit, "commit \(commit) follows \(earlier.commit)")
        try Self.unless(seriesCount >= earlier.seriesCount, "series were taken back")
        let isSame = manifest.number == earlier.manifest.number
        if !isSame {
            try manifest.checkInvariants(after: earlier.manifest)
            try manifest.checkInvariants()
        }
        try checkSegments()
        // A check at each commit would be too slow for large memtables.
        if !isSame || commit <= 32 || commit.isMultiple(of: 256) { try memtable.checkInvariants() }
    }

    private func checkSegments() throws(BrokenInvariant) {
        try Self.unless(commit >= manifest.commit, "the manifest has a later commit")
        try Self.unless(
            segments.count == manifest.segments.count, "not all segments of the manifest are there")
        try Self.unless(times(in: .all).count == segments.count, "the times are not those of the segments")
        try Self.unless(unflushed == 0 || !memtable.isEmpty, "rows are counted that no memtable has")
        let named = Set(manifest.segments.map(\.id))
        for segment in segments {
            try Self.unless(named.contains(segment.reference.id), "a segment is not in the manifest")
        }
    }
}
