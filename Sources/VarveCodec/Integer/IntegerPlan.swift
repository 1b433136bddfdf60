// IntegerPlan.swift — whether a column of integers gets a scale, a dictionary or neither, decided by cost.
//
// Invariants:
// - Writing must be given the values that the plan was made from.
// - `bits` is the estimated size of the packed body. Byte planes are larger and rely on LZ4.

struct IntegerPlan {
    /// How the integers of the body are laid out.
    enum Layout {
        /// By bits: the smallest without LZ4.
        case packed
        /// By bytes: larger without LZ4, which finds repeats in it.
        case planes
    }

    private struct Dictionary {
        let distinct: DistinctValues
        let entryPlan: FlatPlan
        let indexPlan: FlatPlan
    }

    private var scale: (base: Int64, divisor: CommonDivisor)?
    private var scaledValues: [Int64] = []
    private var flat: FlatPlan
    private var dictionary: Dictionary?
    private var planeBase: Int64 = 0
    private var planeSize = 0
    /// The estimated size of the packed body.
    private(set) var bits: Int

    /// Plans 1...8192 values.
    init(
        _ values: UnsafeBufferPointer<Int64>, effort: Effort, allowsDictionary: Bool = true,
        forms: VectorForms = .all
    ) {
        flat = FlatPlan(values, effort: effort, onlyTrivial: true)
        bits = flat.bits
        if flat.isTrivial { return }
        let divisor = CommonDivisor(of: values)
        let header =
            16 + VectorPlan.headerBits(values[0]) + VectorPlan.headerBits(Int64(bitPattern: divisor.value))
        let saved = values.count * (BitPacking.width(of: divisor.value) - 1)
        if divisor.value > 1 && saved > header {
            let base = values[0]
            scale = (base, divisor)
            scaledValues = values.map { divisor.quotient($0 &- base) }
            scaledValues.withUnsafeBufferPointer { plan($0, effort, allowsDictionary, forms) }
            bits += header
        } else {
            plan(values, effort, allowsDictionary, forms)
        }
    }

    private mutating func plan(
        _ values: UnsafeBufferPointer<Int64>, _ effort: Effort, _ allowsDictionary: Bool, _ forms: VectorForms
    ) {
        flat = FlatPlan(values, effort: effort, forms: forms)
        bits = flat.bits
        var low = values[0]
        var high = low
        for value in values {
            low = min(low, value)
            high = max(high, value)
        }
        let range = UInt64(bitPattern: high &- low)
        planeBase = low
        planeSize = max(1, (BitPacking.width(of: range) + 7) / 8)
        if !allowsDictionary || values.count < 32 || flat.bits < 3 * values.count { return }
        // If the values cover a third of the range between lowest and highest, indexes save hardly a bit.
        let limit = Int(min(UInt64(values.count), range) / 3)
        guard let distinct = DistinctValues(values, limit: limit) else { return }
        let entryPlan = distinct.entries.withUnsafeBufferPointer {
            FlatPlan($0, effort: effort, forms: forms)
        }
        let indexPlan = distinct.indexes.withUnsafeBufferPointer {
            FlatPlan($0, effort: effort, forms: forms)
        }
        let cost = 48 + entryPlan.bits + indexPlan.bits
        if cost < bits {
            bits = cost
            dictionary = Dictionary(distinct: distinct, entryPlan: entryPlan, indexPlan: indexPlan)
        }
    }

    /// Whether a dictionary is the cheapest.
    var usesDictionary: Bool { dictionary != nil }

    /// The families of the forms of all vectors.
    var forms: VectorForms {
        guard let dictionary else { return flat.forms }
        return flat.forms.union(dictionary.entryPlan.forms).union(dictionary.indexPlan.forms)
    }

    /// Whether byte planes, compressed by LZ4, could become smaller than packed bits.
    var isWorthPlanes: Bool { !flat.isTrivial && (dictionary != nil || planeSize <= 2) }

    /// Writes the body of a column with the planned values.
    func write(_ values: UnsafeBufferPointer<Int64>, layout: Layout = .packed, into writer: inout ByteWriter)
    {
        guard let scale else {
            writeUnscaled(values, layout: layout, into: &writer)
            return
        }
        writer.append(ColumnEncoding.scaled.rawValue)
        writer.appendSigned(scale.base)
        writer.appendVarint(scale.divisor.value)
        scaledValues.withUnsafeBufferPointer { writeUnscaled($0, layout: layout, into: &writer) }
    }

    private func writeUnscaled(
        _ values: UnsafeBufferPointer<Int64>, layout: Layout, into writer: inout ByteWriter
    ) {
        if let dictionary {
            writer.append(ColumnEncoding.dictionary.rawValue)
            let distinct = dictionary.distinct
            writer.appendVarint(UInt64(distinct.entries.count))
            writer.appendSized { nested in
                distinct.entries.withUnsafeBufferPointer { dictionary.entryPlan.write($0, into: &nested) }
            }
            Self.writeIndexes(distinct, plan: dictionary.indexPlan, layout: layout, into: &writer)
        } else if layout == .planes && !flat.isTrivial {
            Self.writePlanes(values, base: planeBase, size: planeSize, into: &writer)
        } else {
            flat.write(values, into: &writer)
        }
    }

    /// Writes the indexes of a dictionary, of integers or of doubles.
    static func writeIndexes(
        _ distinct: DistinctValues, plan: FlatPlan, layout: Layout, into writer: inout ByteWriter
    ) {
        distinct.indexes.withUnsafeBufferPointer { indexes in
            if layout == .planes && !plan.isTrivial {
                let size = distinct.entries.count <= 256 ? 1 : 2
                writePlanes(indexes, base: 0, size: size, into: &writer)
            } else {
                plan.write(indexes, into: &writer)
            }
        }
    }

    static func writePlanes(
        _ values: UnsafeBufferPointer<Int64>, base: Int64, size: Int, into writer: inout ByteWriter
    ) {
        writer.append(ColumnEncoding.planes.rawValue)
        writer.appendSigned(base)
        writer.append(UInt8(size))
        BytePlanes.encode(values, base: base, size: size, into: &writer)
    }
}
