// ContentHash.swift — the identity of a batch: the same rows have the same hash in every file format.
//
// XXH3-128 over the series in the order of product, device, point (compared as bytes). For each: the names with their
// lengths, the type, the number of rows, then times, values and states in arrival order. The order in which series
// interleave in the file does not count, as it cannot change what the rows do.
//
// Invariants:
// - The hash is part of the persistent format: receipts keep these hashes.

import VarveCodec
import VarveModel

enum ContentHash {
    /// Bytes that are collected before they are hashed; longer columns are hashed in place.
    private static let gathered = 4096

    /// The hash of a batch.
    ///
    /// If a policy ever changed what one of its points stores, the mark of the latest such change is mixed in. So a
    /// batch under another policy is no replay, even if a third policy, or the first one again, gives equal rows.
    static func of(_ batch: borrowing SampleBatch) -> Hash128 {
        let content = of(batch.series)
        return batch.policyMark == 0 ? content : content.marked(batch.policyMark, 0)
    }

    static func of(_ series: [SeriesRows]) -> Hash128 {
        var content = Content()
        if isSorted(series) {
            for rows in series { content.add(rows) }
        } else {
            let order = series.indices.sorted { precedes(series[$0].key, series[$1].key) }
            for index in order { content.add(series[index]) }
        }
        return content.finish()
    }

    private static func isSorted(_ series: [SeriesRows]) -> Bool {
        for index in 1..<max(series.count, 1) where !precedes(series[index - 1].key, series[index].key) {
            return false
        }
        return true
    }

    /// Whether the bytes product, 0, device, 0, point of the left key come before those of the right.
    private static func precedes(_ left: SeriesKey, _ right: SeriesKey) -> Bool {
        if let order = order(left.product, right.product) ?? order(left.device, right.device) {
            // This comparison cannot distinguish a zero byte in a name from the zero behind a name.
            return order.isSure ? order.precedes : bytes(left).lexicographicallyPrecedes(bytes(right))
        }
        let common = left.point.commonBytes(with: right.point)
        guard let other = byte(right.point, common) else { return false }
        return byte(left.point, common).map { $0 < other } ?? true
    }

    /// Whether a name and a zero come before another and a zero; nil if they are the same.
    private static func order(_ left: String, _ right: String) -> (precedes: Bool, isSure: Bool)? {
        let common = left.commonBytes(with: right)
        if common == left.utf8.count, common == right.utf8.count { return nil }
        let (mine, other) = (byte(left, common) ?? 0, byte(right, common) ?? 0)
        return (mine < other, mine != other)
    }

    private static func byte(_ name: String, _ index: Int) -> UInt8? {
        let bytes = name.utf8
        return index < bytes.count ? bytes[bytes.index(bytes.startIndex, offsetBy: index)] : nil
    }

    private static func bytes(_ key: SeriesKey) -> [UInt8] {
        Array(key.product.utf8) + [0] + Array(key.device.utf8) + [0] + Array(key.point.utf8)
    }

    /// The bytes to hash, hashed piece by piece.
    private struct Content: ~Copyable {
        private var hasher = Hasher128()
        private var writer = ByteWriter(capacity: 2 * gathered)

        mutating func add(_ rows: SeriesRows) {
            writer.append(text: rows.key.product)
            writer.append(text: rows.key.device)
            writer.append(text: rows.key.point)
            writer.append(rows.type.rawValue)
            writer.append(UInt64(rows.columns.count))
            rows.columns.times.withUnsafeBytes { add($0) }
            switch rows.columns.values {
            case .bits(let bits): bits.withUnsafeBytes { add($0) }
            case .text(let text):
                text.ends.withUnsafeBytes { add($0) }
                text.bytes.withUnsafeBytes { add($0) }
            }
            rows.columns.states.withUnsafeBytes { add($0) }
        }

        private mutating func add(_ bytes: UnsafeRawBufferPointer) {
            if bytes.count > gathered {
                flush()
                hasher.update(bytes)
            } else {
                writer.append(bytes: bytes)
                if writer.count > gathered { flush() }
            }
        }

        private mutating func flush() {
            writer.bytes.withUnsafeBytes { hasher.update($0) }
            writer.bytes.removeAll(keepingCapacity: true)
        }

        mutating func finish() -> Hash128 {
            flush()
            return hasher.finish()
        }
    }
}
