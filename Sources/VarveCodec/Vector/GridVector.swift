// GridVector.swift — writes and reads a vector near a regular grid.
//
// Invariants:
// - Decoding writes exactly `count` values, or throws.

enum GridVector {
    /// Writes the values.
    ///
    /// - Parameter scratch: Room for `VectorPlan.scratchCount` values.
    static func encode(
        _ values: UnsafePointer<Int64>, count: Int, plan: GridPlan, scratch: UnsafeMutablePointer<Int64>,
        into writer: inout ByteWriter
    ) {
        writer.appendSigned(plan.first)
        writer.appendSigned(plan.step)
        writer.appendVarint(UInt64(plan.gaps.count))
        var last = 0
        for gap in plan.gaps {
            writer.appendVarint(UInt64(gap.index - last))
            writer.appendSigned(gap.points)
            last = gap.index
        }
        let packing = plan.packing
        plan.residuals(values, count: count, into: scratch)
        for index in 0..<count { scratch[index] &-= packing.base }
        writer.appendSigned(packing.base)
        writer.append(UInt8(packing.width))
        writer.append(count: BitPacking.byteCount(count: count, width: packing.width)) { room in
            guard let target = room.baseAddress else { return }
            let offsets = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt64.self)
            BitPacking.pack(offsets, count: count, width: packing.width, into: target)
        }
    }

    /// Reads `count` values.
    ///
    /// Throws `CodecError` if the bytes are damaged.
    static func decode(
        _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) {
        var place = try reader.signed()
        let step = try reader.signed()
        let gaps = try reader.varint(limit: count, "the number of gaps")
        var gapReader = reader
        for _ in 0..<gaps {
            _ = try reader.varint()
            _ = try reader.signed()
        }
        let base = try reader.signed()
        let width = Int(try reader.byte())
        guard width <= 64 else { throw reader.failure("a bit width of \(width)") }
        let packed = try reader.bytes(count: BitPacking.byteCount(count: count, width: width))
        BitPacking.unpack(packed, count: count, width: width, base: base, into: target)
        var start = 0
        for _ in 0..<gaps {
            let end = start + (try gapReader.varint(limit: count - 1 - start, "the distance to a gap"))
            place = add(place, step, to: target, start..<end)
            place &+= (try gapReader.signed()) &* step
            start = end
        }
        _ = add(place, step, to: target, start..<count)
    }

    /// Moves behind a grid vector of `count` values.
    static func skip(_ reader: inout ByteReader, count: Int) throws(CodecError) {
        for _ in 0..<2 { _ = try reader.varint() }
        let gaps = try reader.varint(limit: count, "the number of gaps")
        for _ in 0..<(2 * gaps) { _ = try reader.varint() }
        _ = try reader.varint()
        try VectorDecoder.skipStream(&reader, count: count)
    }

    /// Adds the points of the grid to the residuals, and returns the point after the last.
    private static func add(
        _ first: Int64, _ step: Int64, to target: UnsafeMutablePointer<Int64>, _ range: Range<Int>
    ) -> Int64 {
        var place = first
        for index in range {
            target[index] &+= place
            place &+= step
        }
        return place
    }
}
