// ManifestInvariantTests.swift — each fault in a manifest is found by its check.

import Testing
import VarveModel

@testable import VarveSegment
@testable import VarveStorage

@Suite struct ManifestInvariantTests {
    /// The reason that a check gives, or nil if it finds nothing.
    private static func reason(_ check: () throws -> Void) -> String? {
        do {
            try check()
            return nil
        } catch {
            return (error as? BrokenInvariant)?.reason ?? "\(error)"
        }
    }

    private static var manifest: Manifest {
        var manifest = Manifest()
        (manifest.number, manifest.commit, manifest.historyFrom) = (2, 9, 1)
        let summary = SegmentSummary(
            samples: 4, series: 1, blocks: 1, firstTime: 0, lastTime: 3, lowestCommit: 1, highestCommit: 5)
        manifest.segments = [
            SegmentReference(id: .random(), byteCount: 100, checksum: 1, summary: summary),
            SegmentReference(id: .random(), byteCount: 100, checksum: 2, summary: summary),
        ]
        manifest.tombstones = [
            Tombstone(series: 1, first: 0, last: 2, commit: 6, writtenAt: 0),
            Tombstone(series: 1, first: 0, last: 2, commit: 7, writtenAt: 0),
        ]
        manifest.expiries = [Expiry(series: [1, 3], first: 0, last: 1, commit: 8, made: 8, writtenAt: 0)]
        manifest.replacements = [Replacement(commit: 3, writtenAt: 0, first: 5, old: [1, 2])]
        return manifest
    }

    private static let manifestFaults: [(String, @Sendable (inout Manifest) -> Void)] = [
        ("a file is named twice", { $0.segments[1].id = $0.segments[0].id }),
        ("WAL files are counted from 1", { $0.firstWAL = 0 }),
        ("history begins after", { $0.historyFrom = 10 }),
        ("has commits after", { $0.segments[0].summary.highestCommit = 10 }),
        ("the times of", { $0.segments[0].summary.firstTime = 4 }),
        ("the commits of", { $0.segments[0].summary.lowestCommit = 6 }),
        ("is empty", { $0.segments[0].summary.samples = 0 }),
        ("more older versions", { $0.segments[0].olderVersions = 5 }),
        ("erased up to", { $0.segments[0].erasedUpTo = 10 }),
        ("tombstones are out of order", { $0.tombstones.reverse() }),
        ("a tombstone is later", { $0.tombstones[1].commit = 10 }),
        ("runs of an expiry touch", { $0.expiries[0].runs = [1...2, 3...3] }),
        ("an expiry is later", { $0.expiries[0].made = 10 }),
        ("is replaced by an older one", { $0.replacements[0].first = 2 }),
        ("is replaced twice", { $0.replacements[0].old = [1, 1] }),
        ("a replacement is later", { $0.replacements[0].commit = 10 }),
    ]

    @Test("each fault in a manifest is reported")
    func manifests() {
        #expect(Self.reason { try Self.manifest.checkInvariants() } == nil)
        for (words, plant) in Self.manifestFaults {
            var manifest = Self.manifest
            plant(&manifest)
            #expect(Self.reason { try manifest.checkInvariants() }?.contains(words) == true, "\(words)")
        }
    }

    @Test("a value that goes back from one manifest to the next is reported")
    func manifestAfterManifest() {
        let earlier = Self.manifest
        var next = earlier
        next.number += 1
        #expect(Self.reason { try next.checkInvariants(after: earlier) } == nil)
        for plant: (inout Manifest) -> Void in [
            { $0.number = 1 }, { $0.commit = 8 }, { $0.firstWAL = 0 }, { $0.historyFrom = 0 },
            { $0.messageClock = -1 },
        ] {
            var faulty = next
            plant(&faulty)
            #expect(throws: BrokenInvariant.self) { try faulty.checkInvariants(after: earlier) }
        }
    }
}
