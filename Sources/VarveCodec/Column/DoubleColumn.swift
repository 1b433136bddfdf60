// DoubleColumn.swift — encodes up to 8192 doubles by their bit patterns, and decodes them.
//
// Invariants:
// - Decoding returns every bit pattern exactly, including NaN payloads, −0 and infinities.
// - An empty column takes no bytes, a constant one at most 16.

/// Encodes and decodes columns of doubles.
package enum DoubleColumn {
    /// Appends the encoded column.
    ///
    /// - Precondition: at most `BlockLimits.samples` values.
    package static func encode(
        _ values: UnsafeBufferPointer<UInt64>, into writer: inout ByteWriter, effort: Effort = .standard
    ) {
        var hint = ColumnHint()
        encode(values, into: &writer, effort: effort, hint: &hint)
    }

    /// Appends the encoded column, reusing the choices in `hint` and updating them for the next column of the
    /// series.
    ///
    /// - Precondition: at most `BlockLimits.samples` values.
    package static func encode(
        _ values: UnsafeBufferPointer<UInt64>, into writer: inout ByteWriter, effort: Effort = .standard,
        hint: inout ColumnHint
    ) {
        precondition(values.count <= BlockLimits.samples, "a column holds at most 8192 values")
        if values.isEmpty { return }
        values.withMemoryRebound(to: Int64.self) { patterns in
            var isHinted = false
            let plan = DoublePlan(patterns, effort: effort, hint: &hint, isHinted: &isHinted)
            var candidates: [ByteWriter] = []
            for layout in [IntegerPlan.Layout.packed, .planes] {
                let isWanted =
                    isHinted
                    ? (layout == .planes) == hint.payload.isPlanes : layout == .packed || plan.isWorthPlanes
                guard isWanted else { continue }
                var body = ByteWriter()
                plan.write(patterns, layout: layout, into: &body)
                candidates.append(body)
            }
            let result = ColumnPayload.write(
                candidates, effort: effort, triesLZ4: !isHinted || hint.payload.isPacked, into: &writer)
            if !isHinted {
                hint.learn(ColumnHint.Payload(isPlanes: result.index > 0, isPacked: result.isPacked))
            }
        }
    }

    /// Decodes `count` bit patterns into `target`, which has room for them.
    ///
    /// `bytes` is the whole column.
    ///
    /// - Throws: `CodecError` if `bytes` is not a column of `count` doubles.
    package static func decode(
        _ bytes: UnsafeRawBufferPointer, count: Int, into target: UnsafeMutablePointer<UInt64>
    ) throws(CodecError) {
        try decode(bytes, count: count, vectors: 0..<BlockLimits.vectors(of: count), into: target)
    }

    /// Decodes some vectors of a column of `count` bit patterns.
    ///
    /// - Parameters:
    ///   - vectors: The numbers of the vectors, each of 1024 values.
    ///   - target: Room for the values of just these vectors.
    /// - Throws: `CodecError` if `bytes` is not a column of `count` doubles. Skipped vectors are only partly
    ///   checked.
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
