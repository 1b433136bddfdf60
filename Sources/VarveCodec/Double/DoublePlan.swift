// DoublePlan.swift — how a column of doubles is encoded, decided by cost, and the writing of it.
//
// Invariants:
// - Writing must be given the values that the plan was made from.

struct DoublePlan {
    private let transform: DoubleTransform
    private let result: DoubleTransform.Result
    private let integers: IntegerPlan
    private let differences: IntegerPlan?
    /// The estimated size of the body.
    private(set) var bits: Int
    private var dictionary: Dictionary?
    private var sparse: Sparse?

    private struct Sparse {
        let split: SparseSplit
        let runs: IntegerPlan
        /// The plan of the other values: one element, in an array because a struct cannot hold itself.
        let others: [DoublePlan]
    }

    private struct Dictionary {
        let distinct: DistinctValues
        let indexPlan: FlatPlan
        let entryPatterns: [Int64]
        let entryBody: [UInt8]
    }

    /// Plans 1...8192 bit patterns.
    init(
        _ values: UnsafeBufferPointer<Int64>, effort: Effort, allowsDictionary: Bool = true,
        sparseDepth: Int = 0
    ) {
        self.init(
            values, transform: TransformSearch.best(values, effort: effort), effort: effort,
            allowsDictionary: allowsDictionary)
        if allowsDictionary && sparseDepth < DoubleBody.maximumSparseDepth {
            considerSparse(values, effort: effort, depth: sparseDepth + 1)
        }
    }

    /// Plans a column with the choices of the column before it if they still suit, and otherwise by a search.
    init(_ values: UnsafeBufferPointer<Int64>, effort: Effort, hint: inout ColumnHint, isHinted: inout Bool) {
        if effort == .standard, let choice = hint.choiceToReuse(count: values.count),
            let plan = DoublePlan(values, choice),
            hint.isAsCheap(plan.bits, count: values.count) || plan.isConfirmed(values, hint)
        {
            self = plan
            isHinted = true
            hint.noteCost(bits: bits, count: values.count)
            return
        }
        self.init(values, effort: effort)
        hint.learn(choice, bits: bits, count: values.count)
    }

    /// Whether a search would choose the same transform: then it is the values that became more costly.
    private func isConfirmed(_ values: UnsafeBufferPointer<Int64>, _ hint: ColumnHint) -> Bool {
        sparse == nil && hint.isWorthRecheck(bits, count: values.count)
            && TransformSearch.best(values, effort: .standard) == transform
    }

    /// The choices of this plan for the next column.
    ///
    /// Nil if they hold for these values only, or explain so little that the next column may do better.
    private var choice: ColumnHint.Choice? {
        if let sparse { return sparse.others.first?.choice.map { .sparse($0) } }
        switch transform {
        case .bits, .float, .fixed: return nil
        case .decimal, .predicted, .significant: break
        }
        var forms = integers.forms.union(differences?.forms ?? [])
        if let dictionary { forms.formUnion(dictionary.indexPlan.forms) }
        return .plain(
            transform, usesDictionary: dictionary != nil || integers.usesDictionary, forms: forms)
    }

    /// Plans a column with given choices.
    ///
    /// Nil if the column is not of their kind.
    private init?(_ values: UnsafeBufferPointer<Int64>, _ choice: ColumnHint.Choice) {
        switch choice {
        case .plain(let transform, let usesDictionary, let forms):
            self.init(
                values, transform: transform, effort: .standard, allowsDictionary: usesDictionary,
                forms: forms)
        case .sparse(let inner):
            guard let split = SparseSplit(values) else { return nil }
            let others = split.others.withUnsafeBufferPointer { DoublePlan($0, inner) }
            guard let others else { return nil }
            let runs = split.lengths.withUnsafeBufferPointer {
                IntegerPlan($0, effort: .standard, allowsDictionary: false)
            }
            // The rest of the plan is not written: a sparse body replaces it.
            self.init(
                UnsafeBufferPointer(rebasing: values[..<0]), transform: .bits, effort: .standard,
                allowsDictionary: false)
            bits = 128 + runs.bits + others.bits
            sparse = Sparse(split: split, runs: runs, others: [others])
        }
    }

