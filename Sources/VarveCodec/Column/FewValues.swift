// FewValues.swift — columns of at most 16 numbers, encoded without a search for the best form.
//
// The form hardly changes the size of so short a column, and the search would cost more than all the rest of
// a small commit. Constants and constant steps are written as such, other values as byte planes.
//
// Invariants:
// - The result decodes like any other column and takes at most `byteLimit` bytes.

/// The quick encoding of short columns of numbers.
package enum FewValues {
    /// The most values of such a column.
    package static let limit = 16
    /// The most bytes of such a column: envelope, tags, base, number of planes, planes.
    package static let byteLimit = 2 + 1 + 10 + 10 + 8 * limit

    /// Writes a column of 1 to `limit` integers.
    package static func encode(_ values: UnsafeBufferPointer<Int64>, to cursor: inout RawCursor) {
        encode(values, isDouble: false, to: &cursor)
    }

    /// Writes a column of 1 to `limit` words: bit patterns of doubles, or integers in two's complement.
    package static func encode(
        _ words: UnsafeBufferPointer<UInt64>, asDoubles isDouble: Bool, to cursor: inout RawCursor
    ) {
        words.withMemoryRebound(to: Int64.self) { encode($0, isDouble: isDouble, to: &cursor) }
    }

    /// Writes a column of any length whose values are all the same integer.
    package static func encode(constant value: Int64, to cursor: inout RawCursor) {
        cursor.append(ColumnEnvelope.plain.rawValue)
        cursor.append(ColumnEncoding.constant.rawValue)
        cursor.appendSigned(value)
    }

    private static func encode(
        _ values: UnsafeBufferPointer<Int64>, isDouble: Bool, to cursor: inout RawCursor
    ) {
        guard let first = values.first else { return }
        precondition(values.count <= limit, "few values are at most 16")
        cursor.append(ColumnEnvelope.plain.rawValue)
        if isDouble { cursor.append(ColumnEncoding.bits.rawValue) }
        let step = values.count > 1 ? values[1] &- first : 0
        var hasStep = true
        var (low, high) = (first, first)
        for index in 1..<values.count {
            hasStep = hasStep && values[index] &- values[index - 1] == step
            low = min(low, values[index])
            high = max(high, values[index])
        }
        if hasStep, step == 0 {
            cursor.append(ColumnEncoding.constant.rawValue)
            cursor.appendSigned(first)
        } else if hasStep {
            cursor.append(ColumnEncoding.step.rawValue)
            cursor.appendSigned(first)
            cursor.appendSigned(step)
        } else {
            writePlanes(values, low, UInt64(bitPattern: high &- low), to: &cursor)
        }
    }

    private static func writePlanes(
        _ values: UnsafeBufferPointer<Int64>, _ base: Int64, _ span: UInt64, to cursor: inout RawCursor
    ) {
        let size = (UInt64.bitWidth - span.leadingZeroBitCount + 7) / 8
        cursor.append(ColumnEncoding.planes.rawValue)
        cursor.appendSigned(base)
        cursor.append(UInt8(size))
        for plane in 0..<size {
            for value in values {
                let offset = UInt64(bitPattern: value &- base)
                cursor.append(UInt8(truncatingIfNeeded: offset >> UInt64(8 * plane)))
            }
        }
    }
}
