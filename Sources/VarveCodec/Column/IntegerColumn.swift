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
        guard try ColumnPayload.check(bytes, count: count) else { return }
        let limit = BlockLimits.bodyBytes(count: count)
        try ColumnPayload.withBody(bytes, limit: limit) { (body) throws(CodecError) in
            try IntegerBody.decode(&body, count: count, into: target)
        }
    }
}
