// SeriesDictionary.swift — series key ⇄ series id, in memory.
//
// Invariants:
// - Ids are dense from 0 and never change their key or type; the dictionary only grows.
// - A key has several ids if its type was changed. A read finds the newest id that exists in its state.
// - Readers may use it while the writer adds entries.

import Synchronization
import VarveCodec
import VarveModel
import VarveSegment

final class SeriesDictionary: Sendable {
    private let names = Mutex(SeriesNames())

    init() {}

    var count: Int { names.withLock { $0.count } }

    /// The newest series of a name that has an id below `end`.
    func find(_ key: SeriesKey, below end: Int = .max) -> (id: SeriesID, type: ValueType)? {
        names.withLock { names in
            guard let oldest = names.find(key), oldest < end else { return nil }
            let id = names.newest(oldest, below: end)
            return (SeriesID(id), names.type(id))
        }
    }

    /// The id and type of a series of the store.
    typealias Known = (id: SeriesID, type: ValueType)

    /// The ids and types of the series of some rows, in their order; nil for series that the store does not have.
    ///
    /// Cost: one comparison for most series, as the points of a device mostly come in the order of their ids.
    func find(_ series: [SeriesRows]) -> [Known?] {
        names.withLock { names in
            var next = 0
            return series.map { rows in
                let isNext = next < names.count && names.isNamed(next, rows.key)
                guard let id = isNext ? next : names.find(rows.key) else { return nil }
                next = id + 1
                let newest = names.newest(id)
                return (SeriesID(newest), names.type(newest))
            }
        }
    }

    func info(_ id: SeriesID) -> SeriesInfo? {
        names.withLock { Int(id) < $0.count ? $0.info(Int(id)) : nil }
    }

    func type(_ id: SeriesID) -> ValueType? {
        names.withLock { Int(id) < $0.count ? $0.type(Int(id)) : nil }
    }

    /// The series with ids below `end`, with the newest of each name.
    func entries(below end: Int) -> [SeriesInfo] {
        let names = names.withLock { $0 }
        return names.live(0..<min(end, names.count), below: end).map { names.info($0) }
    }

    /// The ids of some series below `end`, ascending, with the newest of each name.
    func series(
        below end: Int, where isWanted: (SeriesInfo) -> Bool
    ) -> [(id: SeriesID, info: SeriesInfo)] {
        let names = names.withLock { $0 }
        return names.live(0..<min(end, names.count), below: end).compactMap { id in
            let info = names.info(id)
            return isWanted(info) ? (SeriesID(id), info) : nil
        }
    }

    /// The series of some devices, of any product, with ids below `end` and with the newest of each name.
    func entries(ofDevices devices: Set<Name>, below end: Int) -> [SeriesInfo] {
        let names = names.withLock { $0 }
        return names.live(names.ids(ofDevices: devices, below: end), below: end).map { names.info($0) }
    }

    /// Gives `info` the next id.
    ///
    /// - Throws: `StorageError.invalidBatch` if the store has `FormatLimits.series` already.
    func add(_ info: SeriesInfo) throws -> SeriesID {
        try names.withLock { names in
            guard names.count < FormatLimits.series else {
                throw StorageError.invalidBatch("a store holds at most \(FormatLimits.series) series")
            }
            names.append(info)
            return SeriesID(names.count - 1)
        }
    }

    /// Removes the entries from id `first` on, as the commit that added them failed.
    func removeAll(from first: Int) {
        names.withLock { $0.removeAll(from: first) }
    }

    /// Whether a series was replaced by another one of the same name.
    func isReplaced(_ id: SeriesID) -> Bool { names.withLock { $0.isReplaced(Int(id)) } }

    /// Marks replaced series; old and new ones must exist.
    ///
    /// - Throws: `CodecError` if the replacement does not fit the dictionary.
    func replace(_ replacement: Replacement) throws(CodecError) {
        let failure: CodecError? = names.withLock { names in
            do throws(CodecError) {
                try names.replace(replacement)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }

    /// Writes the entries from id `first` on as the payload of a dictionary file.
    func write(from first: Int, to writer: inout ByteWriter) {
        let names = names.withLock { $0 }
        writer.appendVarint(UInt64(first))
        writer.appendVarint(UInt64(names.count - first))
        names.write(from: first, to: &writer)
    }

    /// Adds the payload of a dictionary file; existing entries must be the same.
    ///
    /// - Throws: `CodecError` where it does not parse or does not fit.
    func load(_ reader: inout ByteReader) throws(CodecError) {
        let first = try reader.varint(limit: FormatLimits.series, "first series id")
        let count = try reader.varint(limit: FormatLimits.series, "number of series")
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
