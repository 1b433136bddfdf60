// StoreSnapshot.swift — one unchanging state of the store, with its series. VarveQuery adds the reads.
//
// Invariants:
// - Every read sees the same commit, no matter what is written meanwhile.

public import VarveModel
package import VarveSegment

/// One unchanging state of a store.
public struct StoreSnapshot: Sendable {
    package let view: StoreView
    let dictionary: SeriesDictionary

    init(view: StoreView, dictionary: SeriesDictionary) {
        self.view = view
        self.dictionary = dictionary
    }

    /// The number of the newest commit in the state.
    public var commit: UInt64 { view.commit }

    /// What was removed so far.
    public var removals: SampleRemovals { view.tombstones.removals }
}

extension StoreSnapshot {
    /// All series, in the order of `SeriesKey`.
    public func series() -> [SeriesInfo] {
        dictionary.entries(below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// The series of some devices, of any product, in the order of `SeriesKey`.
    public func series(ofDevices devices: Set<Name>) -> [SeriesInfo] {
        dictionary.entries(ofDevices: devices, below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// The id and type of a series in this state; nil if it has no such series.
    ///
    /// - Throws: `StorageError.noSuchState` if the type of the series changed after this state.
    package func find(_ key: SeriesKey) throws -> (SeriesID, ValueType)? {
        guard let (series, type) = dictionary.find(key, below: view.seriesCount) else { return nil }
        if let later = laterChange(of: series) { throw later.noSuchState(key, type, view) }
        return (series, type)
    }
}
