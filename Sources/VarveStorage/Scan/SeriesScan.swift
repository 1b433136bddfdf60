// SeriesScan.swift — reads the samples of one series in a range, piece by piece in either direction.
//
// Invariants:
// - Each time comes once, with its newest version.
// - Memory: one decoded block for each track of sources, and one piece of output.
// - A piece with samples of only one source is passed on as it was decoded.

package import VarveModel
package import VarveSegment

/// A scan of the samples of a series.
package struct SeriesScan {
    /// The samples of a piece of the range.
    package enum Part {
        /// A block, or a part of one, that nothing overlaps and that has each time once; it is not read yet.
        case block(BlockPiece)
        /// Samples that ascend, with each time once.
        case samples(SampleRun, Range<Int>)
    }

    private struct Loaded {
        var index: Int
        var run: SampleRun
    }

    private let tracks: SourceTracks
    private let type: ValueType
    private let order: TimeOrder
    private let first: Int64
    private let last: Int64
    private var sweep: TimeSweep
    private var loaded: [Loaded?]

    /// Finds the blocks and rows of a series in a range; no block is read.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.unknownVersion`; `StorageError.segmentGone`; `FileError`.
    package init(
        _ view: StoreView, _ series: SeriesID, _ type: ValueType, in range: TimeRange, order: TimeOrder
    ) throws {
        self.init(try SourceTracks(view, series, in: range), type, in: range, order: order)
    }

    init(_ tracks: SourceTracks, _ type: ValueType, in range: TimeRange, order: TimeOrder) {
        self.tracks = tracks
        self.type = type
        self.order = order
        (first, last) = (range.from.nanoseconds, range.lastNanosecond ?? .min)
        loaded = Array(repeating: nil, count: tracks.tracks.count)
        sweep = TimeSweep(
            range.lastNanosecond == nil ? SourceTracks([]) : tracks, first: first, last: last, order: order)
    }

    /// Passes on the parts of the next piece.
    ///
    /// - Parameter body: Called with each part; returns false to end.
    /// - Returns: False at the end, or if `body` returned false.
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `FileError`; what `body` throws.
    package mutating func next(_ body: (Part) throws -> Bool) throws -> Bool {
        guard let piece = sweep.next() else { return false }
        if piece.others.isEmpty { return try alone(piece, body) }
        var slices: [RunSlice] = []
        for part in [piece.part] + piece.others {
            let slice = try slice(part, piece, columns: .all)
            if !slice.range.isEmpty { slices.append(slice) }
        }
        let merge = SliceMerge(slices, type: type)
        return try merge.pieces(order) { try body(.samples($0, 0..<$0.count)) }
    }

    private mutating func alone(
        _ piece: TimeSweep.Piece, _ body: (Part) throws -> Bool
    ) throws -> Bool {
        let part = piece.part
        let stretch = tracks.tracks[part.track][part.index]
        if case .block(let reader, let entry) = stretch.content, !entry.hasVersions,
            !stretch.isFiltered
        {
            // A block that others overlap comes again in the next pieces, so it is decoded here and kept.
            if piece.first == max(stretch.first, first), piece.last == min(stretch.last, last) {
                return try body(
                    .block(
                        BlockPiece(
                            reader: reader, entry: entry, type: type, first: piece.first, last: piece.last)))
            }
        }
        let slice = try slice(part, piece, columns: .samples)
        guard !slice.range.isEmpty else { return true }
        guard slice.run.repeatsTime(in: slice.range) else {
            return try body(.samples(slice.run, slice.range))
        }
        return try SliceMerge([try self.slice(part, piece, columns: .all)], type: type).pieces(order) {
            try body(.samples($0, 0..<$0.count))
        }
    }

    /// The samples of a stretch in a piece, with at least the given columns.
    private mutating func slice(
        _ part: (track: Int, index: Int), _ piece: TimeSweep.Piece, columns: BlockColumns
    ) throws -> RunSlice {
        let stretch = tracks.tracks[part.track][part.index]
        switch stretch.content {
        case .rows(let run, let rows):
            let range = run.range(piece.first, piece.last).clamped(to: rows)
            return RunSlice(run: run, range: range)
        case .block(let reader, let entry):
            // If all samples have one commit, commits need not be decoded.
            let commit = entry.lowestCommit == entry.highestCommit ? entry.lowestCommit : nil
            let needed = stretch.isFiltered ? columns.union([.times, .commits]) : columns
            let wanted = commit == nil ? needed : needed.subtracting(.commits)
            let run = try load(part, reader, entry, wanted) {
                stretch.isFiltered
                    ? $0.without(stretch.tombstones, commit: commit, upTo: stretch.newest) : $0
            }
            return RunSlice(run: run, range: run.range(piece.first, piece.last), commit: commit)
        }
    }

    /// The block of a stretch; it is decoded once for all pieces that it reaches into.
    private mutating func load(
        _ part: (track: Int, index: Int), _ reader: SegmentReader, _ entry: BlockEntry,
        _ columns: BlockColumns, _ visible: (SampleRun) -> SampleRun
    ) throws -> SampleRun {
        if let known = loaded[part.track], known.index == part.index,
            !columns.contains(.commits) || !known.run.commits.isEmpty
        {
            return known.run
        }
        loaded[part.track] = nil
        let run = visible(try reader.read(entry, type: type, columns: columns))
        loaded[part.track] = Loaded(index: part.index, run: run)
        return run
    }
}
