// GeneratedSeries.swift — makes series of every type, many shapes and any length from a seed.

import VarveModel
import VarveTestSupport

/// Makes series that a codec might stumble over.
struct SeriesGenerator {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Samples of a type with ascending times.
    mutating func series(_ type: ValueType, count: Int) -> SampleColumns {
        var columns = SampleColumns(type: type)
        let times = times(count)
        let shape = Int.random(in: 0..<6, using: &random)
        let gaps = [0, 0, 3, 40][Int.random(in: 0..<4, using: &random)]
        let qualities = Int.random(in: 0..<4, using: &random)
        var level: Int64 = 0
        for index in 0..<count {
            level &+= Int64.random(in: -30...35, using: &random)
            let value = value(type, shape, level, index)
            let isGap = gaps > 0 && Int.random(in: 0..<100, using: &random) < gaps
            let quality: Int32? =
                switch qualities {
                case 0: nil
                case 1: 0
                case 2: Int32.random(in: 0...3, using: &random)
                default: index % 700 < 50 ? .min : .max
                }
            // A sample without a value has a quality.
            columns.append(
                Sample(
                    time: Timestamp(nanoseconds: times[index]), value: isGap ? nil : value,
                    quality: isGap ? quality ?? 1 : quality))
        }
        return columns
    }

    /// Ascending times: even, in steps with gaps, with jitter, in milliseconds, anywhere, or at both ends of time.
    private mutating func times(_ count: Int) -> [Int64] {
        let start = Int64.random(in: -1_000_000_000...2_000_000_000, using: &random) * 1_000_000_000
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return (0..<count).map { start + Int64($0) * 10_000_000_000 }
        case 1: return (0..<count).map { start + Int64($0 + $0 / 97 * 13) * 600_000_000_000 }
        case 2:
            return (0..<count).map {
                start + Int64($0) * 1_000_000 + Int64.random(in: 0..<900_000, using: &random)
            }
        case 3: return ascending(count) { $0 + Int64.random(in: 1...90_000, using: &$1) * 1_000_000 }
        case 4: return ascending(count) { $0 + Int64.random(in: 1...1 << 40, using: &$1) }
        default:
            let half = count / 2
            return (0..<count).map { $0 < half ? .min + Int64($0) : .max - Int64(count - $0) }
        }
    }

    private mutating func ascending(
        _ count: Int, _ next: (Int64, inout SeededGenerator) -> Int64
    ) -> [Int64] {
        var time: Int64 = 0
        return (0..<count).map { _ in
            time = next(time, &random)
            return time
        }
    }

    private mutating func value(_ type: ValueType, _ shape: Int, _ level: Int64, _ index: Int) -> Value {
        switch type {
        case .double: .double(double(shape, level, index))
        case .int64:
            .int64(
                [
                    level, Int64(index), index % 50 == 0 ? .min : 7, Int64(bitPattern: random.next()),
                    level / 9, 0,
                ][
                    shape])
        case .bool:
            .bool([level > 0, index / 300 % 2 == 0, true, random.next() % 2 == 0, false, index > 9][shape])
        case .string: .string(text(shape, level))
        case .json: .json("{\"state\":\"\(shape)\",\"values\":[\(level),\(index % 5)]}")
        }
    }

    private mutating func double(_ shape: Int, _ level: Int64, _ index: Int) -> Double {
        switch shape {
        case 0: Double(level) / 100
        case 1: Double(bitPattern: random.next())
        case 2: Double(Float(Double(level) / 10))
        case 3: (Double(index) / 50).squareRoot()
        case 4:
            [
                -0.0, .nan, .infinity, .signalingNaN, .leastNonzeroMagnitude, -1.7976931348623157e308,
                Double(level),
            ][
                Int.random(in: 0..<7, using: &random)]
        default: index % 900 < 400 ? 0 : Double(level).nextUp
        }
    }

    private mutating func text(_ shape: Int, _ level: Int64) -> String {
        switch shape {
        case 0: ["run", "stop", "", "Störung"][Int.random(in: 0..<4, using: &random)]
        case 1: "reading number \(level) of a long text"
        case 2: String(repeating: "x", count: Int.random(in: 0..<40, using: &random))
        case 3: "\(random.next())"
        case 4: "e\u{301}"
        default: "é"
        }
    }
}
