// IntegerColumnTests.swift — integers come back exactly, and take no more than their shape needs.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("IntegerColumn") struct IntegerColumnTests {
    @Test("every shape and length is given back exactly", arguments: IntegerShape.allCases)
    func roundTrip(shape: IntegerShape) throws {
        for count in Array(0...20) + [63, 64, 65, 1023, 1024, 1025, 2048, 3000, 8191, 8192] {
            for effort in [Effort.standard, .thorough] where effort == .standard || count < 2049 {
                let values = shape.values(count, seed: UInt64(count))
                let decoded = try decodedIntegers(encoded(values, effort), count: count)
                #expect(decoded == values, "shape \(shape), count \(count), seed \(count), effort \(effort)")
            }
        }
    }

    @Test("all short columns over adversarial values are given back exactly")
    func exhaustive() throws {
        let alphabet: [Int64] = [.min, -1, 0, 1, .max]
        for length in 1...5 {
            var total = 1
            for _ in 0..<length { total *= alphabet.count }
            for number in 0..<total {
                var rest = number
                let values = (0..<length).map { _ in
                    defer { rest /= alphabet.count }
                    return alphabet[rest % alphabet.count]
                }
                #expect(try decodedIntegers(encoded(values), count: length) == values, "\(values)")
            }
        }
    }

    @Test("random mixtures of shapes are given back exactly")
    func mixtures() throws {
        for seed in UInt64(1)...60 {
            var random = SeededGenerator(seed: seed)
            var values: [Int64] = []
            while values.count < 3000 {
                let shape = IntegerShape.allCases.randomElement(using: &random) ?? .zeros
                values += shape.values(Int(random.next() % 700), seed: random.next())
            }
            #expect(try decodedIntegers(encoded(values), count: values.count) == values, "seed \(seed)")
        }
    }

    @Test("a constant column and a constant step of any length take a few bytes")
    func trivialColumns() {
        #expect(encoded([Int64](repeating: .min, count: 8192)).count <= 12)
        #expect(encoded([Int64](repeating: 0, count: 8192)) == [64, 1, 0])
        #expect(encoded(IntegerShape.step.values(8192, seed: 1)).count <= 22)
        #expect(encoded([]).isEmpty)
    }

    @Test("milliseconds in a nanosecond clock cost what milliseconds cost")
    func commonDivisor() {
        let fine = (0..<4096).map { Int64($0) * 1000 + Int64(($0 * 7919) % 13) }
        let coarse = fine.map { $0 * 1_000_000 }
        #expect(encoded(coarse).count <= encoded(fine).count + 16)
    }

    @Test("runs, deltas, scales and dictionaries are chosen where they pay")
    func choices() {
        #expect(described(encoded(IntegerShape.runs.values(1024, seed: 3))).names.contains("run length"))
        #expect(described(encoded(IntegerShape.fewDistinct.values(4096, seed: 3))).names.first == "scaled")
        #expect(described(encoded(IntegerShape.walk.values(1024, seed: 3))).names.contains("delta"))
    }

    @Test("a column of more values than a block holds is refused")
    func tooMany() {
        #expect(throws: CodecError.self) { try decodedIntegers([64, 1, 0], count: 8193) }
        #expect(throws: CodecError.self) { try decodedIntegers([64, 1, 0], count: 0) }
        #expect(throws: CodecError.self) { try decodedIntegers([], count: 1) }
    }

    @Test("an LZ4 body larger than a column can be is refused before memory is allocated")
    func bodyLimit() {
        var writer = ByteWriter()
        writer.append(ColumnEnvelope.lz4.rawValue)
        writer.appendVarint(1 << 40)
        writer.append(UInt64(0))
        #expect(throws: CodecError.self) { try decodedIntegers(writer.bytes, count: 8192) }
    }

    @Test("bodies that nest without end are refused")
    func nesting() {
        var bytes: [UInt8] = [64]
        for _ in 0..<1000 { bytes += [4, 0, 2] }
        #expect(throws: CodecError.self) { try decodedIntegers(bytes + [1, 0], count: 4) }
    }

    @Test("bytes after the end of the column are an error")
    func trailingBytes() {
        #expect(throws: CodecError.self) { try decodedIntegers([64, 1, 0, 0], count: 4) }
    }
}
