// SeriesNames.swift — the names of all series as bytes, with a table to find them; no text is made before it is asked for.
//
// A store with 100,000 series opens in milliseconds because of it: a String for each of their names takes longer.
//
// Invariants:
// - Series i has the record `records[starts[i]..<starts[i + 1]]`: a value type, then product, device and point, each as
//   varint length and UTF-8; the bytes of DictionaryFile.
// - Equal keys have equal bytes: lengths are never written longer than need be.
// - `table` is empty or has every series.

package import VarveCodec
package import VarveModel

package struct SeriesNames: Sendable {
    private var records: [UInt8] = []
    private var starts = [0]
    /// Ids plus one at the places of their hashes, or 0; open addressing.
    private var table: [UInt32] = []

    package init() {}

    package var count: Int { starts.count - 1 }

    /// The name and type of a series.
    package func info(_ id: Int) -> SeriesInfo {
        withFields(id) { fields in
            SeriesInfo(
                key: SeriesKey(
                    product: String(decoding: fields.product, as: UTF8.self),
                    device: String(decoding: fields.device, as: UTF8.self),
                    point: String(decoding: fields.point, as: UTF8.self)),
                type: fields.type)
        }
    }

    package func type(_ id: Int) -> ValueType {
        ValueType(rawValue: records[starts[id]]) ?? .double
    }

    package mutating func append(_ info: SeriesInfo) {
        Self.write(info, to: &records)
        starts.append(records.count)
        guard !table.isEmpty else { return }
        if count * 2 > table.count { table = [] } else { insert(count - 1) }
    }

    /// Forgets the series from id `first` on.
    package mutating func removeAll(from first: Int) {
        guard first < count else { return }
        records.removeSubrange(starts[first]...)
        starts.removeSubrange((first + 1)...)
        table = []
    }

    /// The id of a series.
    package mutating func find(_ key: SeriesKey) -> Int? {
        if table.isEmpty { makeTable() }
        var wanted: [UInt8] = []
        wanted.reserveCapacity(80)
        Self.write(SeriesInfo(key: key, type: .double), to: &wanted)
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

    /// Whether series `id` has a key.
    package func isNamed(_ id: Int, _ key: SeriesKey) -> Bool {
        withFields(id) { fields in
            func same(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
                bytes.count == text.utf8.count && bytes.elementsEqual(text.utf8)
            }
            return same(fields.point, key.point) && same(fields.device, key.device)
                && same(fields.product, key.product)
        }
    }

    /// The ids below `end` of the series of some devices, of any product.
    package func ids(ofDevices devices: Set<String>, below end: Int) -> [Int] {
        let wanted = Set(devices.map { Array($0.utf8) })
        let lengths = Set(wanted.map(\.count))
        return (0..<min(end, count)).filter { id in
            withFields(id) { lengths.contains($0.device.count) && wanted.contains(Array($0.device)) }
        }
    }

    // MARK: Files

    /// Writes the records from id `first` on.
    package func write(from first: Int, to writer: inout ByteWriter) {
        records.withUnsafeBytes {
            writer.append(bytes: UnsafeRawBufferPointer(rebasing: $0[starts[first]...]))
        }
    }

    /// Reads `count` records of series from id `first` on; those that are there already must be the same.
    package mutating func read(
        _ reader: inout ByteReader, first: Int, count: Int
    ) throws(CodecError) {
        guard first <= self.count else {
            throw CodecError(offset: 0, reason: "series \(self.count) to \(first) are missing")
        }
        table = []
        starts.reserveCapacity(min(first + count, first + reader.remaining / 4) + 1)
        for id in first..<first + count {
            let record = try Self.record(&reader)
            if id < self.count {
                let isSame = records.withUnsafeBytes {
                    $0[starts[id]..<starts[id + 1]].elementsEqual(record)
                }
                guard isSame else { throw CodecError(offset: 0, reason: "series \(id) has two names") }
            } else {
                guard id < Limits.series else { throw CodecError(offset: 0, reason: "too many series") }
                records.append(contentsOf: record)
                starts.append(records.count)
            }
        }
    }

    /// The bytes of the next record, checked.
    private static func record(_ reader: inout ByteReader) throws(CodecError) -> UnsafeRawBufferPointer {
        var ahead = reader
        guard ValueType(rawValue: try ahead.byte()) != nil else { throw ahead.failure("unknown value type") }
        for _ in 0..<3 {
            let before = ahead.offset
            let length = try ahead.varint(limit: SeriesKey.maximumNameBytes, "the length of a text")
            guard ahead.offset - before == (length < 128 ? 1 : 2) else {
                throw ahead.failure("a length that is never written so")
            }
            let text = try ahead.bytes(count: length)
            var high: UInt8 = 0
            for byte in text { high |= byte }
            guard high < 128 || String(validating: text, as: UTF8.self) != nil else {
                throw ahead.failure("a text is not valid UTF-8")
            }
        }
        return try reader.bytes(count: ahead.offset - reader.offset)
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
        var type: ValueType
        var product: UnsafeRawBufferPointer
        var device: UnsafeRawBufferPointer
        var point: UnsafeRawBufferPointer
    }

    private func withFields<Result>(_ id: Int, _ body: (Fields) -> Result) -> Result {
        records.withUnsafeBytes { records in
            var place = starts[id] + 1
            func text() -> UnsafeRawBufferPointer {
                var length = Int(records[place])
                place += 1
                if length >= 128 {
                    length += (Int(records[place]) - 1) << 7
                    place += 1
                }
                place += length
                return UnsafeRawBufferPointer(rebasing: records[place - length..<place])
            }
            return body(Fields(type: type(id), product: text(), device: text(), point: text()))
        }
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
