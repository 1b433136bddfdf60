// PackingPlan.swift — the cheapest base and bit width for a run of integers, with or without exceptions.
//
// Invariants:
// - Without exceptions every value lies in [base, base + 2^width).
// - `bits` is the exact size of the packed values and of their fixed-width fields, without the base.

struct PackingPlan {
    private(set) var base: Int64
    private(set) var width: Int
    /// The number of values outside [base, base + 2^width), written as zigzag differences of `exceptionWidth`
    /// bits.
    private(set) var exceptions = 0
    private(set) var exceptionWidth = 0
    private(set) var bits: Int

    /// Plans at least one value, without exceptions.
    init(_ values: UnsafePointer<Int64>, count: Int) {
        var low = values[0]
        var high = low
        for index in 1..<max(count, 1) {
            low = min(low, values[index])
            high = max(high, values[index])
        }
        base = low
        width = BitPacking.width(of: UInt64(bitPattern: high &- low))
        bits = 8 + count * width
    }

    /// A range of values worth trying, because a sample is cheap in it.
    struct Window {
        var base: Int64
        var width: Int
        /// The bits that the sample takes in this range, including the values outside it.
        var cost: Int
    }

    /// Takes a narrower window, which leaves a few values outside, if that is cheaper.
    ///
    /// - Parameter window: The best window for a sample of the values.
    mutating func considerExceptions(_ window: Window, _ values: UnsafePointer<Int64>, count: Int) {
        if count < 16 || count * width < 128 { return }
        let lowest = base
        for candidate in [window.width, window.width + 1] where candidate < width {
            // The wider window also reaches below the values of the sample, but not below the lowest value.
            let spare = candidate == window.width ? 0 : BitPacking.mask(candidate) &>> 2
            let room = UInt64(bitPattern: window.base &- lowest)
            let start = window.base &- Int64(bitPattern: min(spare, room))
            let outsideBits = consider(base: start, width: candidate, values, count: count)
            if outsideBits <= count { return }  // one more bit for all would cost more than it saves
        }
    }

    /// Sorts a small sample by insertion, which is fastest for it, and a larger one by digits.
    static func sort(_ values: UnsafeMutablePointer<Int64>, count: Int, lowest: Int64, width: Int) {
        if count > smallCount { return sortByDigits(values, count: count, lowest: lowest, width: width) }
        for index in 1..<max(count, 1) {
            let value = values[index]
            var position = index
            while position > 0 && values[position &- 1] > value {
                values[position] = values[position &- 1]
                position &-= 1
            }
            values[position] = value
        }
    }

    /// The most values that are sorted by insertion.
    private static let smallCount = 64

    /// Sorts up to 1024 values in [lowest, lowest + 2^width), eight bits a pass.
    private static func sortByDigits(
        _ values: UnsafeMutablePointer<Int64>, count: Int, lowest: Int64, width: Int
    ) {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: BlockLimits.vector + 256) { room in
            guard let start = room.baseAddress else { return }
            let places = start + BlockLimits.vector
            var (source, target) = (values, start)
            for shift in stride(from: Int64(0), to: Int64(width), by: 8) {
                places.initialize(repeating: 0, count: 256)
                for index in 0..<count {
                    places[Int(truncatingIfNeeded: ((source[index] &- lowest) &>> shift) & 255)] &+= 1
                }
                var place: Int64 = 0
                for digit in 0..<256 { (places[digit], place) = (place, place &+ places[digit]) }
                for index in 0..<count {
                    let digit = Int(truncatingIfNeeded: ((source[index] &- lowest) &>> shift) & 255)
                    target[Int(truncatingIfNeeded: places[digit])] = source[index]
                    places[digit] &+= 1
                }
                swap(&source, &target)
            }
            if source != values { values.update(from: source, count: count) }
        }
    }

    /// The window with the lowest estimated cost in a sorted sample.
    ///
    /// It tries a growing number of values left out. The narrowest span of the others decides the width.
    static func bestWindow(_ sample: UnsafePointer<Int64>, count: Int) -> Window {
        let sampleWidth = BitPacking.width(of: UInt64(bitPattern: sample[count - 1] &- sample[0]))
        var best = Window(base: sample[0], width: sampleWidth, cost: count * sampleWidth)
        var left = 1
        while left * 3 <= count {
            var span = UInt64.max
            var start = 0
            for index in 0...left {
                let reach = UInt64(bitPattern: sample[index &+ count &- 1 &- left] &- sample[index])
                if reach < span { (span, start) = (reach, index) }
            }
            let width = BitPacking.width(of: span)
            let cost = count * width + left * (9 + sampleWidth)
            if cost < best.cost { best = Window(base: sample[start], width: width, cost: cost) }
            left += 1 + left / 4
        }
        return best
    }

    /// Takes a window if it is cheaper, and returns the size in bits of the values outside it.
    private mutating func consider(
        base start: Int64, width candidate: Int, _ values: UnsafePointer<Int64>, count: Int
    ) -> Int {
        let reach = BitPacking.mask(candidate)
        var outside = 0
        var union: UInt64 = 0
        for index in 0..<count {
            let offset = values[index] &- start
            if UInt64(bitPattern: offset) > reach {
                outside &+= 1
                union |= ZigZag.encode(offset)
            }
        }
        let outsideWidth = BitPacking.width(of: union)
        let outsideBits = outside * (8 + outsideWidth)
        let cost = 24 + count * candidate + outsideBits
        if outside > 0 && cost < bits {
            (base, width, exceptions, exceptionWidth, bits) = (start, candidate, outside, outsideWidth, cost)
        } else if outside == 0 && 8 + count * candidate < bits {
            (base, width, exceptions, exceptionWidth) = (start, candidate, 0, 0)
            bits = 8 + count * candidate
        }
        return outsideBits
    }
}
