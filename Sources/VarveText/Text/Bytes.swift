// Bytes.swift — compares and hashes short runs of bytes without turning them into strings.

/// Loops over runs of bytes.
///
/// Public only so that other modules can inline them; not for use outside Varve.
public enum Bytes {
    /// Whether two runs of the same length are equal; fast for short runs such as names.
    @inlinable @inline(__always)
    public static func equal(
        _ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int
    ) -> Bool {
        let (a, b) = (UnsafeRawPointer(left), UnsafeRawPointer(right))
        var index = 0
        while index &+ 8 <= count {
            let x = a.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if x != b.loadUnaligned(fromByteOffset: index, as: UInt64.self) { return false }
            index &+= 8
        }
        while index < count {
            if left[index] != right[index] { return false }
            index &+= 1
        }
        return true
    }

    /// Mixes a run into a hash.
    @inlinable
    public static func hash(_ base: UnsafePointer<UInt8>, _ count: Int, _ start: UInt64) -> UInt64 {
        let raw = UnsafeRawPointer(base)
        var hash = start
        var index = 0
        while index + 8 <= count {
            hash = mix(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest = UInt64(truncatingIfNeeded: count) << 56
        while index < count {
            rest = rest << 8 ^ UInt64(base[index])
            index += 1
        }
        return mix(hash ^ rest)
    }

    /// Mixes a hash so that every bit depends on every bit.
    @inlinable @inline(__always)
    public static func mix(_ value: UInt64) -> UInt64 {
        // The finisher of MurmurHash3: every input bit reaches every output bit.
        var mixed = value
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }
}
