// SeriesNames.swift — the names of all series as bytes, with a hash table; a String is made only on demand.
//
// So a store with 100,000 series opens in milliseconds; a String for each name would take longer.
//
// Invariants:
// - Series i has the record `records[starts[i]..<starts[i + 1]]`: a value type, then product, device and point, each as
//   varint length and UTF-8. These are the bytes of DictionaryFile.
// - Equal keys have equal bytes: lengths are always written in their shortest form.
// - `find` gives the lowest id of a name; `newest` leads from it to the others.
// - `table` is empty or has every series. It is made after several searches. A command that reads one series searches
//   the records, which is a tenth of the work.

import Glibc
import VarveCodec
import VarveModel
import VarveSegment

struct SeriesNames: Sendable {
    private var records: [UInt8] = []
    private var starts = [0]
    /// Ids plus one at the places of their hashes, or 0; open addressing.
    private var table: [UInt32] = []
    /// The replacements of series, in the order of commits.
    var replacements: [Replacement] = []
    /// The number of searches without a table.
    private var searches = 0

    /// The most searches without a table.
    private static let searchesAtMost = 8

    init() {}

    var count: Int { starts.count - 1 }

    /// The name and type of a series.
    func info(_ id: Int) -> SeriesInfo {
        withFields(id) { fields in
            SeriesInfo(
                key: SeriesKey(
                    product: String(decoding: fields.product, as: UTF8.self),
                    device: String(decoding: fields.device, as: UTF8.self),
                    point: String(decoding: fields.point, as: UTF8.self)),
                type: type(id))
        }
    }

    func type(_ id: Int) -> ValueType {
        ValueType(rawValue: records[starts[id]]) ?? .double
    }

    mutating func append(_ info: SeriesInfo) {
        Self.write(info, to: &records)
        starts.append(records.count)
        guard !table.isEmpty else { return }
        if count * 2 > table.count { table = [] } else { insert(count - 1) }
    }

    /// Removes the series from id `first` on.
    mutating func removeAll(from first: Int) {
        guard first < count else { return }
        records.removeSubrange(starts[first]...)
        starts.removeSubrange((first + 1)...)
        replacements.removeAll { Int($0.first) >= first }
        table = []
    }

    /// The lowest id of a series of this name.
    mutating func find(_ key: SeriesKey) -> Int? {
        var wanted: [UInt8] = []
        wanted.reserveCapacity(80)
        Self.write(SeriesInfo(key: key, type: .double), to: &wanted)
        if table.isEmpty, searches < Self.searchesAtMost {
            searches += 1
            return search(wanted[1...])
        }
        if table.isEmpty { makeTable() }
        return wanted.withUnsafeBytes { wanted in
            let name = UnsafeRawBufferPointer(rebasing: wanted[1...])
            let mask = table.count - 1
            var place = Int(truncatingIfNeeded: Checksum.of(name)) & mask
            while table[place] != 0 {
                let id = Int(table[place]) - 1
                if hasName(id, name) { return id }
                place = (place + 1) & mask
            }
            return nil
        }
    }

    /// Whether two series have the same key.
    func areNamesakes(_ id: Int, _ other: Int) -> Bool {
        records[starts[id] + 1..<starts[id + 1]] == records[starts[other] + 1..<starts[other + 1]]
    }

    /// Whether series `id` has a key.
    func isNamed(_ id: Int, _ key: SeriesKey) -> Bool {
        withFields(id) { fields in
            func same(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
                bytes.count == text.utf8.count && bytes.elementsEqual(text.utf8)
            }
            return same(fields.point, key.point) && same(fields.device, key.device)
                && same(fields.product, key.product)
        }
    }

