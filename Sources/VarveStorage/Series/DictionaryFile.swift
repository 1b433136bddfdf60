// DictionaryFile.swift — a run of the series dictionary, in dictionary files and WAL records.
//
// Payload: varint first id, varint count, then per series: u8 value type, product, device, point, each as
// varint length and UTF-8. Byte table: ManifestFormat.md.
//
// Invariants:
// - A part continues where the part before it in the manifest ends, so together they have every id.

package import VarveCodec
package import VarveModel
import VarveSegment

extension SealedFile.Kind {
    /// Files with a run of the series dictionary.
    static let dictionary = SealedFile.Kind(magic: "VARVEDIC", name: "dictionary", version: 1)
}

package enum DictionaryFile {
    package static func write(first: Int, _ entries: some Collection<SeriesInfo>, to writer: inout ByteWriter)
    {
        writer.appendVarint(UInt64(first))
        writer.appendVarint(UInt64(entries.count))
        for info in entries {
            writer.append(info.type.rawValue)
            writer.append(text: info.key.product)
            writer.append(text: info.key.device)
            writer.append(text: info.key.point)
        }
    }

    /// Reads the entries of a run, and the id of the first.
    ///
    /// - Throws: `CodecError` where the bytes do not parse or name an unknown type.
    package static func read(
        _ reader: inout ByteReader
    ) throws(CodecError) -> (first: Int, entries: [SeriesInfo]) {
        let first = try reader.varint(limit: FormatLimits.series, "first series id")
        let count = try reader.varint(limit: FormatLimits.series, "number of series")
        var entries: [SeriesInfo] = []
        entries.reserveCapacity(min(count, reader.remaining / 4))
        for _ in 0..<count {
            guard let type = ValueType(rawValue: try reader.integer(as: UInt8.self)) else {
                throw reader.failure("unknown value type")
            }
            let limit = SeriesKey.maximumNameBytes
            let key = SeriesKey(
                product: try reader.text(limit: limit), device: try reader.text(limit: limit),
                point: try reader.text(limit: limit))
            entries.append(SeriesInfo(key: key, type: type))
        }
        return (first, entries)
    }

    /// Adds a run to the dictionary; existing entries must be the same.
    ///
    /// - Throws: `CodecError` if series before the run are missing, if an entry has another name, or if there are too
    ///   many.
    static func load(
        first: Int, _ entries: [SeriesInfo], into dictionary: SeriesDictionary
    ) throws(CodecError) {
        guard first <= dictionary.count else {
            throw CodecError(offset: 0, reason: "series \(dictionary.count) to \(first) are missing")
        }
        for (index, info) in entries.enumerated() {
            if let known = dictionary.info(SeriesID(first + index)) {
                guard known == info else {
                    throw CodecError(offset: 0, reason: "series \(first + index) has two names")
                }
            } else {
                guard (try? dictionary.add(info)) != nil else {
                    throw CodecError(offset: 0, reason: "too many series")
                }
            }
        }
    }
}
