// RankSearch.swift — the middle values of more samples than fit in memory, by reading them four times.
//
// Each pass counts the values that begin with the bits known so far by their next 16 bits.
//
// Invariants:
// - Memory: two tables of 65,536 counters.
// - Exact: after four passes all 64 bits of both middle values are known.

internal import VarveModel

/// Finds the two middle values of a bucket (the same one twice if their number is odd).
struct RankSearch {
    private struct Target {
        var rank: Int
        /// The bits known so far, at the low end.
        var prefix: UInt64 = 0
        var counts = [Int](repeating: 0, count: 1 << 16)
    }

    /// How often the samples have to be read.
    static let passes = 4

    private let type: ValueType
    private var targets: [Target]
    private var pass = 0

    /// - Parameter count: The number of values that count, at least 1.
    init(_ type: ValueType, count: Int) {
        self.type = type
        targets = [Target(rank: (count - 1) / 2), Target(rank: count / 2)]
    }

    /// Takes samples of the current pass.
    mutating func add(
        _ bits: UnsafeBufferPointer<UInt64>, states: UnsafeBufferPointer<UInt64>, _ plan: AggregationPlan
    ) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: bits.count) { chosen in
            guard let target = chosen.baseAddress else { return }
            let kept = plan.choose(bits, states, into: target)
            count(UnsafeBufferPointer(start: target, count: kept))
        }
    }

    private mutating func count(_ values: UnsafeBufferPointer<UInt64>) {
        let shift = UInt64(48 - 16 * pass)
        for index in targets.indices {
            let prefix = targets[index].prefix
            for bits in values {
                // The sign bit is turned so that negative keys come first.
                let key = UInt64(bitPattern: MedianKeys.key(bits, type)) ^ 1 << 63
                // In the first pass all 64 bits are shifted out.
                guard key >> (shift + 16) == prefix else { continue }
                targets[index].counts[Int(key >> shift & 0xFFFF)] += 1
            }
        }
    }

    /// Ends a pass.
    mutating func endPass() {
        for index in targets.indices {
            var digit = 0
            while digit < 0xFFFF, targets[index].rank >= targets[index].counts[digit] {
                targets[index].rank -= targets[index].counts[digit]
                digit += 1
            }
            targets[index].prefix = targets[index].prefix << 16 | UInt64(digit)
            targets[index].counts = [Int](repeating: 0, count: 1 << 16)
        }
        pass += 1
    }

    /// The median, after all passes.
    var median: Double {
        let keys = targets.map { Int64(bitPattern: $0.prefix ^ 1 << 63) }
        return MedianKeys.mean(keys[0], keys[1], type)
    }
}
