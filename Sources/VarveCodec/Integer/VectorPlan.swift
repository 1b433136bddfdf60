// VectorPlan.swift — which form a vector takes: the cheapest of all, by exact cost.
//
// Invariants:
// - `bits` is the size of the encoded vector, but for a byte or two of varint headers.

struct VectorPlan {
    private(set) var form: VectorForm
    private(set) var packing: PackingPlan
    /// The Rice code in place of the packing, for the forms that have one.
    private(set) var rice: RicePlan?
    /// The grid, for the form that has one.
    private(set) var grid: GridPlan?
    private(set) var bits: Int

    /// Plans a vector of 1...1024 values.
    ///
    /// - Parameter scratch: Room for `scratchCount` values.
    init(
        _ values: UnsafePointer<Int64>, count: Int, scratch: UnsafeMutablePointer<Int64>, effort: Effort
    ) {
        let plain = PackingPlan(values, count: count)
        form = .constant
        packing = plain
        bits = 8 + Self.headerBits(plain.base)
        if plain.width == 0 { return }

        form = .frame
        bits = .max
        let deltas = scratch + BlockLimits.vector
        let sorted = scratch
        let first = values[0]
        Self.differences(values, count: count, into: deltas)
        let delta = PackingPlan(deltas + 1, count: count - 1)
        if delta.width == 0 {
            form = .step
            packing = delta
            bits = 8 + Self.headerBits(first) + Self.headerBits(delta.base)
            return
        }
        let deltaHeader = Self.headerBits(first)
        take(.delta, delta, leads: deltaHeader, deltas + 1, count: count - 1, sorted: sorted, effort: effort)
        considerRuns(deltas + 1, plain: plain, count: count)
        if count > 4 {
            let header = deltaHeader + Self.headerBits(deltas[1])
            Self.differences(deltas + 1, count: count - 1, into: deltas + 1)
            let curve = PackingPlan(deltas + 2, count: count - 2)
            take(.delta2, curve, leads: header, deltas + 2, count: count - 2, sorted: sorted, effort: effort)
        }
        take(.frame, plain, leads: 0, values, count: count, sorted: sorted, effort: effort)
        rice = RicePlan.best(values, count: count, scratch: scratch, budget: bits, effort: effort)
        if let rice {
            form = VectorForm.rice(order: rice.order)
            bits = rice.bits
        }
        grid = GridPlan.best(values, count: count, scratch: scratch, budget: bits)
        if let grid {
            form = .grid
            bits = grid.bits
        }
    }

    /// The values of scratch room that planning and writing need.
    static let scratchCount = 2 * BlockLimits.vector

    static func differences(
        _ values: UnsafePointer<Int64>, count: Int, into target: UnsafeMutablePointer<Int64>
    ) {
        var previous = values[0]
        for index in 1..<max(count, 1) {
            let value = values[index]
            target[index] = value &- previous
            previous = value
        }
    }

    /// The bits of a zigzag varint.
    static func headerBits(_ value: Int64) -> Int {
        8 * max(1, (BitPacking.width(of: ZigZag.encode(value)) + 6) / 7)
    }

    private mutating func take(
        _ candidate: VectorForm, _ plan: PackingPlan, leads: Int, _ values: UnsafePointer<Int64>, count: Int,
        sorted: UnsafeMutablePointer<Int64>, effort: Effort
    ) {
        var plan = plan
        plan.considerExceptions(values, count: count, scratch: sorted, budget: bits, effort: effort)
        let total =
            8 + leads + Self.headerBits(plan.base) + plan.bits + candidate.leadCount * plan.width
        if total < bits {
            form = plan.exceptions > 0 ? candidate.patched : candidate
            packing = plan
            bits = total
        }
    }

    private mutating func considerRuns(_ deltas: UnsafePointer<Int64>, plain: PackingPlan, count: Int) {
        var runs = 1
        for index in 0..<(count - 1) where deltas[index] != 0 { runs &+= 1 }
        if runs * 2 > count { return }
        var longest = 0
        var start = 0
        for index in 0..<(count - 1) where deltas[index] != 0 {
            longest = max(longest, index &- start)
            start = index &+ 1
        }
        longest = max(longest, count - 1 - start)
        let lengthWidth = BitPacking.width(of: UInt64(longest))
        let total = 40 + Self.headerBits(plain.base) + runs * (plain.width + lengthWidth)
        if total < bits {
            form = .runs
            packing = plain
            bits = total
        }
    }
}
