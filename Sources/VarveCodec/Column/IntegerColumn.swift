// IntegerColumn.swift — encodes up to 8192 signed integers (times, counters, bools, states, indexes,
// commits), and decodes them.
//
// Invariants:
// - Decoding returns every value of the full Int64 range exactly.
// - An empty column takes no bytes. A constant one, or one with a constant step, takes at most 22.

/// Encodes and decodes columns of integers.
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

    /// Decodes `count` values into `target`, which has room for them.
    ///
    /// `bytes` is the whole column.
    ///
    /// - Throws: `CodecError` if `bytes` is not a column of `count` integers.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        try decode(bytes, count: count, vectors: 0..<BlockLimits.vectors(of: count), into: target)
    }

    /// Decodes some vectors of a column of `count` values.
    ///
    /// - Parameters:
    ///   - vectors: The numbers of the vectors, each of 1024 values.
    ///   - target: Room for the values of just these vectors.
    /// - Throws: `CodecError` if `bytes` is not a column of `count` integers. Skipped vectors are only partly
    ///   checked.
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

    /// The value of a constant column whose first bytes show that it is constant; otherwise nil.
    ///
    /// Cheap: decodes no values.
    static func constant(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        guard bytes.first == ColumnEnvelope.plain.rawValue else { return nil }
        var body = ByteReader(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
        return try? IntegerBody.constant(&body)
    }
}
