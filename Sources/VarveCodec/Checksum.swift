// Checksum.swift — the hashes of Varve's formats, computed by libxxhash. No other file imports it.
//
// Invariants:
// - `Checksum.of` is XXH3 64-bit with seed 0; `Hasher128` is XXH3 128-bit with seed 0.
// - Both are part of the persistent format and never change.

import CXXHash

/// The 64-bit checksum of blocks, pages and records.
package enum Checksum {
    /// XXH3 64-bit of some bytes.
    package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        XXH3_64bits(bytes.baseAddress, bytes.count)
    }

    /// XXH32 of some bytes, which lz4-java's streams have.
    static func xxh32(_ bytes: UnsafeRawBufferPointer, seed: UInt32) -> UInt32 {
        XXH32(bytes.baseAddress, bytes.count, seed)
    }
}

/// A 128-bit content hash.
///
/// On disk it is `low`, then `high`, both little-endian.
package struct Hash128: Hashable, Sendable, CustomStringConvertible {
    package let low: UInt64
    package let high: UInt64

    package init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    /// Reads 16 bytes.
    ///
    /// - Throws: `CodecError` if fewer are left.
    package init(from reader: inout ByteReader) throws(CodecError) {
        low = try reader.integer(as: UInt64.self)
        high = try reader.integer(as: UInt64.self)
    }

    /// Writes 16 bytes.
    package func write(to writer: inout ByteWriter) {
        writer.append(low)
        writer.append(high)
    }

    /// 32 hex digits, most significant first.
    package var description: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Computes a `Hash128` from bytes that arrive in pieces.
package struct Hasher128: ~Copyable {
    private let state: OpaquePointer?

    package init() {
        state = XXH3_createState()
        XXH3_128bits_reset(state)
    }

    deinit {
        XXH3_freeState(state)
    }

    /// Adds bytes, in pieces of any size: where they are cut does not change the result.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
    }

    /// The hash of everything added so far.
    package func finish() -> Hash128 {
        let hash = XXH3_128bits_digest(state)
        return Hash128(low: hash.low64, high: hash.high64)
    }

    /// The hash of bytes that are all in memory.
    package static func hash(_ bytes: UnsafeRawBufferPointer) -> Hash128 {
        let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
        return Hash128(low: hash.low64, high: hash.high64)
    }
}
