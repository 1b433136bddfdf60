// MedianKeys.swift — collects the values of a bucket as sortable keys, for the median.
//
// Up to `limit` values are kept. If a bucket has more, they are only counted. The bucket is then read four more times,
// and each time gives 16 bits of the median (RankSearch.swift). Memory stays bounded and the answer exact.
//
// Invariants:
// - A key is a signed integer with the order of the values; −0 is before +0.
// - The median of an even number is the mean of the two in the middle, rounded once.

internal import VarveModel
import VarveSegment

/// Collects values for the median.
struct MedianKeys: Sendable {
    /// The most values that are kept; they take 8 MiB, and as much again while the median is computed.
    static let limit = 1 << 20

    private(set) var keys: [Int64] = []
    /// The number of values in the bucket, kept or not.
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

    /// The median, or nil if there are no values or too many.
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

    /// The key of a value.
    ///
    /// Negative doubles have the reverse order of their bits, so all their bits but the sign are flipped.
    static func key(_ bits: UInt64, _ type: ValueType) -> Int64 {
        let signed = Int64(bitPattern: bits)
        return type == .double ? signed ^ ((signed &>> 63) & Int64.max) : signed
    }

    /// The key at position `rank` in ascending order; overwrites `keys`.
    ///
    /// Cost: linear for all values. Each pass finds 8 bits of the key and keeps the keys that have them.
    private static func select(_ rank: Int, in keys: UnsafeMutableBufferPointer<Int64>) -> Int64 {
        var rest = keys.count
        var rank = rank
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { counts in
            for shift in stride(from: Int64(56), through: 0, by: -8) where rest > 1 {
                // The sign bit is flipped so that negative keys come first.
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
