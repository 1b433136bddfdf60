// MedianKeys.swift — the values of a bucket in their order, for the median.
//
// Up to `limit` values are kept. A bucket with more is only counted; its median is then found by reading the
// bucket again, 16 bits of the answer a time (RankSearch.swift). Memory stays bounded and the answer exact.
//
// Invariants:
// - A key is a signed integer that orders as the value does; −0 before +0.
// - The median of an even number is the mean of the two in the middle, rounded once.

internal import VarveModel
import VarveSegment

/// Collects values for the median.
struct MedianKeys: Sendable {
    /// The most values kept: 8 MiB, and as much again while the median is found.
    static let limit = 1 << 20

    private(set) var keys: [Int64] = []
    /// Values in the bucket, kept or not.
    private(set) var count = 0

    /// Whether there were too many to keep.
    var isOverfull: Bool { count > Self.limit }

    mutating func reset() {
        keys.removeAll(keepingCapacity: true)
        count = 0
    }

    /// Adds values that count.
    mutating func add(_ values: UnsafeBufferPointer<UInt64>, _ type: ValueType) {
        count += values.count
        guard count <= Self.limit else { return keys.removeAll(keepingCapacity: true) }
        for bits in values { keys.append(Self.key(bits, type)) }
    }

    /// The median, or nil if there are no values or they were too many.
    func median(_ type: ValueType) -> Double? {
        guard count > 0, !isOverfull else { return nil }
        let middle = (count - 1) / 2
        return withUnsafeTemporaryAllocation(of: Int64.self, capacity: count) { scratch in
            _ = scratch.initialize(from: keys)
            let lower = Self.select(middle, in: scratch)
            guard count.isMultiple(of: 2) else { return Self.mean(lower, lower, type) }
            var upTo = 0
            var next = Int64.max
            for key in keys {
                if key <= lower { upTo += 1 } else if key < next { next = key }
            }
            return Self.mean(lower, upTo > middle + 1 ? lower : next, type)
        }
    }

    /// The mean of two values given by their keys.
    static func mean(_ lower: Int64, _ upper: Int64, _ type: ValueType) -> Double {
        var sum = RunningSum()
        for key in [lower, upper] {
            if type == .double {
                sum.add(Double(bitPattern: UInt64(bitPattern: key ^ ((key &>> 63) & Int64.max))))
            } else {
                sum.add(Int128(key), at: ExactSum.unitPosition)
            }
        }
        // The sum of two zeros is +0; one value, or two equal ones, keep their sign.
        if lower == upper, type == .double {
            return Double(bitPattern: UInt64(bitPattern: lower ^ ((lower &>> 63) & Int64.max)))
        }
        return sum.mean(count: 2)
    }

    /// Negative doubles have the reverse order of their bits; flipping all bits but the sign makes it right.
    static func key(_ bits: UInt64, _ type: ValueType) -> Int64 {
        let signed = Int64(bitPattern: bits)
        return type == .double ? signed ^ ((signed &>> 63) & Int64.max) : signed
    }

    /// The element with `rank` smaller or equal ones before it in order; reorders what it looks at.
    ///
    /// Cost: linear whatever the values: a digit of 8 bits a time, going on with the keys that have it.
    private static func select(_ rank: Int, in keys: UnsafeMutableBufferPointer<Int64>) -> Int64 {
        var rest = keys.count
        var rank = rank
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { counts in
            for shift in stride(from: Int64(56), through: 0, by: -8) where rest > 1 {
                // The sign bit is turned so that negative keys come first.
                let flip: UInt8 = shift == 56 ? 0x80 : 0
                func digit(_ key: Int64) -> UInt8 { UInt8(truncatingIfNeeded: key &>> shift) ^ flip }
                counts.update(repeating: 0)
                for index in 0..<rest { counts[Int(digit(keys[index]))] += 1 }
                var wanted = 0
                while rank >= counts[wanted] {
                    rank -= counts[wanted]
                    wanted += 1
                }
                var kept = 0
                for index in 0..<rest where Int(digit(keys[index])) == wanted {
                    keys[kept] = keys[index]
                    kept += 1
                }
                rest = kept
            }
            return keys[0]
        }
    }
}
