// BlockStatistics.swift — what an index says about the samples of a block or a vector.
//
// Invariants:
// - `minimum`, `maximum`, `first` and `last` are of the numeric samples: present, not text, not NaN. Without such a
//   sample all four are 0.
// - `total` is exact (see ExactTotal), so it does not depend on the cuts between blocks and vectors.

package import VarveModel

package struct BlockStatistics: Hashable, Sendable {
    /// The kind of the values.
    enum Numbers: Hashable, Sendable {
        /// Texts.
        case none
        case doubles
        /// Integers and booleans.
        case integers
    }

    /// The kind of the values; doubles for numbers of which no sample has a value.
    var numbers = Numbers.none
    /// Samples that have a value.
    package var present = 0
    /// Samples whose value is a NaN.
    var nans = 0
    package var positiveInfinities = 0
    package var negativeInfinities = 0
    /// Samples whose quality is 0 or absent.
    package var good = 0
    /// Whether all samples have the same quality, or none has one.
    var hasOneQuality = true
    /// The smallest numeric sample, as a bit pattern in the series' type like the three below; −0 is below +0.
    package var minimum: UInt64 = 0
    package var maximum: UInt64 = 0
    package var first: UInt64 = 0
    package var last: UInt64 = 0
    /// The exact sum of the numeric samples, without the infinities.
    package var total = ExactTotal()

    init() {}

    /// Samples whose value is a number and not NaN, infinities included.
    package var numeric: Int { numbers == .none ? 0 : present - nans }

    /// Adds the numeric samples to a sum.
    ///
    /// - Throws: `ExactSum.ReadFailure` if a wide sum from a file is malformed.
    package func add(to sum: inout ExactSum) throws(ExactSum.ReadFailure) {
        try sum.add(total)
        sum.positiveInfinities &+= UInt64(positiveInfinities)
        sum.negativeInfinities &+= UInt64(negativeInfinities)
    }

    /// The statistics of samples `range` of a run.
    package init(_ run: SampleRun, _ range: Range<Int>, type: ValueType) {
        var sum = ExactSum()
        self.init(run, range, type: type, sum: &sum)
    }

    /// The statistics of samples `range` of a run.
    ///
    /// - Parameter sum: Memory to work with; afterwards the sum of these samples.
    init(_ run: SampleRun, _ range: Range<Int>, type: ValueType, sum: inout ExactSum) {
        sum.reset()
        numbers = type.isText ? .none : type == .double ? .doubles : .integers
        run.states.withUnsafeBufferPointer { countStates(.init(rebasing: $0[range])) }
        guard case .bits(let bits) = run.values else { return }
        guard present > 0 else {
            numbers = .doubles
            return
        }
        bits.withUnsafeBufferPointer { bits in
            let bits = UnsafeBufferPointer(rebasing: bits[range])
            if present == range.count {
                addNumbers(bits, to: &sum)
            } else {
                let missing = SampleState(isMissing: true).bits
                let values = bits.indices.lazy.filter { run.states[range.lowerBound + $0] & missing == 0 }
                    .map { bits[$0] }
                Array(values).withUnsafeBufferPointer { addNumbers($0, to: &sum) }
            }
        }
        total = ExactTotal(sum)
        positiveInfinities = Int(clamping: sum.positiveInfinities)
        negativeInfinities = Int(clamping: sum.negativeInfinities)
    }

    /// The statistics of parts together.
    ///
    /// - Parameters:
    ///   - parts: In time order.
    ///   - sum: The sum of all parts.
    ///   - oneQuality: Whether all samples of all parts have the same quality.
    init(joining parts: some Collection<BlockStatistics>, sum: borrowing ExactSum, oneQuality: Bool) {
        hasOneQuality = oneQuality
        for part in parts {
            if numeric == 0 {
                (minimum, maximum, first) = (part.minimum, part.maximum, part.first)
            } else if part.numeric > 0 {
                if part.key(part.minimum) < key(minimum) { minimum = part.minimum }
                if part.key(part.maximum) > key(maximum) { maximum = part.maximum }
            }
            if part.numeric > 0 { last = part.last }
            if part.numeric > 0 || numeric == 0 { numbers = part.numbers }
            present += part.present
            nans += part.nans
            good += part.good
        }
        positiveInfinities = Int(clamping: sum.positiveInfinities)
        negativeInfinities = Int(clamping: sum.negativeInfinities)
        total = ExactTotal(sum)
    }

    private mutating func countStates(_ states: UnsafeBufferPointer<UInt64>) {
        guard let head = states.first else { return }
        let missing = SampleState(isMissing: true).bits
        var differences: UInt64 = 0
        for state in states { differences |= state ^ head }
        if differences == 0 {
            present = head & missing == 0 ? states.count : 0
            good = head & 0xFFFF_FFFF == 0 ? states.count : 0
            return
        }
        hasOneQuality = differences & ~missing == 0
        for state in states {
            if state & missing == 0 { present += 1 }
            if state & 0xFFFF_FFFF == 0 { good += 1 }
        }
    }

    private mutating func addNumbers(_ values: UnsafeBufferPointer<UInt64>, to sum: inout ExactSum) {
        guard let head = values.first, let tail = values.last else { return }
        var low = key(head)
        var high = low
        for bits in values {
            let key = key(bits)
            low = min(low, key)
            high = max(high, key)
        }
        // The keys of NaNs are beyond those of the infinities.
        let isNumber = numbers == .integers || (low >= Self.lowestKey && high <= Self.highestKey)
        guard isNumber else {
            let numbers = values.filter { !Double(bitPattern: $0).isNaN }
            nans = values.count - numbers.count
            return numbers.withUnsafeBufferPointer { addNumbers($0, to: &sum) }
        }
        minimum = bits(low)
        maximum = bits(high)
        first = head
        last = tail
        if numbers == .integers {
            sum.add(integerBits: values)
        } else {
            sum.add(doubleBits: values)
        }
    }

    private static let highestKey = Int64(bitPattern: Double.infinity.bitPattern)
    private static let lowestKey = Int64(bitPattern: (-Double.infinity).bitPattern) ^ .max

    /// A signed integer with the order of the numbers.
    @inline(__always)
    private func key(_ bits: UInt64) -> Int64 {
        let word = Int64(bitPattern: bits)
        return numbers == .integers ? word : word ^ ((word >> 63) & .max)
    }

    private func bits(_ key: Int64) -> UInt64 {
        UInt64(bitPattern: numbers == .integers ? key : key ^ ((key >> 63) & .max))
    }
}
