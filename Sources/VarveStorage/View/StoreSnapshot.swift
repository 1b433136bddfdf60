// StoreSnapshot.swift — range reads over one state of the store.
//
// Invariants:
// - Every read sees the same commit, whatever is written meanwhile.
// - Memory of a read: of blocks that overlap in time one each, decoded, and one piece of output.

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
}

extension StoreSnapshot {
    /// All series, by device, point and product.
    public func series() -> [SeriesInfo] {
        dictionary.entries(below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// The series of some devices, of any product.
    public func series(ofDevices devices: Set<String>) -> [SeriesInfo] {
        dictionary.entries(ofDevices: devices, below: view.seriesCount).sorted { $0.key < $1.key }
    }

    /// The id and type of a series of this state.
    ///
    /// - Throws: `StorageError.noSuchState` in a state of the past before the series got its type.
    package func find(_ key: SeriesKey) throws -> (SeriesID, ValueType)? {
        guard let (series, type) = dictionary.find(key, below: view.seriesCount) else { return nil }
        if let later = laterChange(of: series) { throw later.noSuchState(key, type, view) }
        return (series, type)
    }
}
