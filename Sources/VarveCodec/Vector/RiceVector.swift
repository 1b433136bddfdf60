// RiceVector.swift — writes and reads the distances of a vector as low bits and unary quotients.
//
// Invariants:
// - Decoding writes exactly `count` values, or throws.

enum RiceVector {
    private typealias Distances = SIMD8<UInt64>

    /// The bit of the mode byte that says that distances go both ways.
    ///
    /// The other bits are the width of the low bits.
    private static let foldedBit: UInt8 = 0x80

    /// Writes the differenced values that `scratch` begins with.
    ///
    /// Destroys them.
    ///
    /// - Parameter scratch: Room for `VectorPlan.scratchCount` values.
    static func encode(
        scratch: UnsafeMutablePointer<Int64>, count: Int, plan: RicePlan, into writer: inout ByteWriter
    ) {
        let offsets = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: UInt64.self)
        let outside = offsets + BlockLimits.vector
        let shift = UInt64(plan.lowBits)
        let keep = BitPacking.mask(plan.lowBits)
        var unary = [UInt8](repeating: 0, count: (count + plan.quotientSum + 7) / 8)
        var gaps = ByteWriter()
        var found = 0
        var last = 0
        var bit = 0
        for index in 0..<count {
            let value = scratch[index]
            let distance = plan.distance(value)
            let quotient = distance &>> shift
            if quotient < RicePlan.quotientLimit {
                bit += Int(quotient)
                offsets[index] = distance & keep
            } else {
                offsets[index] = 0
                outside[found] = ZigZag.encode(value &- plan.base)
                found += 1
                gaps.appendVarint(UInt64(index - last))
                last = index
            }
            unary[bit >> 3] |= 1 << UInt8(bit & 7)
            bit += 1
        }
        writer.appendSigned(plan.base)
        writer.append(UInt8(plan.lowBits) | (plan.isFolded ? foldedBit : 0))
        writer.append(count: BitPacking.byteCount(count: count, width: plan.lowBits)) { room in
            guard let target = room.baseAddress else { return }
            BitPacking.pack(offsets, count: count, width: plan.lowBits, into: target)
        }
        writer.appendVarint(UInt64(unary.count))
        writer.bytes.append(contentsOf: unary)
        writer.appendVarint(UInt64(found))
        writer.append(UInt8(plan.exceptionWidth))
        writer.append(count: BitPacking.byteCount(count: found, width: plan.exceptionWidth)) { room in
            guard let target = room.baseAddress else { return }
            BitPacking.packStream(outside, count: found, width: plan.exceptionWidth, into: target)
        }
        writer.bytes.append(contentsOf: gaps.bytes)
    }

    /// Reads `count` values, but not their exceptions.
    ///
    /// Returns the base, to which the exceptions are relative.
    static func decode(
        _ reader: inout ByteReader, count: Int, into target: UnsafeMutablePointer<Int64>
    ) throws(CodecError) -> Int64 {
        let base = try reader.signed()
        let mode = try reader.byte()
        let lowBits = Int(mode & ~foldedBit)
        guard lowBits <= RicePlan.maximumLowBits else { throw reader.failure("\(lowBits) low bits") }
        let lows = try reader.bytes(count: BitPacking.byteCount(count: count, width: lowBits))
        let size = try reader.varint(limit: reader.remaining, "the size of the quotients")
        let unary = try reader.bytes(count: size)
        let isRead = withUnsafeTemporaryAllocation(
            byteCount: BlockLimits.vector + UnaryStream.slack, alignment: 16
        ) { room in
            guard let quotients = room.baseAddress,
                UnaryStream.read(unary, count: count, into: quotients)
            else { return false }
            BitPacking.unpack(lows, count: count, width: lowBits, base: 0, into: target)
            join(
                quotients, target, count: count, lowBits: lowBits, base: base,
                isFolded: mode & foldedBit != 0)
            return true
        }
        guard isRead else { throw reader.failure("the quotients are not \(count)") }
        return base
    }

    /// Moves behind `count` values, but not behind their exceptions.
    static func skip(_ reader: inout ByteReader, count: Int) throws(CodecError) {
        _ = try reader.varint()
        let lowBits = Int(try reader.byte() & ~foldedBit)
        _ = try reader.bytes(count: BitPacking.byteCount(count: count, width: lowBits))
        _ = try reader.bytes(count: try reader.varint(limit: reader.remaining, "the size of the quotients"))
    }

    /// Joins quotients and low bits to distances, and turns distances into values.
    private static func join(
        _ quotients: UnsafeRawPointer, _ target: UnsafeMutablePointer<Int64>, count: Int, lowBits: Int,
        base: Int64, isFolded: Bool
    ) {
        let room = UnsafeMutableRawPointer(target)
        let shift = Distances(repeating: UInt64(lowBits))
        let start = Distances(repeating: UInt64(bitPattern: base))
        let one = Distances(repeating: 1)
        let whole = count & ~7
        for index in stride(from: 0, to: whole, by: 8) {
            let place = room + index &* 8
            let bytes = quotients.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt8>.self)
            let high = Distances(truncatingIfNeeded: bytes) &<< shift
            let distance = place.loadUnaligned(as: Distances.self) | high
            let unfolded = isFolded ? (distance &>> one) ^ (0 &- (distance & one)) : distance
            place.storeBytes(of: unfolded &+ start, as: Distances.self)
        }
        for index in whole..<count {
            let quotient = UInt64(quotients.load(fromByteOffset: index, as: UInt8.self))
            let distance = UInt64(bitPattern: target[index]) | quotient &<< UInt64(lowBits)
            target[index] = base &+ (isFolded ? ZigZag.decode(distance) : Int64(bitPattern: distance))
        }
    }
}
