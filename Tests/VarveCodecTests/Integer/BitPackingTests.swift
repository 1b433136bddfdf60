// BitPackingTests.swift — all bit widths, in both layouts.

import Testing
import VarveTestSupport

@testable import VarveCodec

@Suite("BitPacking") struct BitPackingTests {
    @Test("all widths and both layouts are given back", arguments: 0...64)
    func roundTrip(width: Int) {
        var random = SeededGenerator(seed: UInt64(width))
        for count in Array(1...20) + [63, 64, 65, 1023, 1024] {
            let values = (0..<count).map { _ in random.next() & BitPacking.mask(width) }
            let size = BitPacking.byteCount(count: count, width: width)
            var packed = [UInt8](repeating: 0, count: size + 1)
            packed[size] = 0x5A
            packed.withUnsafeMutableBytes { room in
                if let target = room.baseAddress {
                    BitPacking.pack(values, count: count, width: width, into: target)
                }
            }
            #expect(packed[size] == 0x5A, "width \(width), count \(count): wrote beyond the end")
            var unpacked = [Int64](repeating: 0, count: count)
            packed.withUnsafeBytes { source in
                let exact = UnsafeRawBufferPointer(rebasing: source[..<size])
                BitPacking.unpack(exact, count: count, width: width, base: -3, into: &unpacked)
            }
            #expect(unpacked == values.map { Int64(bitPattern: $0) &- 3 }, "width \(width), count \(count)")
        }
    }

    @Test("the layouts are those of the format document")
    func layout() {
        var stream = [UInt8](repeating: 0, count: 2)
        BitPacking.pack([1, 2, 3], count: 3, width: 5, into: &stream)
        #expect(stream == [0b0100_0001, 0b0000_1100])
        var values = [UInt64](repeating: 0, count: 1024)
        values[17] = 0x2A  // row 1 of lane 1
        var lanes = [UInt8](repeating: 0, count: 1024)
        BitPacking.pack(values, count: 1024, width: 8, into: &lanes)
        #expect(lanes.firstIndex { $0 != 0 } == 9 && lanes[9] == 0x2A)
    }
}
