// Batches.swift — batches of every type and size, from a seed.

import VarveModel
import VarveTestSupport

enum Batches {
    static func key(_ point: String) -> SeriesKey {
        SeriesKey(product: "wind", device: "Gerät 1", point: point)
    }

    /// A series of random samples, with qualities and missing values if asked for.
    static func series(
        _ point: String, _ type: ValueType, rows: Int, plain: Bool = false,
        _ random: inout SeededGenerator
    ) -> SeriesRows {
        var columns = SampleColumns(type: type)
        for row in 0..<rows {
            let quality: Int32? = plain ? nil : [nil, 0, -1, .max, .min].randomElement(using: &random) ?? nil
            let isMissing = !plain && quality != nil && row % 7 == 3
            columns.append(
                Sample(
                    time: Timestamp(nanoseconds: Int64.random(in: .min ... .max, using: &random)),
                    value: isMissing ? nil : value(type, &random), quality: quality))
        }
        return SeriesRows(key: key(point), type: type, policy: .first, columns: columns)
    }

    private static func value(_ type: ValueType, _ random: inout SeededGenerator) -> Value {
        switch type {
        case .double: .double(Double(bitPattern: random.next()))
        case .int64: .int64(Int64(bitPattern: random.next()))
        case .bool: .bool(Bool.random(using: &random))
        case .string: .string(["", "läuft", "🙂", "a"].randomElement(using: &random) ?? "")
        case .json: .json(#"{"a":[1]}"#)
        }
    }

    /// A batch with a series of each type.
    static func mixed(rows: Int, part: SampleBatch.Part? = nil, seed: UInt64) -> SampleBatch {
        var random = SeededGenerator(seed: seed)
        return SampleBatch(
            series: ValueType.allCases.map { series("p-\($0.name)", $0, rows: rows, &random) }, part: part)
    }

    static func one(_ index: UInt32 = 0, isLast: Bool = false) -> SampleBatch {
        var random = SeededGenerator(seed: UInt64(index))
        return SampleBatch(
            series: [series("p", .double, rows: 3, &random)], part: .init(index: index, isLast: isLast))
    }
}

extension SampleBatch {
    /// Whether both say the same.
    func equals(_ other: SampleBatch) -> Bool {
        part == other.part && reapply == other.reapply && policyMark == other.policyMark
            && series.count == other.series.count
            && zip(series, other.series).allSatisfy {
                $0.key == $1.key && $0.type == $1.type && $0.policy == $1.policy && $0.columns == $1.columns
            }
    }
}