    /// The ids below `end` of the series of some devices, of any product.
    func ids(ofDevices devices: Set<Name>, below end: Int) -> [Int] {
        let wanted = Set(devices.map { Array($0.text.utf8) })
        // Length and last byte distinguish most names.
        var endings = Set<Int>()
        for name in wanted { endings.insert(Self.ending(name[...])) }
        let only = endings.count == 1 ? endings.first : nil
        var found: [Int] = []
        records.withUnsafeBytes { records in
            for id in 0..<min(end, count) {
                let device = Self.fields(of: UnsafeRawBufferPointer(rebasing: records[starts[id]...])).device
                let ending = Self.ending(device)
                guard only.map({ $0 == ending }) ?? endings.contains(ending) else { continue }
                if wanted.contains(Array(device)) { found.append(id) }
            }
        }
        return found
    }

    /// The length and the last byte.
    private static func ending(_ name: some RandomAccessCollection<UInt8>) -> Int {
        name.count << 8 | Int(name.last ?? 0)
    }

    // MARK: Files

    /// Writes the records from id `first` on.
    func write(from first: Int, to writer: inout ByteWriter) {
        records.withUnsafeBytes {
            writer.append(bytes: UnsafeRawBufferPointer(rebasing: $0[starts[first]...]))
        }
    }

    /// Reads `count` records of series from id `first` on; existing ones must be the same.
    ///
    /// - Throws: `CodecError` where the bytes do not parse, if series before `first` are missing, or if a name differs;
    ///   nothing is added then.
    mutating func read(
        _ reader: inout ByteReader, first: Int, count: Int
    ) throws(CodecError) {
        guard first <= self.count else {
            throw CodecError(offset: 0, reason: "series \(self.count) to \(first) are missing")
        }
        table = []
        let before = starts.count
        do throws(CodecError) {
            try add(&reader, first: first, count: count)
        } catch {
            starts.removeSubrange(before...)
            throw error
        }
    }

