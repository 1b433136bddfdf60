// ContentHash.swift — the identity of a batch: the same rows have the same hash, whatever file they came in.
//
// XXH3-128 over, for each series in the order of product, device, point (compared as bytes): the names with
// their lengths, the type, the number of rows, then times, values and states in arrival order. How series
// interleave in the file does not count: it cannot change what the rows do.
//
// Invariants:
// - Part of the persistent format: receipts remember these hashes for good.

package import VarveCodec
package import VarveModel

package enum ContentHash {
    package static func of(_ series: [SeriesRows]) -> Hash128 {
        var hasher = Hasher128()
        let order = series.indices.sorted {
            names(series[$0].key).lexicographicallyPrecedes(names(series[$1].key))
        }
        for index in order {
            let rows = series[index]
            var header = ByteWriter(capacity: 64)
            header.append(text: rows.key.product)
            header.append(text: rows.key.device)
            header.append(text: rows.key.point)
            header.append(rows.type.rawValue)
            header.append(UInt64(rows.columns.count))
            header.bytes.withUnsafeBytes { hasher.update($0) }
            rows.columns.times.withUnsafeBytes { hasher.update($0) }
            switch rows.columns.values {
            case .bits(let bits): bits.withUnsafeBytes { hasher.update($0) }
            case .text(let text):
                text.ends.withUnsafeBytes { hasher.update($0) }
                text.bytes.withUnsafeBytes { hasher.update($0) }
            }
            rows.columns.states.withUnsafeBytes { hasher.update($0) }
        }
        return hasher.finish()
    }

    private static func names(_ key: SeriesKey) -> [UInt8] {
        Array(key.product.utf8) + [0] + Array(key.device.utf8) + [0] + Array(key.point.utf8)
    }
}
