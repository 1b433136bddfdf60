// StatisticsCodecTests.swift — rows of statistics come back bit for bit and say what the samples say.

import Testing
import VarveCodec
import VarveModel
import VarveTestSupport

@testable import VarveSegment

@Suite struct StatisticsCodecTests {
    /// Values of a kind that statistics must cope with.
    enum Kind: CaseIterable, Sendable {
        case decimals, mixedDecimals, floats, full, specials, huge, constant, integers, allMissing

        func bits(_ random: inout SeededGenerator) -> UInt64 {
            switch self {
            case .decimals: return (Double(Int.random(in: -9999...9999, using: &random)) / 100).bitPattern
            case .mixedDecimals:
                let digits = [1.0, 10, 1000, 1e6][Int.random(in: 0..<4, using: &random)]
                return (Double(Int.random(in: 0...99_999, using: &random)) / digits).bitPattern
            case .floats: return Double(Float.random(in: -3...7, using: &random)).bitPattern
            case .full: return Double.random(in: -1e3...1e3, using: &random).bitPattern
            case .specials:
                let odd: [Double] = [
                    .nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude,
                    1,
                    Double(bitPattern: 0xFFF8_0000_0000_0BAD), .greatestFiniteMagnitude,
                ]
                return odd[Int.random(in: 0..<odd.count, using: &random)].bitPattern
            case .huge: return (Bool.random(using: &random) ? 1e308 : 1.7e308).bitPattern
            case .constant: return 21.5.bitPattern
            case .integers: return random.next()
            case .allMissing: return 0
            }
        }

        var type: ValueType { self == .integers ? .int64 : .double }
    }

    static func run(_ kind: Kind, _ count: Int, _ random: inout SeededGenerator) -> SampleRun {
        let missing = SampleState(isMissing: true).bits
        var bits: [UInt64] = []
        var states: [UInt64] = []
        for _ in 0..<count {
            let isMissing = kind == .allMissing || UInt8.random(in: 0..<20, using: &random) == 0
            bits.append(isMissing ? 0 : kind.bits(&random))
            let quality = SampleState(quality: UInt8.random(in: 0..<9, using: &random) == 0 ? 4 : 0).bits
            states.append(quality | (isMissing ? missing : 0))
        }
        return SampleRun(
            times: Array(0..<Int64(count)), values: .bits(bits), states: states,
            commits: [UInt64](repeating: 3, count: count))
    }

