// SeriesDictionary.swift — series key ⇄ series id, in memory.
//
// Invariants:
// - Ids are dense from 0 and never change their key or type; the dictionary only grows.
// - Readers may ask while the one writer adds.

import Synchronization
package import VarveCodec
package import VarveModel

/// The number of a series in one store.
package typealias SeriesID = UInt32

package final class SeriesDictionary: Sendable {
    private let names = Mutex(SeriesNames())

    package init() {}

    package var count: Int { names.withLock { $0.count } }

    package func find(_ key: SeriesKey) -> (id: SeriesID, type: ValueType)? {
        names.withLock { names in
            names.find(key).map { (SeriesID($0), names.type($0)) }
        }
    }

    /// A series of the store.
    package typealias Known = (id: SeriesID, type: ValueType)

    /// What the store knows of the series of some rows, each at its place.
    ///
    /// Points of a device mostly come in the order of their ids, so the next id is tried first.
    package func find(_ series: [SeriesRows]) -> [Known?] {
        names.withLock { names in
            var next = 0
            return series.map { rows in
                let isNext = next < names.count && names.isNamed(next, rows.key)
                guard let id = isNext ? next : names.find(rows.key) else { return nil }
                next = id + 1
                return (SeriesID(id), names.type(id))
            }
        }
    }

    package func info(_ id: SeriesID) -> SeriesInfo? {
        names.withLock { Int(id) < $0.count ? $0.info(Int(id)) : nil }
    }

    package func type(_ id: SeriesID) -> ValueType? {
        names.withLock { Int(id) < $0.count ? $0.type(Int(id)) : nil }
    }

    /// The entries with ids below `end`.
    package func entries(below end: Int) -> [SeriesInfo] {
        let names = names.withLock { $0 }
        return (0..<min(end, names.count)).map { names.info($0) }
    }

    /// The entries with ids below `end` that are points of some devices, of any product.
    package func entries(ofDevices devices: Set<String>, below end: Int) -> [SeriesInfo] {
        let names = names.withLock { $0 }
        return names.ids(ofDevices: devices, below: end).map { names.info($0) }
    }

    /// Gives `info` the next id.
    ///
    /// - Throws: `StorageError.invalidBatch` if the store has all the series it can have.
    package func add(_ info: SeriesInfo) throws -> SeriesID {
        try names.withLock { names in
            guard names.count < Limits.series else {
                throw StorageError.invalidBatch("a store holds at most \(Limits.series) series")
            }
            names.append(info)
            return SeriesID(names.count - 1)
        }
    }

    /// Forgets the entries from id `first` on: the commit that added them did not happen.
    package func removeAll(from first: Int) {
        names.withLock { $0.removeAll(from: first) }
    }

    /// Writes the entries from id `first` on as the payload of a dictionary file.
    package func write(from first: Int, to writer: inout ByteWriter) {
        let names = names.withLock { $0 }
        writer.appendVarint(UInt64(first))
        writer.appendVarint(UInt64(names.count - first))
        names.write(from: first, to: &writer)
    }

    /// Adds the payload of a dictionary file; entries that are there already must be the same.
    package func load(_ reader: inout ByteReader) throws(CodecError) {
        let first = try reader.varint(limit: Limits.series, "first series id")
        let count = try reader.varint(limit: Limits.series, "number of series")
        var failure: CodecError?
        names.withLock { names in
            do throws(CodecError) {
                try names.read(&reader, first: first, count: count)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
