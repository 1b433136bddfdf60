// StoreSnapshot.swift — range reads over one state of the store.
//
// Invariants:
// - Every read sees the same commit, whatever is written meanwhile.
// - Memory of a read: of blocks that overlap in time one each, decoded, and one piece of output.

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
        dictionary.entries(below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// The series of some devices, of any product.
    public func series(ofDevices devices: Set<String>) -> [SeriesInfo] {
        dictionary.entries(ofDevices: devices, below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// Reads samples; see `SampleSource`.
    ///
    /// Cost: per segment one index page and the overlapping blocks, from the side where the order begins: who stops
    /// early asks few segments and reads little.
    public func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let (series, type) = try find(key), !range.isEmpty else { return }
        func hand(_ run: SampleRun, _ range: Range<Int>) throws -> Bool {
            let columns = run.columns(in: range)
            return try body(order == .ascending ? columns : columns.reversed())
        }
        var isWanted = true
        // Who wants no more than one value, or the rows of a limit, stops in the first block.
        var isFirst = true
        for stage in ReadStages.cut(range, view.times(in: range), order) {
            var scan = try SeriesScan(view, series, type, in: stage, order: order)
            while try scan.next({ part in
                switch part {
                case .samples(let run, let range): isWanted = try hand(run, range)
                case .block(let block) where isFirst: isWanted = try block.readFromEnd(order, hand)
                case .block(let block):
                    let (run, range) = try block.read(.samples)
                    isWanted = try range.isEmpty || hand(run, range)
                }
                isFirst = false
                return isWanted
            }) {}
            guard isWanted else { return }
        }
    }

    /// The id and type of a series of this state.
    ///
    /// - Throws: `StorageError.noSuchState` in a state of the past before the series got its type.
    func find(_ key: SeriesKey) throws -> (SeriesID, ValueType)? {
        guard let (series, type) = dictionary.find(key, below: view.seriesCount) else { return nil }
        if let later = laterChange(of: series) { throw later.noSuchState(key, type, view) }
        return (series, type)
    }
}

extension SampleRun {
    /// The samples without their commits.
    package var columns: SampleColumns { columns(in: 0..<count) }

    /// Samples `range` without their commits; nothing is copied if that is all of them.
    package func columns(in range: Range<Int>) -> SampleColumns {
        var columns = SampleColumns(type: .double)
        guard range != 0..<count else {
            (columns.times, columns.values, columns.states) = (times, values, states)
            return columns
        }
        columns.times = Array(times[range])
        columns.states = Array(states[range])
        switch values {
        case .bits(let bits): columns.values = .bits(Array(bits[range]))
        case .text(let source):
            columns.values = .text(source.part(range))
        }
        return columns
    }
}

extension SampleColumns {
    /// The samples, last first.
    func reversed() -> SampleColumns {
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
