// StoreStatistics.swift — the numbers behind `varve stats`.
//
// Invariants:
// - Manifests, indexes and file sizes suffice. A block is decoded only if a deletion cuts the first or the last block
//   of all.

import VarveFile
public import VarveModel
import VarveSegment

/// The size and the contents of a store.
public struct StoreStatistics: Hashable, Sendable {
    /// The number of series.
    public var series = 0
    /// Distinct (series, time) pairs that a query sees.
    public var samples: UInt64 = 0
    /// The number of segment files.
    public var segments = 0
    /// Bytes of segments, manifests, dictionaries, receipts, messages files and WAL.
    public var bytes: UInt64 = 0
    /// Bytes of older versions and deleted samples, estimated by their share of the stored samples; part of `bytes`.
    public var historyBytes: UInt64 = 0
    /// Samples of older versions, deleted ones and those of replaced series that are still stored.
    public var historySamples: UInt64 = 0
    /// Bytes of the WAL, including room that an open file has reserved; part of `bytes`.
    public var walBytes: UInt64 = 0
    /// Bytes of the columns in segments, by encoding.
    public var codecs: [String: UInt64] = [:]
    /// The time of the earliest sample that a query sees.
    public var firstTime: Timestamp?
    /// The time of the latest sample that a query sees.
    public var lastTime: Timestamp?
    /// The newest commit.
    public var commit: UInt64 = 0
    /// The oldest commit whose state can be read.
    public var historyFrom: UInt64 = 0
    /// The time of that commit, to the second, if it was noted.
    public var historyTime: Timestamp?
    /// Bytes of all segments that were written with new data since the store was created.
    public var bytesTaken: UInt64 = 0
    /// Bytes of all segments that merges wrote since the store was created.
    public var bytesMerged: UInt64 = 0

    /// How often a byte of new data was written to segments, including merges; nil if nothing was written.
    public var writeAmplification: Double? {
        bytesTaken == 0 ? nil : Double(bytesTaken + bytesMerged) / Double(bytesTaken)
    }

    /// Bytes per visible sample, or nil in an empty store.
    public var bytesPerSample: Double? { samples == 0 ? nil : Double(bytes) / Double(samples) }
}

/// The size of a store as far as it is known without reading a file.
public struct StoreSize: Hashable, Sendable {
    /// The number of series.
    public var series = 0
    /// Distinct (series, time) pairs that a query sees.
    public var samples: UInt64 = 0
    /// The number of segment files.
    public var segments = 0
    /// The bytes of the segment files.
    public var segmentBytes: UInt64 = 0
    /// About the bytes of the memtable.
    public var memtableBytes = 0
    /// Bytes of all segments that were written with new data since the store was created.
    public var bytesTaken: UInt64 = 0
    /// Bytes of all segments that merges wrote since the store was created.
    public var bytesMerged: UInt64 = 0
}

extension StoreSnapshot {
    /// The size of the newest state.
    ///
    /// Cost: one pass over the list of segments.
    public var size: StoreSize {
        var size = StoreSize()
        size.series = view.liveSeries
        size.samples = view.samples
        size.segments = view.segments.count
        size.segmentBytes = view.manifest.segments.reduce(0) { $0 + $1.byteCount }
        size.memtableBytes = view.memtable.byteCount
        size.bytesTaken = view.manifest.bytesTaken
        size.bytesMerged = view.manifest.bytesMerged
        return size
    }
}

extension Store {
    /// Counts and sizes of the newest state.
    ///
    /// Cost: reads the top index of every segment.
    ///
    /// - Throws: `StorageError.damaged`; `FileError`.
    public func statistics() throws -> StoreStatistics {
        let snapshot = snapshot()
        let view = snapshot.view
        var statistics = StoreStatistics()
        statistics.series = view.liveSeries
        statistics.samples = view.samples
        statistics.segments = view.segments.count
        statistics.commit = view.commit
        statistics.historyFrom = view.manifest.historyFrom
        statistics.historyTime = view.commitTimes.time(of: view.manifest.historyFrom).map {
            Timestamp(nanoseconds: $0)
        }
        statistics.bytesTaken = view.manifest.bytesTaken
        statistics.bytesMerged = view.manifest.bytesMerged
        var stored = view.unflushed
        var shares = CodecShares()
        for segment in view.segments {
            let summary = segment.reference.summary
            stored += summary.samples
            shares.add(try segment.codecs())
        }
        let span = try snapshot.visibleSpan()
        statistics.firstTime = span?.first
        statistics.lastTime = span?.last
        statistics.codecs = shares.bytes
        statistics.walBytes = try size(of: context.folder.wal) { StoreFolder.walNumber($0) != nil }
        statistics.bytes = statistics.walBytes
        statistics.bytes += try size(of: context.folder.manifests) { StoreFolder.manifestNumber($0) != nil }
        let live = view.manifest.fileNames
        statistics.bytes += try size(of: context.folder.segments) { live.contains("segments/\($0)") }
        statistics.historySamples = stored - min(stored, statistics.samples)
        if stored > 0 {
            let share = Double(statistics.historySamples) / Double(stored)
            statistics.historyBytes = UInt64(share * Double(statistics.bytes))
        }
        return statistics
    }

    private func size(of path: String, where isCounted: (String) -> Bool) throws -> UInt64 {
        var total: UInt64 = 0
        guard case .folder? = try context.folder.files.kind(path) else { return 0 }
        for name in try context.folder.files.list(path) where isCounted(name) {
            if case .file(let size)? = try context.folder.files.kind("\(path)/\(name)") {
                total += UInt64(size)
            }
        }
        return total
    }
}
