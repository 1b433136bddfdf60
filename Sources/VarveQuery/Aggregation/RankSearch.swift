// RankSearch.swift — finds the middle values of samples that do not fit in memory, in four reads.
//
// Each pass takes the values that begin with the bits known so far, and counts them by their next 16 bits.
//
// Invariants:
// - Memory: two tables of 65,536 counters.
// - After four passes all 64 bits of both middle values are known, so the median is exact.

internal import VarveModel

/// Finds the two middle values of a bucket; they are the same if the number of values is odd.
struct RankSearch {
    private struct Target {
        var rank: Int
        /// The bits known so far, in the lowest bits.
        var prefix: UInt64 = 0
        var counts = [Int](repeating: 0, count: 1 << 16)
    }

    /// The number of times that the samples are read.
    static let passes = 4

    private let type: ValueType
    private var targets: [Target]
    private var pass = 0

    /// Begins a search.
    ///
    /// - Parameter count: The number of values that count, at least 1.
    init(_ type: ValueType, count: Int) {
        self.type = type
        targets = [Target(rank: (count - 1) / 2), Target(rank: count / 2)]
    }

    /// Adds samples to the current pass.
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
                // The sign bit is flipped so that negative keys come first.
                let key = UInt64(bitPattern: MedianKeys.key(bits, type)) ^ 1 << 63
                // In the first pass all 64 bits are shifted out.
                guard key >> (shift + 16) == prefix else { continue }
                targets[index].counts[Int(key >> shift & 0xFFFF)] += 1
            }
        }
    }

    /// Ends a pass: adds 16 bits to the prefix of both values.
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
