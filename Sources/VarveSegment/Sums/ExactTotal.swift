// ExactTotal.swift — an exact sum in a few words: the nearest double and the rest.
//
// Statistics of blocks and vectors keep their sums in this form: the 68 limbs of an ExactSum would be most of an index.
//
// Invariants:
// - Equal finite sums have equal totals: `high` is the nearest double, `low` is odd or 0.
// - Where the rest takes more than 62 bits, or no finite double is nearest, `wide` has the whole sum and the other
//   fields are 0.
// - It does not contain infinities; statistics count them.

/// The finite part of an exact sum.
package struct ExactTotal: Hashable, Sendable {
    /// The bit pattern of the double nearest to the sum.
    package var high: UInt64 = 0
    /// The sum less `high`, in units of 2^(exponent − 1074).
    package var low: Int64 = 0
    package var exponent = 0
    /// The whole sum in the bytes of `ExactSum.append(to:)`, or empty.
    package var wide: [UInt8] = []

    /// An empty total, which is 0.
    init() {}

    /// The finite part of a sum.
    init(_ sum: borrowing ExactSum) {
        var rest = copy sum
        rest.positiveInfinities = 0
        rest.negativeInfinities = 0
        let nearest = rest.sum
        guard nearest.isFinite else {
            rest.append(to: &wide)
            return
        }
        rest.add(-nearest)
        guard let (low, exponent) = rest.shortNumber else {
            rest.add(nearest)
            rest.append(to: &wide)
            return
        }
        high = nearest.bitPattern
        self.low = low
        self.exponent = exponent
    }
}

extension ExactSum {
    /// Adds a total.
    ///
    /// - Throws: `ReadFailure` if a wide total, which came from a file, is malformed.
    mutating func add(_ total: ExactTotal) throws(ReadFailure) {
        guard total.wide.isEmpty else {
            var offset = 0
            try merge(reading: total.wide.span.bytes, at: &offset)
            guard offset == total.wide.count else { throw .malformed }
            return
        }
        add(Double(bitPattern: total.high))
        add(integer: Int128(total.low), position: total.exponent)
    }

    /// The highest exponent of a total's rest; the digits of such a rest end below the last limb.
    static let highestExponent = (limbCount - 4) * 32

    /// The sum as low · 2^(exponent − 1074) with low odd or 0; nil if low would take more than 62 bits.
    fileprivate var shortNumber: (low: Int64, exponent: Int)? {
        mutating get {
            normalise()
            let isNegative = limbs[limbs.count - 1] < 0
            if isNegative {
                limbs.withUnsafeMutableBufferPointer { limbs in
                    for index in limbs.indices { limbs[index] = 0 &- limbs[index] }
                }
                normalise()
            }
            defer {
                if isNegative { for index in limbs.indices { limbs[index] = 0 &- limbs[index] } }
            }
            guard let first = limbs.firstIndex(where: { $0 != 0 }) else { return (0, 0) }
            guard let last = limbs.lastIndex(where: { $0 != 0 }), last < first + 3 else { return nil }
            var number: UInt128 = 0
            for index in (first...last).reversed() { number = number << 32 | UInt128(limbs[index]) }
            let zeros = number.trailingZeroBitCount
            number >>= UInt128(zeros)
            let exponent = first * 32 + zeros
            guard number < 1 << 62, exponent <= ExactSum.highestExponent else { return nil }
            return (isNegative ? -Int64(number) : Int64(number), exponent)
        }
    }
}
