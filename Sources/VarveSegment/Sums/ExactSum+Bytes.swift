// ExactSum+Bytes.swift — an exact sum ⇄ bytes, for statistics whose values differ greatly in magnitude.
//
// Layout:
//   flags     1 byte: bit 0 says that the two counts of infinities follow; the other bits are zero
//   counts    two LEB128 numbers, +∞ then −∞, only if announced; not both zero
//   start     LEB128: how many zero bytes of the number are left out at its low end
//   length    LEB128: how many bytes follow; 0 for a sum of zero, and then start is 0 too
//   number    the two's-complement number in units of 2^-1074, little-endian, without high bytes that only
//             repeat its sign
//
// Invariants:
// - Equal sums have equal bytes. A reader refuses every other form.

extension ExactSum {
    /// The reason why bytes are not an exact sum.
    package enum ReadFailure: Error, Hashable, Sendable, CustomStringConvertible {
        /// The bytes end inside the sum.
        case truncated
        /// Flags, lengths or spare bytes have values that are never written.
        case malformed

        /// The failure as a clause without its subject.
        package var description: String {
            switch self {
            case .truncated: "ends inside an exact sum"
            case .malformed: "holds an exact sum in a form that is never written"
            }
        }
    }

    private static let byteCount = ExactSum.limbCount * 4

    /// Appends the sum to some bytes; a sum of one block takes 10 to 20 bytes.
    func append(to bytes: inout [UInt8]) {
        let hasInfinities = positiveInfinities != 0 || negativeInfinities != 0
        bytes.append(hasInfinities ? 1 : 0)
        if hasInfinities {
            appendLEB128(positiveInfinities, to: &bytes)
            appendLEB128(negativeInfinities, to: &bytes)
        }
        let number = twosComplement()
        guard let start = number.firstIndex(where: { $0 != 0 }) else {
            bytes.append(0)
            bytes.append(0)
            return
        }
        var end = number.count
        while end - start > 1, isSpare(number[end - 1], above: number[end - 2]) { end -= 1 }
        appendLEB128(UInt64(start), to: &bytes)
        appendLEB128(UInt64(end - start), to: &bytes)
        bytes.append(contentsOf: number[start..<end])
    }

    /// Reads a sum that takes all of `bytes`.
    ///
    /// - Throws: `ReadFailure` if they are not one written sum.
    init(bytes: [UInt8]) throws(ReadFailure) {
        self.init()
        var offset = 0
        try merge(reading: bytes.span.bytes, at: &offset)
        guard offset == bytes.count else { throw .malformed }
    }

    /// Adds a written sum without creating another sum.
    ///
    /// - Parameters:
    ///   - bytes: Bytes that hold a written sum.
    ///   - offset: Where the sum begins; afterwards the offset behind it.
    /// - Throws: `ReadFailure` if no written sum begins there; this sum may have changed then.
    mutating func merge(reading bytes: RawSpan, at offset: inout Int) throws(ReadFailure) {
        let flags = try nextByte(bytes, &offset)
        guard flags <= 1 else { throw .malformed }
        var infinities: (positive: UInt64, negative: UInt64) = (0, 0)
        if flags == 1 {
            infinities.positive = try nextLEB128(bytes, &offset)
            infinities.negative = try nextLEB128(bytes, &offset)
            guard infinities != (0, 0) else { throw .malformed }
        }
        let start = try nextLEB128(bytes, &offset)
        let length = try nextLEB128(bytes, &offset)
        let limit = UInt64(ExactSum.byteCount)
        guard start <= limit, length <= limit - start, length > 0 || start == 0 else { throw .malformed }
        guard length <= UInt64(bytes.byteCount - offset) else { throw .truncated }
        try add(number: bytes.extracting(offset..<offset + Int(length)), start: Int(start))
        offset += Int(length)
        positiveInfinities &+= infinities.positive
        negativeInfinities &+= infinities.negative
    }

    private mutating func add(number: RawSpan, start: Int) throws(ReadFailure) {
        let count = number.byteCount
        guard count > 0 else { return }
        func byte(_ index: Int) -> UInt8 { number.unsafeLoad(fromByteOffset: index, as: UInt8.self) }
        let top = byte(count - 1)
        guard byte(0) != 0, count == 1 || !isSpare(top, above: byte(count - 2)) else { throw .malformed }
        // Only the last byte carries the sign, so only its digit may be negative.
        for index in 0..<count {
            let place = start + index
            let value = index == count - 1 ? Int64(Int8(bitPattern: top)) : Int64(byte(index))
            add(digit: value << Int64(8 * (place & 3)), limb: place >> 2)
        }
    }

    private func twosComplement() -> [UInt8] {
        var copy = self
        copy.normalise()
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ExactSum.byteCount)
        for limb in copy.limbs {
            for shift in stride(from: Int64(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: limb >> shift))
            }
        }
        return bytes
    }
}

/// Whether a top byte only repeats the sign of the byte below.
private func isSpare(_ top: UInt8, above below: UInt8) -> Bool {
    top == (below < 0x80 ? 0 : 0xFF)
}

private func appendLEB128(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
    }
    bytes.append(UInt8(rest))
}

private func nextByte(_ bytes: RawSpan, _ offset: inout Int) throws(ExactSum.ReadFailure) -> UInt8 {
    guard offset >= 0, offset < bytes.byteCount else { throw .truncated }
    defer { offset += 1 }
    return bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
}

private func nextLEB128(_ bytes: RawSpan, _ offset: inout Int) throws(ExactSum.ReadFailure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
        let byte = try nextByte(bytes, &offset)
        let part = UInt64(byte & 0x7F)
        guard shift < 63 || part <= 1 else { throw .malformed }
        value |= part << shift
        if byte < 0x80 {
            guard byte != 0 || shift == 0 else { throw .malformed }
            return value
        }
    }
    throw .malformed
}
