// BytePlanes.swift — integers cut into bytes, all lowest bytes first: the form in which LZ4 finds repeats.

enum BytePlanes {
    /// Writes the `size` lowest bytes of each value minus `base`, one plane after the other.
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

    /// Reads `count` values of `size` planes; `source` has exactly `size * count` bytes.
    static func decode(
        _ source: UnsafeRawBufferPointer, base: Int64, size: Int, count: Int,
        into target: UnsafeMutablePointer<Int64>
    ) {
        guard let bytes = source.baseAddress else { return }
        target.update(repeating: 0, count: count)
        for plane in 0..<size {
            let start = bytes + plane * count
            let shift = UInt64(8 * plane)
            for index in 0..<count {
                let byte = UInt64(start.load(fromByteOffset: index, as: UInt8.self))
                target[index] |= Int64(bitPattern: byte &<< shift)
            }
        }
        for index in 0..<count { target[index] &+= base }
    }
}
