// ColumnShapes.swift — the columns that tests are made of.

import VarveTestSupport

/// Columns of integers of many shapes.
enum IntegerShape: CaseIterable {
    case zeros, step, wrappingStep, small, wide, extremes, walk, curve, runs, outliers, sawtooth, fewDistinct
    case milliseconds, jitteredClock, alternatingExtremes, singleOutlier

    func values(_ count: Int, seed: UInt64) -> [Int64] {
        var random = SeededGenerator(seed: seed)
        var level: Int64 = 1_700_000_000_000_000_000
        var slope: Int64 = 0
        return (0..<count).map { index in
            let position = Int64(index)
            switch self {
            case .zeros: return 0
            case .step: return -5 + 10_000_000_000 * position
            case .wrappingStep: return .max &+ (.max / 3) &* position
            case .small: return Int64.random(in: -3...9, using: &random)
            case .wide: return Int64(bitPattern: random.next())
            case .extremes: return [.min, .max, 0, -1][Int(random.next() % 4)]
            case .walk:
                level += Int64.random(in: -50...70, using: &random)
                return level
            case .curve:
                slope += Int64.random(in: -2...2, using: &random)
                level += slope
                return level
            case .runs:
                if index == 0 || random.next() % 8 == 0 { level = Int64(random.next() % 16) }
                return level
            case .outliers: return random.next() % 50 == 0 ? Int64(bitPattern: random.next()) : position % 7
            case .sawtooth: return position % 113
            case .fewDistinct: return [-1_234_567_890_123, 77, 99_999_999_999][Int(random.next() % 3)]
            case .milliseconds: return 1_000_000 * Int64.random(in: 0...1_000_000, using: &random)
            case .jitteredClock: return 1_000_000_000 * position + Int64.random(in: -9...9, using: &random)
            case .alternatingExtremes: return index % 2 == 0 ? .min : .max
            case .singleOutlier: return index == count / 2 ? .min : 42
            }
        }
    }
}

/// Columns of doubles of many shapes.
enum DoubleShape: CaseIterable {
    case zeros, decimals, walk, widened, printedFloat, noisyDecimals, random, specials, mixed, repeated,
        integers
    case tiny, stepwise, nights, gapsAndNights

    private static let oddities: [Double] = [
        -0.0, 0.0, .nan, .infinity, -.infinity, .signalingNaN, .leastNonzeroMagnitude,
        .greatestFiniteMagnitude,
    ]

    func values(_ count: Int, seed: UInt64) -> [UInt64] {
        var random = SeededGenerator(seed: seed)
        var level = 2000
        return (0..<count).map { index -> Double in
            level += Int.random(in: -20...20, using: &random)
            let decimal = Double(level) / 100
            switch self {
            case .zeros: return 0
            case .decimals: return Double(Int.random(in: -99_999...99_999, using: &random)) / 1000
            case .walk: return decimal
            case .widened: return Double(Float(decimal) * 1.1)
            case .printedFloat: return (Double(Float(decimal)) * 1e6).rounded() / 1e6
            case .noisyDecimals: return Double(bitPattern: decimal.bitPattern &+ random.next() % 4)
            case .random: return Double(bitPattern: random.next())
            case .specials:
                return Self.oddities[Int(random.next() % 8)]
            case .mixed: return index % 17 == 0 ? Double(bitPattern: random.next() | 0x7FF0 << 48) : decimal
            case .repeated: return [7.119999900000001, -0.029999999000000006, .pi][Int(random.next() % 3)]
            case .integers: return Double(Int64(bitPattern: random.next()) >> 12)
            case .tiny: return Double(Int.random(in: 1...99, using: &random)) * 1e-300
            case .nights: return index % 100 < 50 ? 0 : Double(Float.random(in: 0...1000, using: &random))
            case .gapsAndNights:
                if index % 100 < 40 { return 0 }
                return index % 300 < 130 ? .nan : Double.random(in: 0...1000, using: &random)
            case .stepwise: return Double(level * 10_007) / 10 / 100 / 10_000
            }
        }.map(\.bitPattern)
    }
}
