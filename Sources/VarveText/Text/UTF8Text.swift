// UTF8Text.swift — checks whether bytes from outside are UTF-8.
//
// Invariants:
// - It accepts exactly well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.

/// Checks text.
public enum UTF8Text {
    /// Whether the bytes are well-formed UTF-8.
    public static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let raw = UnsafeRawPointer(base)
        let count = bytes.count
        var index = 0
        while index < count {
            if index &+ 8 <= count,
                raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                index &+= 8
            } else if base[index] < 0x80 {
                index &+= 1
            } else {
                let length = sequenceLength(base + index, count - index)
                if length == 0 { return false }
                index += length
            }
        }
        return true
    }

    /// The length of the sequence that begins at `base` with a byte of at least 0x80; 0 if it is not valid.
    private static func sequenceLength(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch base[0] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return 0
        }
        guard count >= length, second.contains(base[1]) else { return 0 }
        for index in 2..<max(2, length) where base[index] & 0xC0 != 0x80 { return 0 }
        return length
    }
}
