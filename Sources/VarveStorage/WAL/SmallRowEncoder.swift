// SmallRowEncoder.swift — encodes the rows of a small commit for a WAL record, directly into its buffer.
//
// Invariants:
// - The bytes of a series are at most `bound`, and WALRecord reads them.

import VarveCodec
import VarveModel

enum SmallRowEncoder {
    private static let columnBytes = (FewValues.byteLimit + 15) / 16 * 16

    /// The most bytes that the rows of a series take; nil for too many rows and for texts.
    static func bound(_ rows: StoredRows) -> Int? {
        guard (1...FewValues.limit).contains(rows.count), case .bits = rows.columns.values else { return nil }
        return 64 + 3 * (24 + 8 * rows.count)
    }

    /// The most bytes that the rows of some series take; nil if one of them has no bound.
    static func bound(_ all: [StoredRows]) -> Int? {
        var sum = 0
        for rows in all {
            guard let bound = bound(rows) else { return nil }
            sum += bound
        }
        return sum
    }

    /// Appends the rows of series that all have a bound.
    static func append(_ all: [StoredRows], commit: UInt64, bound: Int, to writer: inout ByteWriter) {
        let start = writer.count
        var written = 0
        writer.append(count: bound) { room in
            guard let base = room.baseAddress else { return }
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * columnBytes) { scratch in
                guard let scratch = scratch.baseAddress else { return }
                var cursor = RawCursor(base.assumingMemoryBound(to: UInt8.self))
                for rows in all { append(rows, commit, scratch, to: &cursor) }
                written = UnsafeMutableRawPointer(cursor.next) - base
            }
        }
        writer.bytes.removeLast(writer.count - start - written)
    }

    private static func append(
        _ rows: StoredRows, _ commit: UInt64, _ scratch: UnsafeMutablePointer<UInt8>,
        to cursor: inout RawCursor
    ) {
        guard case .bits(let bits) = rows.columns.values else { return }
        let (valueStart, stateStart) = (scratch + columnBytes, scratch + 2 * columnBytes)
        var times = RawCursor(scratch)
        var values = RawCursor(valueStart)
        var states = RawCursor(stateStart)
        rows.columns.times.withUnsafeBufferPointer { FewValues.encode($0, to: &times) }
        bits.withUnsafeBufferPointer {
            FewValues.encode($0, asDoubles: rows.type == .double, to: &values)
        }
        rows.columns.states.withUnsafeBufferPointer {
            FewValues.encode($0, asDoubles: false, to: &states)
        }
        let valueCount = UInt64(values.next - valueStart)
        let stateCount = UInt64(states.next - stateStart)
        let commitCount = 2 + varintBytes(ZigZag.encode(Int64(bitPattern: commit)))
        let blockCount =
            varintBytes(valueCount) + varintBytes(stateCount) + valueCount + stateCount + commitCount
        cursor.appendVarint(UInt64(rows.series))
        cursor.append(rows.type.rawValue)
        cursor.append(1)
        cursor.appendVarint(UInt64(rows.count))
        cursor.appendVarint(UInt64(times.next - scratch))
        cursor.appendVarint(blockCount)
        cursor.append(scratch, upTo: times)
        cursor.appendVarint(valueCount)
        cursor.appendVarint(stateCount)
        cursor.append(valueStart, upTo: values)
        cursor.append(stateStart, upTo: states)
        FewValues.encode(constant: Int64(bitPattern: commit), to: &cursor)
    }

    private static func varintBytes(_ value: UInt64) -> UInt64 {
        UInt64((UInt64.bitWidth - (value | 1).leadingZeroBitCount + 6) / 7)
    }
}