    init(
        _ values: UnsafeBufferPointer<Int64>, transform: DoubleTransform, effort: Effort,
        allowsDictionary: Bool, forms: VectorForms = .all
    ) {
        self.transform = transform
        let result = transform.apply(values)
        self.result = result
        differences =
            result.differences.isEmpty
            ? nil
            : result.differences.withUnsafeBufferPointer {
                IntegerPlan($0, effort: effort, allowsDictionary: false, forms: forms)
            }
        // A dictionary of doubles also covers the values that the transform leaves over.
        let leftOver =
            differences.map { $0.bits > 200 } ?? (!result.exceptions.isEmpty || !result.lowBits.isEmpty)
        let allowsIntegers = allowsDictionary && (result.differences.isEmpty || !leftOver)
        integers = result.integers.withUnsafeBufferPointer {
            IntegerPlan($0, effort: effort, allowsDictionary: allowsIntegers, forms: forms)
        }
        bits =
            40 + integers.bits + (differences?.bits ?? 0) + Self.bits(of: result.exceptions)
            + 8 * result.lowBits.count
        if allowsDictionary && leftOver { considerDictionary(values, effort: effort) }
    }

    /// The estimated size of a transformed column.
    static func bits(of result: DoubleTransform.Result, effort: Effort) -> Int {
        var total = 40 + bits(of: result.exceptions) + 8 * result.lowBits.count
        for column in [result.integers, result.differences] where !column.isEmpty {
            total += column.withUnsafeBufferPointer {
                IntegerPlan($0, effort: effort, allowsDictionary: false).bits
            }
        }
        return total
    }

    private static func bits(of exceptions: Exceptions) -> Int {
        if exceptions.isEmpty { return 0 }
        return [exceptions.positions, exceptions.patterns].reduce(16) { sum, column in
            sum
                + column.withUnsafeBufferPointer {
                    IntegerPlan($0, effort: .standard, allowsDictionary: false).bits
                }
        }
    }

    /// Bit patterns ⇄ integers in the order of the doubles; its own inverse.
    private static func ordered(_ pattern: Int64) -> Int64 { pattern ^ ((pattern &>> 63) & .max) }

    private mutating func considerDictionary(_ values: UnsafeBufferPointer<Int64>, effort: Effort) {
        if values.count < 32 || bits < 3 * values.count { return }
        let keys = values.map(Self.ordered)
        let found = keys.withUnsafeBufferPointer { DistinctValues($0, limit: values.count / 3) }
        guard let distinct = found else { return }
        let indexPlan = distinct.indexes.withUnsafeBufferPointer { FlatPlan($0, effort: effort) }
        if indexPlan.bits >= bits { return }
        let patterns = distinct.entries.map(Self.ordered)
        var body = ByteWriter()
        patterns.withUnsafeBufferPointer {
            DoublePlan($0, effort: effort, allowsDictionary: false).write($0, layout: .packed, into: &body)
        }
        let cost = 48 + indexPlan.bits + 8 * body.count
        if cost < bits {
            bits = cost
            dictionary = Dictionary(
                distinct: distinct, indexPlan: indexPlan, entryPatterns: patterns, entryBody: body.bytes)
        }
    }

    private mutating func considerSparse(_ values: UnsafeBufferPointer<Int64>, effort: Effort, depth: Int) {
        if bits < 4 * values.count { return }
        guard let split = SparseSplit(values) else { return }
        let runs = split.lengths.withUnsafeBufferPointer {
            IntegerPlan($0, effort: effort, allowsDictionary: false)
        }
        if runs.bits >= bits { return }
        let others = split.others.withUnsafeBufferPointer {
            DoublePlan($0, effort: effort, sparseDepth: depth)
        }
        let cost = 128 + runs.bits + others.bits
        if cost < bits {
            bits = cost
            sparse = Sparse(split: split, runs: runs, others: [others])
        }
    }

