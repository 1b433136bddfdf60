// DoubleColumn.swift — up to 8192 doubles as bytes, by their bit patterns.
//
// Invariants:
// - Decoding gives back every bit pattern exactly: NaN payloads, −0 and infinities included.
// - An empty column takes no bytes, a constant one at most 16.

/// The encoding of doubles.
package enum DoubleColumn {
    /// Appends the encoded column.
    ///
    /// - Precondition: at most `BlockLimits.samples` values.
    package static func encode(
        _ values: UnsafeBufferPointer<UInt64>, into writer: inout ByteWriter, effort: Effort = .standard
    ) {
        precondition(values.count <= BlockLimits.samples, "a column holds at most 8192 values")
        if values.isEmpty { return }
        values.withMemoryRebound(to: Int64.self) { patterns in
            let plan = DoublePlan(patterns, effort: effort)
            var packed = ByteWriter()
            plan.write(patterns, layout: .packed, into: &packed)
            var candidates = [packed]
            if plan.isWorthPlanes {
                var planes = ByteWriter()
                plan.write(patterns, layout: .planes, into: &planes)
                candidates.append(planes)
            }
            ColumnPayload.write(candidates, effort: effort, into: &writer)
        }
    }

    /// Decodes `count` bit patterns into `target`, which has room for them; `bytes` is the whole column.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<UInt64>
    ) throws(CodecError) {
        try decode(bytes, count: count, vectors: 0..<BlockLimits.vectors(of: count), into: target)
    }

    /// Decodes some vectors of a column of `count` bit patterns.
    ///
    /// - Parameters:
    ///   - vectors: Their numbers, of vectors of 1024 values.
    ///   - target: Room for the values of just these vectors.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, vectors: Range<Int>,
        into target: UnsafeMutablePointer<UInt64>
    ) throws(CodecError) {
        guard try ColumnPayload.check(bytes, count: count) else { return }
        let slice = BlockLimits.values(of: vectors, count: count)
        if slice.isEmpty { return }
        let limit = BlockLimits.bodyBytes(count: count)
        let patterns = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Int64.self)
        try ColumnPayload.withBody(bytes, limit: limit) { (body) throws(CodecError) in
            try DoubleBody.decode(&body, count: count, slice: slice, into: patterns)
        }
    }
}
