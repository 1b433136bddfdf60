// StoreView.swift — one unchanging state of the store, as readers see it.
//
// Invariants:
// - A view is a value, and a commit makes a new one.
// - The segments of a view stay readable: their files stay as long as a view has them.

package import VarveModel
import VarveSegment

package struct StoreView: Sendable {
    var manifest = Manifest() {
        didSet {
            guard
                manifest.tombstones != oldValue.tombstones || manifest.expiries != oldValue.expiries
                    || manifest.replacements != oldValue.replacements
            else { return }
            tombstones = Tombstones(manifest.tombstones, manifest.expiries, manifest.replacements)
        }
    }
    /// Everything that hides samples of the segments.
    private(set) var tombstones = Tombstones()
    var segments: [SegmentReader] = [] {
        didSet {
            times = segments.map { ($0.reference.summary.firstTime, $0.reference.summary.lastTime) }
        }
    }
    /// The first and last time of each segment in one array, so that a search of thousands takes microseconds.
    private var times: [(first: Int64, last: Int64)] = []
    /// Shared with later views until the next flush; only rows of commits up to `commit` belong to this view.
    private(set) var memtable = Memtable()
    /// The number of samples in the memtable.
    private(set) var unflushed: UInt64 = 0
    /// Distinct (series, time) pairs that the commits in the memtable added to the store.
    private var accepted: UInt64 = 0
    /// Series with ids below this belong to the view.
    var seriesCount = 0
    /// The newest commit of the view; for a state of the past, segments also have later commits.
    var commit: UInt64 = 0
    /// The times of its commits.
    var commitTimes = CommitTimes()

    init() {}

    /// The number of distinct (series, time) pairs.
    var samples: UInt64 { manifest.samples + accepted }

    /// Adds a commit that goes into the WAL.
    mutating func apply(_ record: WALRecord) {
        memtable.apply(record)
        note(record.batch, rows: record.rows.reduce(0) { $0 + $1.count }, record.commit)
    }

    /// Adds a commit that is read from the WAL.
    ///
    /// - Parameter isKnown: Whether a series exists with a type.
    /// - Returns: False, with the commit partly added, if `isKnown` is false for a series.
    /// - Throws: `CodecError` if the record does not parse.
    mutating func apply(
        _ record: inout WALRecordReader, _ buffer: SmallRowBuffer,
        isKnown: (SeriesID, ValueType) -> Bool
    ) throws -> Bool {
        guard let rows = try memtable.apply(&record, buffer, isKnown: isKnown) else { return false }
        note(record.batch, rows: rows, record.commit)
        return true
    }

    private mutating func note(_ batch: BatchRecord, rows: Int, _ commit: UInt64) {
        accepted += batch.receipt.accepted
        unflushed += UInt64(rows)
        self.commit = max(self.commit, commit)
        commitTimes.note(commit, at: batch.writtenAt)
    }

    /// Begins a new memtable, as the rows of the old one are in a segment now.
    mutating func clearMemtable() {
        memtable = Memtable()
        accepted = 0
        unflushed = 0
    }

    /// The first and last times of the segments with a time in a range, in the order of the store.
    package func times(in range: TimeRange) -> [(first: Int64, last: Int64)] {
        guard let last = range.lastNanosecond else { return [] }
        return times.filter { $0.first <= last && $0.last >= range.from.nanoseconds }
    }

    /// The segments with a time in a range, in the order of the store.
    func segments(in range: TimeRange) -> [SegmentReader] {
        guard let last = range.lastNanosecond else { return [] }
        let first = range.from.nanoseconds
        var found: [SegmentReader] = []
        for index in times.indices where times[index].first <= last && times[index].last >= first {
            found.append(segments[index])
        }
        return found
    }

    /// The tombstones that may hide samples of a block.
    func tombstones(of series: SeriesID, in entry: BlockEntry) -> [Tombstone] {
        tombstones.reaching(
            series, first: entry.firstTime, last: entry.lastTime, lowestCommit: entry.lowestCommit)
    }

    /// A time that no sample of a series is later than; at least `time`.
    ///
    /// Cost: reads the indexes of segments that reach beyond `time`.
    ///
    /// - Throws: As `SegmentReader.top()`.
    func latestTime(_ series: SeriesID, atLeast time: Int64) throws -> Int64 {
        var latest = max(time, memtable.lastTime(of: series) ?? time)
        let range = TimeRange(from: Timestamp(nanoseconds: time))
        for segment in segments where segment.reference.summary.lastTime > latest {
            latest = max(latest, try segment.blocks(of: series, in: range).last?.lastTime ?? latest)
        }
        return latest
    }
}

extension StoreView {
    /// The number of series that a read can find.
    var liveSeries: Int { seriesCount - manifest.replacements.reduce(0) { $0 + $1.old.count } }

    /// Whether a series took the place of another one after a commit.
    func hasReplaced(_ series: SeriesID, after commit: UInt64) -> Bool {
        guard let last = manifest.replacements.last, last.commit > commit else { return false }
        return manifest.replacements.contains { $0.commit > commit && $0.new.contains(series) }
    }
}
