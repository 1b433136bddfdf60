// SparseSplit.swift — a column split into runs of one frequent value and runs of all other values.
//
// Nights of zeros and gaps of NaN then cost a few bits a run, and do not disturb the values between them.
//
// Invariants:
// - The run lengths alternate, those of the frequent value first, and add up to the number of values.

struct SparseSplit {
    let pattern: Int64
    private(set) var lengths: [Int64] = []
    private(set) var others: [Int64] = []

    /// Splits a column; nil if no value is frequent enough, the runs are too short, or all values are equal.
    init?(_ values: UnsafeBufferPointer<Int64>) {
        guard values.count >= 64, let pattern = Self.frequent(values) else { return nil }
        self.pattern = pattern
        var isPattern = true
        var length: Int64 = 0
        for value in values {
            if (value == pattern) != isPattern {
                lengths.append(length)
                length = 0
                isPattern.toggle()
            }
            length += 1
            if !isPattern { others.append(value) }
        }
        lengths.append(length)
        if others.isEmpty || lengths.count * 2 > values.count { return nil }
    }

    /// The most frequent value of a sample, if it makes up a twentieth of it.
    private static func frequent(_ values: UnsafeBufferPointer<Int64>) -> Int64? {
        let taken = 128
        var sample = (0..<taken).map { values[$0 * values.count / taken] }
        sample.sort()
        var best = (value: sample[0], count: 0)
        var start = 0
        for index in sample.indices {
            if sample[index] != sample[start] { start = index }
            if index - start + 1 > best.count { best = (sample[index], index - start + 1) }
        }
        return best.count * 20 >= taken ? best.value : nil
    }
}
