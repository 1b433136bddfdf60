// IntegerColumn.swift — up to 8192 signed integers as bytes: times, counters, bools, states, indexes, commits.
//
// Invariants:
// - Decoding gives back every value of the full Int64 range exactly.
// - An empty column takes no bytes, a constant one or one with a constant step at most 22.

/// The encoding of integers.
package enum IntegerColumn {
    /// Appends the encoded column.
    ///
    /// - Precondition: at most `BlockLimits.samples` values.
    package static func encode(
        _ values: UnsafeBufferPointer<Int64>, into writer: inout ByteWriter, effort: Effort = .standard
    ) {
        precondition(values.count <= BlockLimits.samples, "a column holds at most 8192 values")
        if values.isEmpty { return }
        let plan = IntegerPlan(values, effort: effort)
        var packed = ByteWriter()
        plan.write(values, into: &packed)
        var candidates = [packed]
        if plan.isWorthPlanes {
            var planes = ByteWriter()
            plan.write(values, layout: .planes, into: &planes)
            candidates.append(planes)
        }
        ColumnPayload.write(candidates, effort: effort, into: &writer)
    }

    /// Decodes `count` values into `target`, which has room for them; `bytes` is the whole column.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        try decode(bytes, count: count, vectors: 0..<BlockLimits.vectors(of: count), into: target)
    }

    /// Decodes some vectors of a column of `count` values.
    ///
    /// - Parameters:
    ///   - vectors: Their numbers, of vectors of 1024 values.
    ///   - target: Room for the values of just these vectors.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, vectors: Range<Int>,
        into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        guard try ColumnPayload.check(bytes, count: count) else { return }
        let slice = BlockLimits.values(of: vectors, count: count)
        if slice.isEmpty { return }
        let limit = BlockLimits.bodyBytes(count: count)
        try ColumnPayload.withBody(bytes, limit: limit) { (body) throws(CodecError) in
            try IntegerBody.decode(&body, count: count, slice: slice, into: target)
        }
    }

    /// The value that all values of a column have, where that can be told from its first bytes; else nil.
    package static func constant(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard bytes.first == ColumnEnvelope.plain.rawValue else { return nil }
        var body = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
        return try? IntegerBody.constant(&body)
    }
}
