// FlatPlan.swift — a column of integers without scale or dictionary: its form and its cost, then its writing.
//
// Invariants:
// - `bits` is the size of the body, give or take a few bytes of headers. Candidates are compared by it.
// - Writing must be given the values that the plan was made from.

struct FlatPlan {
    private enum Kind {
        case constant
        case step
        case vectors([VectorPlan])
    }

    private var kind: Kind
    /// The estimated size of the body.
    private(set) var bits: Int

    /// Plans 1...8192 values.
    ///
    /// With `onlyTrivial` it stops before it would have to look at vectors.
    init(
        _ values: UnsafeBufferPointer<Int64>, effort: Effort, onlyTrivial: Bool = false,
        forms: VectorForms = .all
    ) {
        kind = .constant
        bits = 8
        guard let start = values.baseAddress, let first = values.first else { return }
        bits += VectorPlan.headerBits(first)
        if Self.hasStep(values, 0) { return }
        if values.count > 2 && Self.hasStep(values, values[1] &- first) {
            kind = .step
            bits += VectorPlan.headerBits(values[1] &- first)
            return
        }
        kind = .vectors([])
        if onlyTrivial { return }
        var plans: [VectorPlan] = []
        bits = 8
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: VectorPlan.scratchCount) { room in
            guard let scratch = room.baseAddress else { return }
            for begin in stride(from: 0, to: values.count, by: BlockLimits.vector) {
                let size = min(BlockLimits.vector, values.count - begin)
                let plan = VectorPlan(
                    start + begin, count: size, scratch: scratch, effort: effort, forms: forms)
                bits += plan.bits
                plans.append(plan)
            }
        }
        kind = .vectors(plans)
    }

    /// Whether the column is a constant or a constant step: nothing could be cheaper.
    var isTrivial: Bool {
        if case .vectors = kind { false } else { true }
    }

    /// The families of the forms of the vectors.
    var forms: VectorForms {
        guard case .vectors(let plans) = kind else { return [] }
        return plans.reduce(into: []) { $0.formUnion($1.form.family) }
    }

    /// Whether each value is the one before it plus `step`.
    private static func hasStep(_ values: UnsafeBufferPointer<Int64>, _ step: Int64) -> Bool {
        for index in 1..<max(values.count, 1) where values[index] &- values[index - 1] != step {
            return false
        }
        return true
    }

    /// Writes the body of a column with the planned values.
    func write(_ values: UnsafeBufferPointer<Int64>, into writer: inout ByteWriter) {
        guard let start = values.baseAddress, let first = values.first else { return }
        switch kind {
        case .constant:
            writer.append(ColumnEncoding.constant.rawValue)
            writer.appendSigned(first)
        case .step:
            writer.append(ColumnEncoding.step.rawValue)
            writer.appendSigned(first)
            writer.appendSigned(values[1] &- first)
        case .vectors(let plans):
            writer.append(ColumnEncoding.vectors.rawValue)
            withUnsafeTemporaryAllocation(of: Int64.self, capacity: VectorPlan.scratchCount) { room in
                guard let scratch = room.baseAddress else { return }
                for (index, plan) in plans.enumerated() {
                    let begin = index * BlockLimits.vector
                    let size = min(BlockLimits.vector, values.count - begin)
                    VectorEncoder.encode(
                        start + begin, count: size, plan: plan, scratch: scratch, into: &writer)
                }
            }
        }
    }
}
