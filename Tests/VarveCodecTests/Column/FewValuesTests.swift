// FewValuesTests.swift — short columns come back unchanged, within their limit of bytes.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite struct FewValuesTests {
    /// Encodes words quickly, and decodes them as any column.
    private static func roundTrip(_ words: [UInt64], isDouble: Bool) throws -> (words: [UInt64], size: Int) {
        let room = UnsafeMutablePointer<UInt8>.allocate(capacity: FewValues.byteLimit)
        let target = UnsafeMutablePointer<UInt64>.allocate(capacity: words.count)
        defer {
            room.deallocate()
            target.deallocate()
        }
        var cursor = RawCursor(room)
        words.withUnsafeBufferPointer { FewValues.encode($0, asDoubles: isDouble, to: &cursor) }
        let size = cursor.next - room
        let bytes = UnsafeRawBufferPointer(start: room, count: size)
        if isDouble {
            try DoubleColumn.decode(bytes, count: words.count, into: target)
        } else {
            try target.withMemoryRebound(to: Int64.self, capacity: words.count) { target in
                try IntegerColumn.decode(bytes, count: words.count, into: target)
            }
        }
        return (Array(UnsafeBufferPointer(start: target, count: words.count)), size)
    }

    @Test("every shape of 1 to 16 values is given back", arguments: [false, true])
    func shapes(isDouble: Bool) throws {
        var random = SeededGenerator(seed: 16)
        for count in 1...FewValues.limit {
            let random = (0..<count).map { _ in UInt64.random(in: 0 ... .max, using: &random) }
            let shapes: [[UInt64]] = [
                random, random.map { $0 >> 50 }, Array(repeating: random[0], count: count),
                (0..<UInt64(count)).map { random[0] &+ $0 &* random[count - 1] },
                (0..<count).map { $0 % 2 == 0 ? UInt64(Int64.max) : 1 << 63 },
                (0..<count).map { $0 == 0 ? .max : UInt64($0 * $0) },
            ]
            for words in shapes {
                let result = try Self.roundTrip(words, isDouble: isDouble)
                #expect(result.words == words && result.size <= FewValues.byteLimit, "\(words)")
            }
        }
    }
}
