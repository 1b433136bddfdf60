// SeriesDictionary.swift — series key ⇄ series id, in memory.
//
// Invariants:
// - Ids are dense from 0 and never change their key or type; the dictionary only grows.
// - Readers may ask while the one writer adds.

import Synchronization
package import VarveModel

/// The number of a series in one store.
package typealias SeriesID = UInt32

package final class SeriesDictionary: Sendable {
    private struct Contents {
        var entries: [SeriesInfo] = []
        var ids: [SeriesKey: SeriesID] = [:]
    }

    private let contents = Mutex(Contents())

    package init() {}

    package var count: Int { contents.withLock { $0.entries.count } }

    package func find(_ key: SeriesKey) -> (id: SeriesID, type: ValueType)? {
        contents.withLock { contents in
            contents.ids[key].map { ($0, contents.entries[Int($0)].type) }
        }
    }

    /// A series of the store.
    package typealias Known = (id: SeriesID, type: ValueType)

    /// What the store knows of the series of some rows, each at its place.
    ///
    /// Points of a device mostly come in the order of their ids, so the next id is tried first.
    package func find(_ series: [SeriesRows]) -> [Known?] {
        contents.withLock { contents in
            var next = 0
            return series.map { rows in
                if next < contents.entries.count, contents.entries[next].key == rows.key {
                    next += 1
                    return (SeriesID(next - 1), contents.entries[next - 1].type)
                }
                guard let id = contents.ids[rows.key] else { return nil }
                next = Int(id) + 1
                return (id, contents.entries[Int(id)].type)
            }
        }
    }

    package func info(_ id: SeriesID) -> SeriesInfo? {
        contents.withLock { contents in
            Int(id) < contents.entries.count ? contents.entries[Int(id)] : nil
        }
    }

    /// The entries from id `first` on.
    package func entries(from first: Int = 0) -> [SeriesInfo] {
        contents.withLock { Array($0.entries[min(first, $0.entries.count)...]) }
    }

    /// Gives `info` the next id.
    ///
    /// - Throws: `StorageError.invalidBatch` if the store has all the series it can have.
    package func add(_ info: SeriesInfo) throws -> SeriesID {
        try contents.withLock { contents in
            guard contents.entries.count < Limits.series else {
                throw StorageError.invalidBatch("a store holds at most \(Limits.series) series")
            }
            let id = SeriesID(contents.entries.count)
            contents.entries.append(info)
            contents.ids[info.key] = id
            return id
        }
    }

    /// Forgets the entries from id `first` on: the commit that added them did not happen.
    package func removeAll(from first: Int) {
        contents.withLock { contents in
            // A failed sync may have forgotten more already.
            guard first < contents.entries.count else { return }
            for info in contents.entries[first...] { contents.ids[info.key] = nil }
            contents.entries.removeSubrange(first...)
        }
    }
}
