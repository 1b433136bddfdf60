// CommonDivisor.swift — the greatest common divisor of a column, so that milliseconds on a nanosecond clock
// cost no more than milliseconds.
//
// Divisibility is tested by a multiplication with the inverse of the odd part modulo 2^64: m is a multiple of
// g = 2^k·o exactly if m·o⁻¹, rotated right by k, is at most (2^64 − 1) / g.

struct CommonDivisor {
    /// The divisor; 0 if all differences are 0.
    private(set) var value: UInt64 = 0
    private var shift: UInt64 = 0
    private var inverse: UInt64 = 1
    private var limit: UInt64 = .max

    /// Finds the greatest common divisor of all differences to the first value.
    init(of values: UnsafeBufferPointer<Int64>) {
        guard let first = values.first else { return }
        for element in values {
            let magnitude = (element &- first).magnitude
            if value != 0 {
                let product = magnitude &* inverse
                let rotated = (product &>> shift) | (shift == 0 ? 0 : product &<< (64 &- shift))
                if rotated <= limit { continue }
            }
            if magnitude == 0 { continue }
            set(Self.greatest(value, magnitude))
            if value == 1 { return }
        }
    }

    /// The quotient of a difference that is a multiple of `value`.
    func quotient(_ difference: Int64) -> Int64 {
        (difference &>> Int64(bitPattern: shift)) &* Int64(bitPattern: inverse)
    }

    private mutating func set(_ divisor: UInt64) {
        value = divisor
        shift = UInt64(divisor.trailingZeroBitCount)
        limit = .max / divisor
        let odd = divisor &>> shift
        // Newton's iteration doubles the correct low bits: 3, 6, 12, 24, 48, 96.
        inverse = odd
        for _ in 0..<5 { inverse = inverse &* (2 &- odd &* inverse) }
    }

    private static func greatest(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var (larger, smaller) = (left, right)
        while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
        return larger
    }
}
