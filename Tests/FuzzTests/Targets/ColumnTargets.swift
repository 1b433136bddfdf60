// ColumnTargets.swift — columns of integers, doubles and texts: any bytes are decoded, any values are encoded
// and back.

import VarveCodec

enum ColumnTargets {
    static let all = [
        FuzzTarget(name: "integers", seeds: integerSeeds, run: decodeIntegers),
        FuzzTarget(name: "doubles", seeds: doubleSeeds, run: decodeDoubles),
        FuzzTarget(name: "texts", seeds: textSeeds, run: decodeTexts),
        FuzzTarget(name: "integers-back", seeds: { [[1, 2, 3, 4, 5, 6, 7, 8]] }, run: integersBack),
        FuzzTarget(name: "doubles-back", seeds: { [[1, 2, 3, 4, 5, 6, 7, 8]] }, run: doublesBack),
        FuzzTarget(name: "texts-back", seeds: { [[1, 2, 3, 4, 5, 6, 7, 8]] }, run: textsBack),
    ]

    /// The most bytes that the texts of a column may have in these targets.
    private static let textLimit = 1 << 20

    // MARK: any bytes

    @Sendable private static func decodeIntegers(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let count = input.count(upTo: BlockLimits.samples)
        guard let values = integers(input.rest, count) else { return nil }
        return backIntegers(values, .standard)
    }

    @Sendable private static func decodeDoubles(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let count = input.count(upTo: BlockLimits.samples)
        guard let patterns = doubles(input.rest, count) else { return nil }
        return backDoubles(patterns, .standard)
    }

    @Sendable private static func decodeTexts(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let count = input.count(upTo: BlockLimits.samples)
        guard
            let (texts, ends) = try? TextColumnCodec.decode(input.rest, count: count, byteLimit: textLimit)
        else { return nil }
        guard ends.count == count, texts.count <= textLimit, ends.last ?? 0 == texts.count else {
            return "texts decode to \(ends.count) of \(count) and \(texts.count) bytes"
        }
        guard zip(ends, ends.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            return "the ends of texts decrease"
        }
        return backTexts(texts, ends, .standard)
    }

    // MARK: any values

    @Sendable private static func integersBack(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let shape = input.byte()
        return backIntegers(values(&input, shape), shape & 1 == 0 ? .standard : .thorough)
    }

    @Sendable private static func doublesBack(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let shape = input.byte()
        let form = input.byte()
        let whole = values(&input, shape)
        let divisor = [1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e9, 1e12, 1e15, 1e22][Int(form >> 2) % 12]
        let patterns = whole.map { value -> UInt64 in
            switch form & 3 {
            case 0: UInt64(bitPattern: value)
            case 1: (Double(value) / divisor).bitPattern
            case 2: Double(Float(Double(value) / divisor)).bitPattern
            // The neighbour of a decimal, as a reader that rounds twice returns it.
            default: (Double(value) / divisor).nextUp.bitPattern
            }
        }
        return backDoubles(patterns, shape & 1 == 0 ? .standard : .thorough)
    }

    @Sendable private static func textsBack(_ bytes: UnsafeRawBufferPointer) -> String? {
        var input = FuzzInput(bytes)
        let shape = input.byte()
        var ends: [Int] = []
        var end = 0
        let texts = Array(input.rest.prefix(4096))
        while end < texts.count, ends.count < BlockLimits.samples {
            end = min(texts.count, end + Int(texts[end]) % (Int(shape) + 1))
            ends.append(end)
            if ends.count > 1, end == ends[ends.count - 2] { end += 1 }
        }
        if !ends.isEmpty { ends[ends.count - 1] = texts.count }
        return ends.isEmpty ? nil : backTexts(texts, ends, shape & 1 == 0 ? .standard : .thorough)
    }

    /// Makes integers of a width and repeats, sums or steps them, as the shape says.
    private static func values(_ input: inout FuzzInput, _ shape: UInt8) -> [Int64] {
        let size = Int(shape >> 1 & 7) + 1
        var values: [Int64] = []
        while !input.rest.isEmpty, values.count < BlockLimits.samples {
            let value = input.integer(size: size)
            switch shape >> 4 & 3 {
            case 0: values.append(value)
            case 1: values.append((values.last ?? 0) &+ value)
            case 2: values.append((values.last ?? 0) &+ (values.suffix(2).first ?? 0) &- value &* 1_000_000)
            default:
                let times = min(Int(input.byte()) + 1, BlockLimits.samples - values.count)
                values.append(contentsOf: repeatElement(value, count: times))
            }
        }
        return values
    }

