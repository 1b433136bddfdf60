// MessageFilter.swift — a split-block Bloom filter over message hashes; it says "not in this file" without reading the
// file.
//
// A block has 8 words of 32 bits. A hash sets one bit in each word of one block. The upper 64 bits of the hash, scaled,
// choose the block, so blocks follow the order of sorted entries and a filter is written in one pass. For each word,
// the lowest 32 bits of the hash are multiplied by an odd constant; the uppermost 5 bits of the product choose the bit.
//
// Invariants:
// - `has` is true for every hash in the filter. With 16 bits a message it is also true for about 1 in 700 others.
// - The filter is part of the persistent format.

import VarveCodec

enum MessageFilter {
    static let blockBytes = 32
    /// Messages for each block, which gives 16 bits a message.
    static let blockEntries = 16
    private static let factors: SIMD8<UInt32> = [
        0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947,
        0x5c6b_fb31,
    ]

    /// The number of blocks of a filter for so many messages.
    static func blocks(for entries: Int) -> Int {
        max(1, (entries + blockEntries - 1) / blockEntries)
    }

    /// The index of a hash's block among so many blocks.
    static func block(of hash: Hash128, among blocks: Int) -> Int {
        Int(truncatingIfNeeded: hash.high.multipliedFullWidth(by: UInt64(blocks)).high)
    }

    /// The bits of a hash in its block, one in each word.
    static func bits(of hash: Hash128) -> SIMD8<UInt32> {
        let products = factors &* SIMD8(repeating: UInt32(truncatingIfNeeded: hash.low))
        return SIMD8(repeating: 1) &<< (products &>> 27)
    }

    /// Whether the block at an offset has all bits of a hash.
    static func has(_ hash: Hash128, _ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        let bits = bits(of: hash)
        var missing: UInt32 = 0
        for word in 0..<8 {
            let stored = bytes.loadUnaligned(fromByteOffset: offset + word * 4, as: UInt32.self).littleEndian
            missing |= bits[word] & ~stored
        }
        return missing == 0
    }
}
