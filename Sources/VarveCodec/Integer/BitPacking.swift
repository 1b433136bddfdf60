// BitPacking.swift — unsigned integers of 0...64 bits, packed without gaps.
//
// A full vector (1024 values) is packed in 16 lanes: value i is in row i / 16 of lane i % 16, row r takes the
// bits [r·w, r·w + w) of its lane, and word k of lane l is the little-endian UInt64 at byte (16·k + l)·8. So
// one shift count serves 16 neighbours. Fewer values are a plain bit stream, least significant bit first.
//
// Invariants:
// - Exactly `byteCount` bytes are read or written. Callers check their buffers against it.
// - The values given to `pack` have no bits above the width.

enum BitPacking {
    private typealias Half = SIMD8<UInt64>
    private static let lanes = 16
    private static let rows = BlockLimits.vector / lanes

    /// The number of bytes that `count` values of `width` bits take, in either layout.
    static func byteCount(count: Int, width: Int) -> Int { (count * width + 7) / 8 }

    /// The number of bits that a value needs; 0 for 0.
    static func width(of value: UInt64) -> Int { 64 - value.leadingZeroBitCount }

    static func mask(_ width: Int) -> UInt64 { width == 0 ? 0 : .max >> UInt64(64 - width) }

    /// Packs 1...1024 values into `byteCount` zeroed bytes.
    static func pack(
        _ values: UnsafePointer<UInt64>, count: Int, width: Int, into target: UnsafeMutableRawPointer
    ) {
        if width == 0 { return }
        if count == BlockLimits.vector {
            packLanes(UnsafeRawPointer(values), width: width, into: target)
        } else {
            packStream(values, count: count, width: width, into: target)
        }
    }

    /// Unpacks 1...1024 values, adding `base` to each.
    static func unpack(
        _ source: UnsafeRawBufferPointer, count: Int, width: Int, base: Int64,
        into target: UnsafeMutablePointer<Int64>
    ) {
        guard width > 0, let start = source.baseAddress else {
            target.update(repeating: base, count: count)
            return
        }
        if count == BlockLimits.vector {
            unpackLanes(
                start, width: UInt64(width), base: UInt64(bitPattern: base),
                into: UnsafeMutableRawPointer(target))
        } else {
            for index in 0..<count {
                let packed = value(at: index, width: width, in: source)
                target[index] = base &+ Int64(bitPattern: packed)
            }
        }
    }

    /// Value `index` of a bit stream of at least `index + 1` values.
    ///
    /// Not for a full vector, which is in lanes.
    static func value(at index: Int, width: Int, in source: UnsafeRawBufferPointer) -> UInt64 {
        guard width > 0, let start = source.baseAddress else { return 0 }
        let bit = index &* width
        let byte = bit &>> 3
        let shift = UInt64(truncatingIfNeeded: bit & 7)
        if byte &+ 9 <= source.count {
            let low = UInt64(littleEndian: start.loadUnaligned(fromByteOffset: byte, as: UInt64.self))
            let high = UInt64(start.load(fromByteOffset: byte &+ 8, as: UInt8.self))
            let joined = shift == 0 ? low : (low &>> shift) | (high &<< (64 &- shift))
            return joined & mask(width)
        }
        var result: UInt64 = 0
        var filled = -Int(truncatingIfNeeded: shift)
        var position = byte
        while filled < width && position < source.count {
            let part = UInt64(start.load(fromByteOffset: position, as: UInt8.self))
            result |= filled < 0 ? part &>> UInt64(-filled) : part &<< UInt64(filled)
            filled &+= 8
            position &+= 1
        }
        return result & mask(width)
    }

    /// Packs any number of values as a bit stream into `byteCount` zeroed bytes.
    static func packStream(
        _ values: UnsafePointer<UInt64>, count: Int, width: Int, into target: UnsafeMutableRawPointer
    ) {
        var pending: UInt64 = 0
        var filled = 0
        var position = 0
        for index in 0..<count {
            let value = values[index]
            pending |= value &<< UInt64(filled)
            let total = filled + width
            if total >= 64 {
                target.storeBytes(of: pending.littleEndian, toByteOffset: position, as: UInt64.self)
                position += 8
                pending = filled == 0 ? 0 : value &>> UInt64(64 - filled)
                filled = total - 64
            } else {
                filled = total
            }
        }
        while filled > 0 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: pending), toByteOffset: position, as: UInt8.self)
            pending &>>= 8
            position += 1
            filled -= 8
        }
    }

    private static func packLanes(
        _ values: UnsafeRawPointer, width: Int, into target: UnsafeMutableRawPointer
    ) {
        for half in 0..<2 {
            let source = values + half * 64
            var output = target + half * 64
            var pending = Half()
            var filled = 0
            for row in 0..<rows {
                let value = (source + row * 128).loadUnaligned(as: Half.self)
                pending |= value &<< Half(repeating: UInt64(filled))
                let total = filled + width
                if total >= 64 {
                    output.storeBytes(of: pending, as: Half.self)
                    output += 128
                    pending = filled == 0 ? Half() : value &>> Half(repeating: UInt64(64 - filled))
                    filled = total - 64
                } else {
                    filled = total
                }
            }
        }
    }

    private static func unpackLanes(
        _ source: UnsafeRawPointer, width: UInt64, base: UInt64, into target: UnsafeMutableRawPointer
    ) {
        let keep = Half(repeating: mask(Int(width)))
        let add = Half(repeating: base)
        var bit: UInt64 = 0
        for row in 0..<rows {
            let word = source + Int(truncatingIfNeeded: bit &>> 6) &* 128
            let shift = bit & 63
            let output = target + row &* 128
            var low = word.loadUnaligned(as: Half.self) &>> Half(repeating: shift)
            var high = (word + 64).loadUnaligned(as: Half.self) &>> Half(repeating: shift)
            if shift &+ width > 64 {
                let up = Half(repeating: 64 &- shift)
                low |= (word + 128).loadUnaligned(as: Half.self) &<< up
                high |= (word + 192).loadUnaligned(as: Half.self) &<< up
            }
            output.storeBytes(of: (low & keep) &+ add, as: Half.self)
            (output + 64).storeBytes(of: (high & keep) &+ add, as: Half.self)
            bit &+= width
        }
    }
}
