// StoreSnapshot.swift — range reads over one state of the store.
//
// Invariants:
// - Every read sees the same commit, whatever is written meanwhile.
// - Memory of a read: one decoded block per overlapping segment and one piece of output.

public import VarveModel

/// One unchanging state of a store.
public struct StoreSnapshot: Sendable {
    package let view: StoreView
    package let dictionary: SeriesDictionary

    package init(view: StoreView, dictionary: SeriesDictionary) {
        self.view = view
        self.dictionary = dictionary
    }

    /// The number of the newest commit in the state.
    public var commit: UInt64 { view.commit }
}

extension StoreSnapshot: SampleSource {
    /// All series, by device, point and product.
    public func series() -> [SeriesInfo] {
        dictionary.entries().prefix(view.seriesCount).sorted { $0.key < $1.key }
    }

    /// Reads samples; see `SampleSource`.
    ///
    /// Cost: per segment one index page and the overlapping blocks.
    public func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let (series, type) = dictionary.find(key), series < view.seriesCount, !range.isEmpty else {
            return
        }
        switch order {
        case .ascending: try ascend(series, type, range, body)
        case .descending: try descend(series, type, range, body)
        }
    }

    private func ascend(
        _ series: SeriesID, _ type: ValueType, _ range: TimeRange, _ body: (SampleColumns) throws -> Bool
    ) throws {
        var merge = MergeCursor(try view.cursors(series, type: type, in: range), type: type)
        while let run = try merge.next() {
            guard try body(run.columns) else { return }
        }
    }

    /// Goes backwards window by window; within a window samples are merged forwards and then turned round.
    private func descend(
        _ series: SeriesID, _ type: ValueType, _ range: TimeRange, _ body: (SampleColumns) throws -> Bool
    ) throws {
        var end = range.to
        for start in try windowStarts(series, range).reversed() {
            let window = TimeRange(from: start, to: end)
            end = start
            var pieces: [SampleRun] = []
            var merge = MergeCursor(try view.cursors(series, type: type, in: window), type: type)
            while let run = try merge.next() { pieces.append(run) }
            for run in pieces.reversed() {
                guard try body(run.columns.reversed()) else { return }
            }
        }
    }

    /// Times that cut the range into windows of a few blocks each, the start of the range first.
    private func windowStarts(_ series: SeriesID, _ range: TimeRange) throws -> [Timestamp] {
        var edges: [Int64] = []
        for segment in view.segments {
            edges += try segment.blocks(of: series, in: range).map(\.firstTime)
        }
        for run in view.memtable.rows(of: series, upTo: view.commit).runs {
            edges += stride(from: 0, to: run.count, by: Limits.blockSamples).map { run.times[$0] }
        }
        edges.sort()
        var starts = [range.from]
        for edge in edges.map(Timestamp.init(nanoseconds:)) {
            if let last = starts.last, edge > last, range.contains(edge) { starts.append(edge) }
        }
        return starts
    }
}

extension SampleRun {
    /// The samples without their commits.
    package var columns: SampleColumns {
        var columns = SampleColumns(type: .double)
        columns.times = times
        columns.values = values
        columns.states = states
        return columns
    }
}

extension SampleColumns {
    /// The samples, last first.
    fileprivate func reversed() -> SampleColumns {
        var copy = self
        copy.times.reverse()
        copy.states.reverse()
        switch values {
        case .bits(var bits):
            copy.values = .bits([])
            bits.reverse()
            copy.values = .bits(bits)
        case .text(let source):
            var text = TextColumn()
            text.ends.reserveCapacity(source.count)
            for index in stride(from: source.count - 1, through: 0, by: -1) {
                text.append(source.bytes[source.range(index)])
            }
            copy.values = .text(text)
        }
        return copy
    }
}
