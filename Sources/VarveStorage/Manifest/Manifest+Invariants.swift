// Manifest+Invariants.swift — checks the invariants of a manifest, by itself and against the one before it.

import VarveSegment

extension Manifest {
    private static func unless(
        _ holds: Bool, _ reason: @autoclosure () -> String
    ) throws(BrokenInvariant) {
        try BrokenInvariant.unless(holds, "manifest", reason())
    }

    /// Checks what must hold in one manifest.
    ///
    /// Cost: one pass over the entries of the manifest.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants() throws(BrokenInvariant) {
        let files = segments.count + dictionary.count + receipts.count + messages.count
        try Self.unless(fileNames.count == files, "a file is named twice")
        try Self.unless(firstWAL > 0, "WAL files are counted from 1")
        try Self.unless(historyFrom <= commit, "history begins after the last commit")
        for segment in segments { try check(segment) }
        for file in messages {
            try Self.unless(file.oldest <= file.newest, "the ages of \(file.id) are reversed")
        }
        try checkDeletions()
        for (one, next) in zip(replacements, replacements.dropFirst()) {
            try Self.unless(
                one.commit < next.commit && one.first < next.first, "replacements are out of order")
        }
        var replaced: Set<SeriesID> = []
        for replacement in replacements {
            for id in replacement.old {
                try Self.unless(id < replacement.first, "series \(id) is replaced by an older one")
                try Self.unless(replaced.insert(id).inserted, "series \(id) is replaced twice")
            }
            try Self.unless(replacement.commit <= commit, "a replacement is later than the last commit")
        }
    }

    private func check(_ segment: SegmentReference) throws(BrokenInvariant) {
        let summary = segment.summary
        try Self.unless(summary.firstTime <= summary.lastTime, "the times of \(segment.id) are reversed")
        try Self.unless(
            summary.lowestCommit <= summary.highestCommit, "the commits of \(segment.id) are reversed")
        try Self.unless(summary.highestCommit <= commit, "\(segment.id) has commits after the last one")
        try Self.unless(summary.samples > 0, "\(segment.id) is empty")
        try Self.unless(
            segment.olderVersions <= summary.samples, "\(segment.id) has more older versions than samples")
        try Self.unless(segment.erasedUpTo <= commit, "\(segment.id) is erased up to a later commit")
    }

    private func checkDeletions() throws(BrokenInvariant) {
        for tombstone in tombstones {
            try Self.unless(tombstone.first <= tombstone.last, "the times of a tombstone are reversed")
            try Self.unless(tombstone.commit <= commit, "a tombstone is later than the last commit")
        }
        for (one, next) in zip(tombstones, tombstones.dropFirst()) {
            try Self.unless(
                (one.commit, one.series) <= (next.commit, next.series), "tombstones are out of order")
        }
        for expiry in expiries {
            try Self.unless(expiry.first <= expiry.last, "the times of an expiry are reversed")
            try Self.unless(expiry.made <= commit, "an expiry is later than the last commit")
            for (one, next) in zip(expiry.runs, expiry.runs.dropFirst()) {
                try Self.unless(
                    UInt64(one.upperBound) + 1 < UInt64(next.lowerBound), "runs of an expiry touch")
            }
        }
    }

    /// Checks what must hold in a manifest that follows another one.
    ///
    /// - Throws: `BrokenInvariant` at the first violation.
    func checkInvariants(after earlier: Manifest) throws(BrokenInvariant) {
        guard number != earlier.number else { return }
        try Self.unless(number > earlier.number, "number \(number) follows \(earlier.number)")
        try Self.unless(commit >= earlier.commit, "the last commit goes back")
        try Self.unless(firstWAL >= earlier.firstWAL, "the first WAL file goes back")
        try Self.unless(historyFrom >= earlier.historyFrom, "history gets longer again")
        try Self.unless(messageClock >= earlier.messageClock, "the age clock goes back")
        try Self.unless(
            bytesTaken >= earlier.bytesTaken && bytesMerged >= earlier.bytesMerged, "bytes were taken back")
    }
}
