// SourceTracks.swift — the sources of one series' samples: stretches of time, in blocks and in memory.
//
// Late samples make stretches overlap. Stretches are distributed over as few tracks as possible, so that no two of one
// track touch. A store without late data has one track, however many segments it has.
//
// Invariants:
// - The stretches of a track ascend and share no time, not even at their ends.
// - A stretch that reaches into the range is included as a whole; the reader cuts it.

import VarveModel
import VarveSegment

/// A block or rows in memory, and its first and last time, both included.
struct SourceStretch {
    enum Content {
        case block(SegmentReader, BlockEntry)
        case rows(SampleRun, Range<Int>)
    }

    let first: Int64
    let last: Int64
    let content: Content
    /// The tombstones that may hide samples of the block.
    let tombstones: [Tombstone]
    /// The newest commit of the state; samples of later commits do not belong to it.
    let newest: UInt64
    /// Whether samples may be hidden; then the statistics of the block do not apply.
    let isFiltered: Bool

    init(_ reader: SegmentReader, _ entry: BlockEntry, upTo newest: UInt64, _ tombstones: [Tombstone] = []) {
        (first, last) = (entry.firstTime, entry.lastTime)
        content = .block(reader, entry)
        self.tombstones = tombstones
        self.newest = newest
        isFiltered = !tombstones.isEmpty || entry.highestCommit > newest
    }

    init(_ run: SampleRun, _ range: Range<Int>) {
        (first, last) = (run.times[range.lowerBound], run.times[range.upperBound - 1])
        content = .rows(run, range)
        tombstones = []
        newest = .max
        isFiltered = false
    }
}

/// The stretches of a series that reach into a range.
struct SourceTracks {
    /// Rows in memory are cut into stretches of so many, so that a few late rows overlap little.
    private static let rowsAtOnce = 1024

    private(set) var tracks: [[SourceStretch]] = []

    /// Finds the stretches of a series that reach into a range, from index pages and memory.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `StorageError.segmentGone`; `FileError`.
    init(_ view: StoreView, _ series: SeriesID, in range: TimeRange) throws {
        guard let last = range.lastNanosecond else { return }
        var stretches: [SourceStretch] = []
        for segment in view.segments(in: range) {
            let entries = try segment.blocks(of: series, in: range)
            guard !view.tombstones.isEmpty || segment.reference.summary.highestCommit > view.commit else {
                stretches.append(contentsOf: entries.lazy.map { SourceStretch(segment, $0, upTo: .max) })
                continue
            }
            for entry in entries where entry.lowestCommit <= view.commit {
                let tombstones = view.tombstones(of: series, in: entry)
                let isGone = tombstones.contains {
                    $0.hidesAll(
                        first: entry.firstTime, last: entry.lastTime, highestCommit: entry.highestCommit)
                }
                if !isGone { stretches.append(SourceStretch(segment, entry, upTo: view.commit, tombstones)) }
            }
        }
        let rows = view.memtable.rows(
            of: series, first: range.from.nanoseconds, last: last, upTo: view.commit)
        for run in rows.runs {
            for start in stride(from: 0, to: run.count, by: Self.rowsAtOnce) {
                stretches.append(SourceStretch(run, start..<min(start + Self.rowsAtOnce, run.count)))
            }
        }
        distribute(stretches)
    }

    init(_ stretches: [SourceStretch]) { distribute(stretches) }

    private mutating func distribute(_ stretches: [SourceStretch]) {
        guard !stretches.isEmpty else { return }
        // Without late data one track takes all stretches, and nothing is copied.
        let areDisjoint = stretches.indices.dropFirst().allSatisfy {
            stretches[$0 - 1].last < stretches[$0].first
        }
        guard !areDisjoint else {
            tracks = [stretches]
            return
        }
        let isSorted = stretches.indices.dropFirst().allSatisfy {
            stretches[$0 - 1].first <= stretches[$0].first
        }
        let sorted = isSorted ? stretches : stretches.sorted { ($0.first, $0.last) < ($1.first, $1.last) }
        var ends: [Int64] = []
        for stretch in sorted {
            if let track = ends.firstIndex(where: { $0 < stretch.first }) {
                tracks[track].append(stretch)
                ends[track] = stretch.last
            } else {
                tracks.append([stretch])
                ends.append(stretch.last)
            }
        }
    }
}