    /// Checks the records, and copies all new ones at once.
    private mutating func add(
        _ reader: inout ByteReader, first: Int, count: Int
    ) throws(CodecError) {
        starts.reserveCapacity(min(first + count, first + reader.remaining / 4) + 1)
        var ahead = reader
        let offset = reader.offset
        let bytes = try ahead.bytes(count: reader.remaining)
        var place = 0
        // The offset of the first new record.
        var fresh = 0
        for id in first..<first + count {
            let start = place
            place += try Self.recordLength(UnsafeRawBufferPointer(rebasing: bytes[place...]), offset + place)
            if id < self.count {
                let isSame = records.withUnsafeBytes {
                    $0[starts[id]..<starts[id + 1]].elementsEqual(bytes[start..<place])
                }
                guard isSame else { throw CodecError(offset: 0, reason: "series \(id) has two names") }
                fresh = place
            } else {
                guard id < FormatLimits.series else { throw CodecError(offset: 0, reason: "too many series") }
                starts.append(records.count + place - fresh)
            }
        }
        records.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[fresh..<place]))
        _ = try reader.bytes(count: place)
    }

    /// The bytes of the record that these bytes begin with, checked.
    private static func recordLength(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int
    ) throws(CodecError) -> Int {
        func failure(_ place: Int, _ reason: String) -> CodecError {
            CodecError(offset: offset + place, reason: reason)
        }
        guard let type = bytes.first else { throw failure(0, "the bytes end in the middle of a series") }
        guard ValueType(rawValue: type) != nil else { throw failure(0, "unknown value type") }
        var place = 1
        for _ in 0..<3 {
            guard place < bytes.count else { throw failure(place, "the bytes end in the middle of a series") }
            var length = Int(bytes[place])
            place += 1
            if length >= 128 {
                // The second byte of a length is not 0, as lengths are written in their shortest form.
                guard place < bytes.count, bytes[place] > 0, bytes[place] < 128 else {
                    throw failure(place, "a length that is never written so")
                }
                length += (Int(bytes[place]) - 1) << 7
                place += 1
            }
            guard length <= SeriesKey.maximumNameBytes else {
                throw failure(place, "a name of \(length) bytes")
            }
            guard length <= bytes.count - place else {
                throw failure(place, "the bytes end in the middle of a name")
            }
            guard isText(UnsafeRawBufferPointer(rebasing: bytes[place..<place + length])) else {
                throw failure(place, "a text is not valid UTF-8")
            }
            place += length
        }
        return place
    }

    private static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var high: UInt8 = 0
        for byte in bytes { high |= byte }
        return high < 128 || String(validating: bytes, as: UTF8.self) != nil
    }

    private static func write(_ info: SeriesInfo, to bytes: inout [UInt8]) {
        bytes.append(info.type.rawValue)
        for text in [info.key.product, info.key.device, info.key.point] {
            let length = text.utf8.count
            if length >= 128 {
                bytes.append(UInt8(truncatingIfNeeded: length) | 0x80)
                bytes.append(UInt8(length >> 7))
            } else {
                bytes.append(UInt8(length))
            }
            bytes.append(contentsOf: text.utf8)
        }
    }

    // MARK: Records

    private struct Fields {
        var product: UnsafeRawBufferPointer
        var device: UnsafeRawBufferPointer
        var point: UnsafeRawBufferPointer
    }

    /// The names in the record that these bytes begin with, unchecked.
    private static func fields(of record: UnsafeRawBufferPointer) -> Fields {
        var place = 1
        func text() -> UnsafeRawBufferPointer {
            var length = Int(record[place])
            place += 1
            if length >= 128 {
                length += (Int(record[place]) - 1) << 7
                place += 1
            }
            place += length
            return UnsafeRawBufferPointer(rebasing: record[place - length..<place])
        }
        let (product, device, point) = (text(), text(), text())
        return Fields(product: product, device: device, point: point)
    }

    private func withFields<Result>(_ id: Int, _ body: (Fields) -> Result) -> Result {
        records.withUnsafeBytes {
            body(Self.fields(of: UnsafeRawBufferPointer(rebasing: $0[starts[id]..<starts[id + 1]])))
        }
    }

    /// The series whose record has these bytes after its type, by a search of all records.
    private func search(_ name: ArraySlice<UInt8>) -> Int? {
        name.withUnsafeBytes { name in
            records.withUnsafeBytes { records in
                guard let bytes = records.baseAddress, let wanted = name.baseAddress else { return nil }
                // Names differ most at their ends.
                let tail = min(name.count, 8)
                let ending = Self.word(wanted + name.count, tail)
                return starts.withUnsafeBufferPointer { starts in
                    for id in 0..<count where starts[id + 1] &- starts[id] == name.count &+ 1 {
                        guard Self.word(bytes + starts[id + 1], tail) == ending else { continue }
                        if memcmp(bytes + starts[id] + 1, wanted, name.count) == 0 { return id }
                    }
                    return nil
                }
            }
        }
    }

    /// The last bytes before a place, at most eight, as a word.
    @inline(__always)
    private static func word(_ end: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count == 8 { return (end - 8).loadUnaligned(as: UInt64.self) }
        var word: UInt64 = 0
        for place in 1...max(count, 1) { word = word << 8 | UInt64((end - place).load(as: UInt8.self)) }
        return word
    }

    /// Whether a record has these bytes after its type.
    private func hasName(_ id: Int, _ name: UnsafeRawBufferPointer) -> Bool {
        let range = starts[id] + 1..<starts[id + 1]
        guard range.count == name.count else { return false }
        return records.withUnsafeBytes { $0[range].elementsEqual(name) }
    }

    private mutating func makeTable() {
        var size = 64
        while size < count * 4 { size *= 2 }
        table = [UInt32](repeating: 0, count: size)
        for id in 0..<count { insert(id) }
    }

    private mutating func insert(_ id: Int) {
        let hash = records.withUnsafeBytes {
            Checksum.of(UnsafeRawBufferPointer(rebasing: $0[starts[id] + 1..<starts[id + 1]]))
        }
        let mask = table.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while table[place] != 0 { place = (place + 1) & mask }
        table[place] = UInt32(id + 1)
    }
}
