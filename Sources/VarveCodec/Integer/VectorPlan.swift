// VectorPlan.swift — which form a vector takes: the cheapest, by exact cost.
//
// Invariants:
// - `bits` is the size of the encoded vector, give or take a byte or two of varint headers.

struct VectorPlan {
    private(set) var form: VectorForm
    private(set) var packing: PackingPlan
    /// The Rice code that replaces the packing, in the forms that have one.
    private(set) var rice: RicePlan?
    /// The grid, in the form that has one.
    private(set) var grid: GridPlan?
    private(set) var bits: Int

    /// Plans a vector of 1...1024 values.
    ///
    /// - Parameter scratch: Room for `scratchCount` values.
    /// - Parameter forms: The families of forms to try. Forms that cost nothing to find are always tried.
    init(
        _ values: UnsafePointer<Int64>, count: Int, scratch: UnsafeMutablePointer<Int64>, effort: Effort,
        forms: VectorForms = .all
    ) {
        let plain = PackingPlan(values, count: count)
        form = .constant
        packing = plain
        bits = 8 + Self.headerBits(plain.base)
        if plain.width == 0 { return }

        form = .frame
        bits = .max / 2
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
        if forms.contains(.runs) { considerRuns(deltas + 1, plain: plain, count: count) }
        let orders = count > 4 ? 3 : 2
        let guesses = (0..<orders).filter { forms.contains(.order($0)) }.map {
            VectorGuess(
                values, count: count, order: $0, scratch: sorted, effort: effort,
                looksAtRice: forms.contains(.rice))
        }
        // A sample misses outliers, but what is much more expensive than the best in the sample stays so.
        var limit = min(plain.bits, delta.bits)
        for guess in guesses { limit = min(limit, guess.frameBits, guess.riceBits) }
        limit = effort == .standard ? limit + limit / 12 + 64 : .max / 2
        considerFrames(
            guesses, values, plain, delta, count: count, deltas: deltas, limit: limit)
        considerRice(guesses, values, count: count, scratch: scratch, limit: limit, effort: effort)
        let plainBits = 8 + Self.headerBits(plain.base) + plain.bits
        if !forms.contains(.values) && plainBits < bits {
            (form, packing, rice, bits) = (.frame, plain, nil, plainBits)
        }
        guard forms.contains(.grid) else { return }
        grid = GridPlan.best(values, count: count, scratch: scratch, budget: bits)
        if let grid {
            form = .grid
            bits = grid.bits
        }
    }

    /// Tries frames of the values, of their differences and of the differences of those.
    private mutating func considerFrames(
        _ guesses: [VectorGuess], _ values: UnsafePointer<Int64>, _ plain: PackingPlan, _ delta: PackingPlan,
        count: Int, deltas: UnsafeMutablePointer<Int64>, limit: Int
    ) {
        let header = Self.headerBits(values[0])
        for guess in guesses {
            switch guess.order {
            case 0: considerFrame(.frame, plain, guess, leads: 0, values, count: count, limit: limit)
            case 1:
                considerFrame(.delta, delta, guess, leads: header, deltas + 1, count: count - 1, limit: limit)
            default:
                guard guess.frameBits <= limit else { continue }
                let leads = header + Self.headerBits(deltas[1])
                Self.differences(deltas + 1, count: count - 1, into: deltas + 1)
                let curve = PackingPlan(deltas + 2, count: count - 2)
                considerFrame(.delta2, curve, guess, leads: leads, deltas + 2, count: count - 2, limit: limit)
            }
        }
    }

    /// Tries the Rice code of the best guess, or all of them at thorough effort.
    private mutating func considerRice(
        _ guesses: [VectorGuess], _ values: UnsafePointer<Int64>, count: Int,
        scratch: UnsafeMutablePointer<Int64>, limit: Int, effort: Effort
    ) {
        var candidates = guesses.filter { $0.riceBits <= limit && $0.riceBits <= bits + bits / 8 }
        if effort == .standard, let best = candidates.min(by: { $0.riceBits < $1.riceBits }) {
            candidates = [best]
        }
        // A Rice code takes longer to decode, so it must save something.
        var budget = bits - min(bits / 64, count / 8)
        for candidate in candidates {
            guard var plan = candidate.rice else { continue }
            plan.refineLowBits(values, count: count, scratch: scratch)
            if plan.bits < budget {
                (rice, form, bits, budget) = (plan, .rice(order: plan.order), plan.bits, plan.bits)
            }
        }
    }

    /// The room, in values, that planning and writing need as scratch memory.
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

    /// The number of bits of a zigzag varint.
    static func headerBits(_ value: Int64) -> Int {
        8 * max(1, (BitPacking.width(of: ZigZag.encode(value)) + 6) / 7)
    }

    private mutating func considerFrame(
        _ candidate: VectorForm, _ plan: PackingPlan, _ guess: VectorGuess, leads: Int,
        _ values: UnsafePointer<Int64>, count: Int, limit: Int
    ) {
        var plan = plan
        // A saving of less than one part in 64 is not worth it.
        let goal = min(bits, plan.bits, limit)
        if guess.frameBits < goal - goal / 64 {
            plan.considerExceptions(guess.window, values, count: count)
        }
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
