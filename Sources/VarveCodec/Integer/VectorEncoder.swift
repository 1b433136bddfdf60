// VectorEncoder.swift — writes one vector as its plan says. VectorDecoder reads it.

enum VectorEncoder {
    /// Writes 1...1024 values.
    ///
    /// - Parameter scratch: Room for `VectorPlan.scratchCount` values.
    static func encode(
        _ values: UnsafePointer<Int64>, count: Int, plan: VectorPlan,
        scratch: UnsafeMutablePointer<Int64>, into writer: inout ByteWriter
    ) {
        writer.append(plan.form.rawValue)
        if let grid = plan.grid {
            return GridVector.encode(values, count: count, plan: grid, scratch: scratch, into: &writer)
        }
        switch plan.form {
        case .constant:
            writer.appendSigned(values[0])
        case .step:
            writer.appendSigned(values[0])
            writer.appendSigned(values[1] &- values[0])
        case .runs:
            encodeRuns(values, count: count, plan: plan, scratch: scratch, into: &writer)
        default:
            encodePacked(values, count: count, plan: plan, scratch: scratch, into: &writer)
        }
    }

    private static func encodePacked(
        _ values: UnsafePointer<Int64>, count: Int, plan: VectorPlan,
        scratch: UnsafeMutablePointer<Int64>, into writer: inout ByteWriter
    ) {
        let lead = plan.form.leadCount
        scratch.update(from: values, count: count)
        if lead > 0 {
            writer.appendSigned(values[0])
            VectorPlan.differences(values, count: count, into: scratch)
        }
        if lead > 1 {
            writer.appendSigned(scratch[1])
            VectorPlan.differences(scratch + 1, count: count - 1, into: scratch + 1)
        }
        if let rice = plan.rice {
            scratch.update(repeating: rice.base, count: lead)
            RiceVector.encode(scratch: scratch, count: count, plan: rice, into: &writer)
            return
        }
        let packing = plan.packing
        scratch.update(repeating: packing.base, count: lead)
        writer.appendSigned(packing.base)
        writer.append(UInt8(packing.width))

        let offsets = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt64.self)
        let outside = UnsafeMutableRawPointer(scratch + BlockLimits.vector)
            .assumingMemoryBound(to: UInt64.self)
        var gaps = ByteWriter()
        let reach = BitPacking.mask(packing.width)
        let base = UInt64(bitPattern: packing.base)
        var found = 0
        var last = 0
        for index in 0..<count {
            let offset = offsets[index] &- base
            offsets[index] = offset
            if offset > reach {
                outside[found] = ZigZag.encode(Int64(bitPattern: offset))
                found += 1
                offsets[index] = 0
                gaps.appendVarint(UInt64(index - last))
                last = index
            }
        }
        let size = BitPacking.byteCount(count: count, width: packing.width)
        writer.append(count: size) { room in
            guard let target = room.baseAddress else { return }
            BitPacking.pack(offsets, count: count, width: packing.width, into: target)
        }
        if plan.form.isPatched {
            writer.appendVarint(UInt64(found))
            writer.append(UInt8(packing.exceptionWidth))
            appendStream(outside, count: found, width: packing.exceptionWidth, into: &writer)
            gaps.bytes.withUnsafeBytes { writer.append(bytes: $0) }
        }
    }

    private static func encodeRuns(
        _ values: UnsafePointer<Int64>, count: Int, plan: VectorPlan,
        scratch: UnsafeMutablePointer<Int64>, into writer: inout ByteWriter
    ) {
        let heights = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt64.self)
        let lengths = heights + BlockLimits.vector
        let base = plan.packing.base
        var runs = 0
        var start = 0
        var longest: UInt64 = 0
        while start < count {
            var end = start + 1
            while end < count && values[end] == values[start] { end += 1 }
            heights[runs] = UInt64(bitPattern: values[start] &- base)
            lengths[runs] = UInt64(end - start - 1)
            longest |= lengths[runs]
            runs += 1
            start = end
        }
        let lengthWidth = BitPacking.width(of: longest)
        writer.appendVarint(UInt64(runs))
        writer.appendSigned(base)
        writer.append(UInt8(plan.packing.width))
        appendStream(heights, count: runs, width: plan.packing.width, into: &writer)
        writer.append(UInt8(lengthWidth))
        appendStream(lengths, count: runs, width: lengthWidth, into: &writer)
    }

    private static func appendStream(
        _ values: UnsafePointer<UInt64>, count: Int, width: Int, into writer: inout ByteWriter
    ) {
        writer.append(count: BitPacking.byteCount(count: count, width: width)) { room in
            guard let target = room.baseAddress else { return }
            BitPacking.packStream(values, count: count, width: width, into: target)
        }
    }
}
