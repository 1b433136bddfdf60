// ChosenVectorsTests.swift — single vectors of a column decode to the same values as the whole column.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("Chosen vectors") struct ChosenVectorsTests {
    private static let counts = [1, 1023, 1024, 1025, 2050, 5000, 8192]

    private static func ranges(_ count: Int) -> [Range<Int>] {
        let last = (count + 1023) / 1024
        return [0..<1, 0..<last, last - 1..<last, last / 2..<last, 1..<3, 2..<2, 0..<99, 9..<12]
    }

    /// Calls `decode` with room for the values of the vectors, and checks that it writes nothing else.
    private func check<Word: FixedWidthInteger>(
        _ values: [Word], _ vectors: Range<Int>, _ label: String,
        decode: (UnsafeMutablePointer<Word>) throws -> Void
    ) throws {
        let start = min(vectors.lowerBound * 1024, values.count)
        let expected = values[start..<min(vectors.upperBound * 1024, values.count)]
        var room = [Word](repeating: 77, count: expected.count + 1)
        try room.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { try decode(start) } }
        #expect(room.last == 77, "\(label), vectors \(vectors): written beyond the end")
        #expect(room.dropLast().elementsEqual(expected), "\(label), vectors \(vectors)")
    }

    @Test(
        "chosen vectors of integers of every shape are those of the column", arguments: IntegerShape.allCases)
    func integers(shape: IntegerShape) throws {
        for count in Self.counts {
            let values = shape.values(count, seed: UInt64(count))
            let bytes = encoded(values)
            for vectors in Self.ranges(count) {
                try check(values, vectors, "shape \(shape), count \(count), seed \(count)") { target in
                    try bytes.withUnsafeBytes {
                        try IntegerColumn.decode($0, count: count, vectors: vectors, into: target)
                    }
                }
            }
        }
    }

    @Test("chosen vectors of doubles of every shape are those of the column", arguments: DoubleShape.allCases)
    func doubles(shape: DoubleShape) throws {
        for count in Self.counts {
            let values = shape.values(count, seed: UInt64(count))
            let bytes = encoded(doubles: values)
            for vectors in Self.ranges(count) {
                try check(values, vectors, "shape \(shape), count \(count), seed \(count)") { target in
                    try bytes.withUnsafeBytes {
                        try DoubleColumn.decode($0, count: count, vectors: vectors, into: target)
                    }
                }
            }
        }
    }

    @Test("chosen vectors of doubles between zeros, whose vectors begin elsewhere, are those of the column")
    func betweenZeros() throws {
        for period in [50, 700, 3000] {
            var random = SeededGenerator(seed: UInt64(period))
            var level = 5000
            let values = (0..<8192).map { index -> UInt64 in
                level += Int.random(in: -20...20, using: &random)
                return index % period < period / 3 ? 0 : (Double(level) / 100).bitPattern
            }
            let bytes = encoded(doubles: values)
            #expect(described(bytes).names.first == "sparse")
            for vectors in Self.ranges(8192) {
                try check(values, vectors, "period \(period)") { target in
                    try bytes.withUnsafeBytes {
                        try DoubleColumn.decode($0, count: 8192, vectors: vectors, into: target)
                    }
                }
            }
        }
    }

    @Test("a constant column is recognised by its first bytes, and no other column is")
    func constant() {
        for value in [0, -1, .min, .max, 1_700_000_000] as [Int64] {
            #expect(encoded([value, value, value]).withUnsafeBytes { IntegerColumn.constant($0) } == value)
        }
        for shape in IntegerShape.allCases {
            let values = shape.values(3000, seed: 1)
            let found = encoded(values).withUnsafeBytes { IntegerColumn.constant($0) }
            #expect(found == nil || values.allSatisfy { $0 == found }, "shape \(shape), seed 1")
        }
        #expect([UInt8]().withUnsafeBytes { IntegerColumn.constant($0) } == nil)
    }
}