    // MARK: there and back

    private static func backIntegers(_ values: [Int64], _ effort: Effort) -> String? {
        var writer = ByteWriter()
        values.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &writer, effort: effort) }
        let back = writer.bytes.withUnsafeBytes { integers($0, values.count) }
        return back == values ? nil : "\(values.count) integers do not come back"
    }

    private static func backDoubles(_ patterns: [UInt64], _ effort: Effort) -> String? {
        var writer = ByteWriter()
        patterns.withUnsafeBufferPointer { DoubleColumn.encode($0, into: &writer, effort: effort) }
        let back = writer.bytes.withUnsafeBytes { doubles($0, patterns.count) }
        return back == patterns ? nil : "\(patterns.count) doubles do not come back"
    }

    private static func backTexts(_ texts: [UInt8], _ ends: [Int], _ effort: Effort) -> String? {
        var writer = ByteWriter()
        texts.withUnsafeBufferPointer { texts in
            ends.withUnsafeBufferPointer { ends in
                TextColumnCodec.encode(bytes: texts, ends: ends, into: &writer, effort: effort)
            }
        }
        let back = writer.bytes.withUnsafeBytes {
            try? TextColumnCodec.decode($0, count: ends.count, byteLimit: texts.count)
        }
        return back?.bytes == texts && back?.ends == ends ? nil : "\(ends.count) texts do not come back"
    }

    private static func integers(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> [Int64]? {
        try? [Int64](unsafeUninitializedCapacity: count + 1) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            try IntegerColumn.decode(bytes, count: count, into: base)
            filled = count
        }
    }

    private static func doubles(_ bytes: UnsafeRawBufferPointer, _ count: Int) -> [UInt64]? {
        try? [UInt64](unsafeUninitializedCapacity: count + 1) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            try DoubleColumn.decode(bytes, count: count, into: base)
            filled = count
        }
    }
}

// MARK: seeds

extension ColumnTargets {
    private static let shapes: [[Int64]] = [
        [], [7], [5, 5, 5, 5], (0..<300).map { $0 * 1000 }, (0..<1500).map { $0 * $0 % 977 },
        (0..<1100).map { $0 % 7 == 0 ? 1 << 40 : $0 % 13 }, (0..<200).map { $0 / 50 },
        (0..<300).map { [3, 1 << 60, -9][$0 % 3] }, (0..<1024).map { $0 & 1 == 0 ? .min : .max },
    ]

    @Sendable private static func integerSeeds() -> [[UInt8]] {
        shapes.map { values in
            .seed(count: values.count) { writer in
                values.withUnsafeBufferPointer { IntegerColumn.encode($0, into: &writer) }
            }
        }
    }

    @Sendable private static func doubleSeeds() -> [[UInt8]] {
        let maps: [(Int64) -> Double] = [
            { Double($0) / 10 }, { Double(Float(Double($0) / 100)) }, { Double($0).squareRoot() },
            { $0 % 5 == 0 ? .nan : Double($0) / 1000 }, { $0 % 3 == 0 ? 0 : Double($0 % 40) / 7 },
        ]
        return shapes.flatMap { values in
            maps.map { map in
                .seed(count: values.count) { writer in
                    values.map { map($0).bitPattern }.withUnsafeBufferPointer {
                        DoubleColumn.encode($0, into: &writer)
                    }
                }
            }
        }
    }

    @Sendable private static func textSeeds() -> [[UInt8]] {
        let columns = [
            ["a", "bc", "", "a"], (0..<90).map { "\($0 % 3) repeated text" }, (0..<70).map(String.init),
            (0..<80).map { "name \(1000 + $0)" },
        ]
        return columns.map { column in
            .seed(count: column.count) { writer in
                let texts = column.flatMap(\.utf8)
                var end = 0
                let ends = column.map { text in
                    end += text.utf8.count
                    return end
                }
                texts.withUnsafeBufferPointer { texts in
                    ends.withUnsafeBufferPointer { ends in
                        TextColumnCodec.encode(bytes: texts, ends: ends, into: &writer)
                    }
                }
            }
        }
    }
}