    private func write(
        _ sparse: Sparse, layout: IntegerPlan.Layout, into writer: inout ByteWriter
    ) {
        writer.append(ColumnEncoding.sparse.rawValue)
        writer.append(UInt64(bitPattern: sparse.split.pattern))
        writer.appendVarint(UInt64(sparse.split.others.count))
        writer.appendVarint(UInt64(sparse.split.lengths.count))
        writer.appendSized { nested in
            sparse.split.lengths.withUnsafeBufferPointer { sparse.runs.write($0, into: &nested) }
        }
        sparse.split.others.withUnsafeBufferPointer { others in
            sparse.others.first?.write(others, layout: layout, into: &writer)
        }
    }

    /// Whether byte planes could become smaller than packed bits by LZ4.
    var isWorthPlanes: Bool {
        if let sparse { return sparse.others.contains { $0.isWorthPlanes } }
        return dictionary != nil || integers.isWorthPlanes || transform == .bits
    }

    /// Writes the body of a column with the planned values.
    func write(
        _ values: UnsafeBufferPointer<Int64>, layout: IntegerPlan.Layout, into writer: inout ByteWriter
    ) {
        if let sparse {
            write(sparse, layout: layout, into: &writer)
            return
        }
        if let dictionary {
            writer.append(ColumnEncoding.doubleDictionary.rawValue)
            writer.appendVarint(UInt64(dictionary.distinct.entries.count))
            writer.appendVarint(UInt64(dictionary.entryBody.count))
            writer.bytes.append(contentsOf: dictionary.entryBody)
            IntegerPlan.writeIndexes(
                dictionary.distinct, plan: dictionary.indexPlan, layout: layout, into: &writer)
            return
        }
        switch transform {
        case .bits:
            writer.append(ColumnEncoding.bits.rawValue)
        case .decimal(let exponent):
            writer.append(ColumnEncoding.decimal.rawValue)
            writer.append(UInt8(exponent))
            write(result.exceptions, into: &writer)
        case .float:
            writer.append(ColumnEncoding.float.rawValue)
            write(result.exceptions, into: &writer)
        case .predicted(let prediction):
            writer.append(ColumnEncoding.predicted.rawValue)
            writer.append(prediction.origin.rawValue)
            writer.append(UInt8(prediction.exponent))
            writer.append(UInt8(prediction.digits))
            writer.appendSized { nested in
                result.differences.withUnsafeBufferPointer { differences?.write($0, into: &nested) }
            }
        case .significant(let digits):
            writer.append(ColumnEncoding.significant.rawValue)
            writer.append(UInt8(digits.exponent))
            writer.append(UInt8(digits.digits))
            write(result.exceptions, into: &writer)
        case .fixed(let point):
            writer.append(ColumnEncoding.fixed.rawValue)
            writer.append(UInt8(point.precision))
            writer.append(UInt16(point.top))
            write(result.exceptions, into: &writer)
            writer.appendVarint(UInt64(result.lowBits.count))
            writer.bytes.append(contentsOf: result.lowBits)
        }
        result.integers.withUnsafeBufferPointer { integers.write($0, layout: layout, into: &writer) }
    }

    private func write(_ exceptions: Exceptions, into writer: inout ByteWriter) {
        writer.appendVarint(UInt64(exceptions.positions.count))
        if exceptions.isEmpty { return }
        for column in [exceptions.positions, exceptions.patterns] {
            writer.appendSized { nested in
                column.withUnsafeBufferPointer { IntegerPlan($0, effort: .standard).write($0, into: &nested) }
            }
        }
    }
}