    @Test("rows come back, each read with the help of the one before", arguments: 0..<20)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var rows: [(BlockStatistics, Int)] = []
        for _ in 0..<60 {
            let kind = try #require(Kind.allCases.randomElement(using: &random))
            let count = [1, 2, 5, 300].randomElement(using: &random) ?? 1
            let run = Self.run(kind, count, &random)
            rows.append((BlockStatistics(run, 0..<count, type: kind.type), count))
        }
        var text = BlockStatistics()
        text.present = 3
        text.good = 4
        rows.append((text, 4))
        var writer = ByteWriter()
        var encoder = StatisticsCodec()
        for (row, count) in rows { encoder.write(row, count: count, to: &writer) }
        try writer.bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            var decoder = StatisticsCodec()
            for (row, count) in rows {
                #expect(try decoder.read(&reader, count: count) == row, "seed \(seed)")
            }
            try reader.finish()
        }
    }

    @Test("statistics agree with the samples, one by one and joined", arguments: Kind.allCases)
    func truth(kind: Kind) throws {
        var random = SeededGenerator(seed: 11)
        for count in [1, 7, 2100] {
            let run = Self.run(kind, count, &random)
            let whole = BlockStatistics(run, 0..<count, type: kind.type)
            guard case .bits(let bits) = run.values else { return }
            let present = (0..<count).filter { run.states[$0] & SampleState(isMissing: true).bits == 0 }
            #expect(whole.present == present.count)
            #expect(whole.good == run.states.filter { $0 & 0xFFFF_FFFF == 0 }.count)
            #expect(whole.hasOneQuality == (Set(run.states.map { $0 & 0x1_FFFF_FFFF }).count == 1))
            var exact = ExactSum()
            var numbers: [UInt64] = []
            for index in present where kind == .integers || !Double(bitPattern: bits[index]).isNaN {
                numbers.append(bits[index])
                if kind == .integers {
                    exact.add(Int64(bitPattern: bits[index]))
                } else {
                    exact.add(Double(bitPattern: bits[index]))
                }
            }
            #expect(whole.numeric == numbers.count && whole.nans == present.count - numbers.count)
            #expect(whole.first == numbers.first ?? 0 && whole.last == numbers.last ?? 0)
            var sum = ExactSum()
            try whole.add(to: &sum)
            #expect(Self.bytes(sum) == Self.bytes(exact))
            Self.expectExtremes(whole, numbers, kind)
            let joined = Self.joined(run, kind.type, whole.hasOneQuality)
            #expect(joined == whole, "\(kind), \(count)")
        }
    }

    private static func joined(_ run: SampleRun, _ type: ValueType, _ oneQuality: Bool) -> BlockStatistics {
        var sum = ExactSum()
        var total = ExactSum()
        let parts = stride(from: 0, to: run.count, by: 100).map { start in
            let part = BlockStatistics(run, start..<min(start + 100, run.count), type: type, sum: &sum)
            total.merge(sum)
            return part
        }
        return BlockStatistics(joining: parts, sum: total, oneQuality: oneQuality)
    }

    private static func expectExtremes(_ whole: BlockStatistics, _ numbers: [UInt64], _ kind: Kind) {
        if kind == .integers {
            let values = numbers.map { Int64(bitPattern: $0) }
            #expect(Int64(bitPattern: whole.minimum) == values.min() ?? 0)
            #expect(Int64(bitPattern: whole.maximum) == values.max() ?? 0)
        } else {
            let values = numbers.map { Double(bitPattern: $0) }
            #expect(Double(bitPattern: whole.minimum) == values.min() ?? 0)
            #expect(Double(bitPattern: whole.maximum) == values.max() ?? 0)
            let hasNegativeZero = values.contains { $0 == 0 && $0.sign == .minus }
            if values.min() == 0 { #expect((whole.minimum != 0) == hasNegativeZero) }
        }
    }

    private static func bytes(_ sum: ExactSum) -> [UInt8] {
        var bytes: [UInt8] = []
        sum.append(to: &bytes)
        return bytes
    }

    @Test("decimals take a few bytes a row, constants fewer")
    func size() {
        var random = SeededGenerator(seed: 4)
        for (kind, limit) in [(Kind.decimals, 18), (.constant, 12), (.floats, 30)] {
            var writer = ByteWriter()
            var codec = StatisticsCodec()
            for _ in 0..<50 {
                let values = (0..<1024).map { _ in kind.bits(&random) }
                let run = SampleRun(
                    times: Array(0..<1024), values: .bits(values),
                    states: [UInt64](repeating: 0, count: 1024),
                    commits: [UInt64](repeating: 1, count: 1024))
                codec.write(BlockStatistics(run, 0..<1024, type: .double), count: 1024, to: &writer)
            }
            #expect(writer.count / 50 < limit, "\(kind): \(writer.count / 50)")
        }
    }

    @Test("any bytes give rows or an error", arguments: 0..<30)
    func anyBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) & 0x7F }
            bytes.withUnsafeBytes { bytes in
                var reader = ByteReader(bytes)
                var codec = StatisticsCodec()
                while let row = try? codec.read(&reader, count: 1000), !reader.isAtEnd {
                    var sum = ExactSum()
                    try? row.add(to: &sum)
                    #expect(row.numeric <= row.present && row.present <= 1000)
                }
            }
        }
    }
}
