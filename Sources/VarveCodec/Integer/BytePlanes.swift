// BytePlanes.swift — integers cut into bytes, all lowest bytes first, so that LZ4 finds repeats.

enum BytePlanes {
    /// Writes the `size` lowest bytes of each value minus `base`, one plane after another.
    static func encode(
        _ values: UnsafeBufferPointer<Int64>, base: Int64, size: Int, into writer: inout ByteWriter
    ) {
        writer.append(count: size * values.count) { room in
            for plane in 0..<size {
                let start = plane * values.count
                let shift = Int64(8 * plane)
                for index in 0..<values.count {
                    room[start &+ index] = UInt8(truncatingIfNeeded: (values[index] &- base) &>> shift)
                }
            }
        }
    }

    /// Reads a slice of `count` values of `size` planes; `source` has exactly `size * count` bytes.
    static func decode(
        _ source: UnsafeRawBufferPointer, base: Int64, size: Int, count: Int, slice: Range<Int>,
        into target: UnsafeMutablePointer<Int64>
    ) {
        guard let start = source.baseAddress else { return }
        let low = start.assumingMemoryBound(to: UInt8.self) + slice.lowerBound
        for index in 0..<slice.count { target[index] = base &+ Int64(low[index]) }
        for plane in 1..<max(size, 1) {
            let bytes = low + plane * count
            let shift = Int64(8 * plane)
            for index in 0..<slice.count { target[index] &+= Int64(bytes[index]) &<< shift }
        }
    }
}
