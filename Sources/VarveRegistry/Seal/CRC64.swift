// CRC64.swift — CRC-64/XZ: reflected polynomial 0xC96C5795D7870F42, initial value and final xor all ones.
//
// The digest of a row is part of the persistent format. Check value of "123456789": 0x995DC9BBDF1939FA.

/// The checksum of a row.
enum CRC64 {
    private static let table: [UInt64] = (0..<256).map { index in
        var value = UInt64(index)
        for _ in 0..<8 {
            value = value & 1 == 1 ? (value >> 1) ^ 0xC96C_5795_D787_0F42 : value >> 1
        }
        return value
    }

    /// The CRC-64/XZ of the bytes.
    static func checksum(_ bytes: [UInt8]) -> UInt64 {
        table.withUnsafeBufferPointer { table in
            var value = UInt64.max
            for byte in bytes {
                value = table[Int((value ^ UInt64(byte)) & 0xFF)] ^ (value >> 8)
            }
            return ~value
        }
    }
}
