// StoreView+Invariants.swift — the check that a state is what StoreView says, by itself and after another one.
//
// Builds for debugging check every state that is published, so all tests do; builds for release contain no call. The
// memtable is looked through at each change of the live set, and now and then between.

import VarveModel
import VarveSegment

extension StoreView {
    private static func unless(
        _ holds: Bool, _ reason: @autoclosure () -> String
    ) throws(BrokenInvariant) {
        try BrokenInvariant.unless(holds, "view", reason())
    }

    /// Checks everything in a state that is the newest one.
    ///
    /// Cost: the entries of the manifest and the rows of the memtable.
    ///
    /// - Throws: `BrokenInvariant`.
    func checkInvariants() throws(BrokenInvariant) {
        try manifest.checkInvariants()
        try checkSegments()
        try memtable.checkInvariants()
    }

    /// Checks a state that is to be published after another one.
    ///
    /// - Throws: `BrokenInvariant`.
    func checkInvariants(after earlier: StoreView) throws(BrokenInvariant) {
        try Self.unless(commit >= earlier.commit, "commit \(commit) follows \(earlier.commit)")
        try Self.unless(seriesCount >= earlier.seriesCount, "series were taken back")
        let isSame = manifest.number == earlier.manifest.number
        if !isSame {
            try manifest.checkInvariants(after: earlier.manifest)
            try manifest.checkInvariants()
        }
        try checkSegments()
        // Each commit would be too often for large memtables.
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
