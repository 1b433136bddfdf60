// TranscodingDecoder.swift — turns text in another encoding into UTF-8.
//
// Source of the encodings: the WHATWG Encoding Standard for windows-1252, RFC 2781 for UTF-16.
//
// Invariants:
// - The bytes do not depend on how the input is cut into buffers.
// - Bytes that are no character become the byte 0xFF. UTF-8 never has this byte, so the row is rejected.

import VarveFile

/// The encoding of a file's text.
public enum TextEncoding: String, CaseIterable, Sendable {
    /// UTF-8, with or without a byte order mark.
    case utf8 = "utf-8"
    /// ISO 8859-1: each byte is the character of that number.
    case latin1 = "latin-1"
    /// Latin-1 with quotes, dashes and the euro sign at 0x80 to 0x9F.
    case windows1252 = "windows-1252"
    /// UTF-16 in the order of its byte order mark; little-endian without one.
    case utf16 = "utf-16"
}

/// Produces UTF-8 from the bytes of another decoder.
final class TranscodingDecoder: ByteDecoder {
    private let source: any ByteDecoder
    private let encoding: TextEncoding
    private let path: String
    private var input = [UInt8](repeating: 0, count: 64 << 10)
    /// Produced UTF-8; the part from `position` on is not handed on yet.
    private var output: [UInt8] = []
    private var position = 0
    private var isBigEndian = false
    private var hasOrder = false
    /// The first byte of a UTF-16 unit whose second byte is still to come.
    private var half: UInt8?
    /// A first surrogate whose second is still to come.
    private var surrogate: UInt16?
    private var isAtEnd = false

    /// The characters of windows-1252 at 0x80 to 0x9F; the five free places are control characters.
    private static let middle: [UInt16] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
        0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122,
        0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]

    init(_ source: any ByteDecoder, from encoding: TextEncoding, path: String) {
        self.source = source
        self.encoding = encoding
        self.path = path
    }

    var bytesRead: Int { source.bytesRead }

    func decode(into target: UnsafeMutableRawBufferPointer) throws -> Int {
        while position == output.count {
            if isAtEnd { return 0 }
            try refill()
        }
        let count = min(target.count, output.count - position)
        output.withUnsafeBytes { bytes in
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
        }
        position += count
        return count
    }

    private func refill() throws {
        output.removeAll(keepingCapacity: true)
        position = 0
        let source = source
        let count = try input.withUnsafeMutableBytes { try source.decode(into: $0) }
        guard count > 0 else {
            isAtEnd = true
            if half != nil { throw DamagedInput(path: path, format: "UTF-16", fault: .truncated) }
            if surrogate != nil { output.append(0xFF) }
            return
        }
        for index in 0..<count { take(input[index]) }
    }

    private func take(_ byte: UInt8) {
        switch encoding {
        case .utf8: output.append(byte)
        case .latin1: append(UInt32(byte))
        case .windows1252:
            append(byte >= 0x80 && byte < 0xA0 ? UInt32(Self.middle[Int(byte) - 0x80]) : UInt32(byte))
        case .utf16:
            guard let first = half else {
                half = byte
                return
            }
            half = nil
            take(unit: isBigEndian ? UInt16(first) << 8 | UInt16(byte) : UInt16(byte) << 8 | UInt16(first))
        }
    }

    private func take(unit: UInt16) {
        if !hasOrder {
            hasOrder = true
            if unit == 0xFEFF { return }
            if unit == 0xFFFE {
                isBigEndian = true
                return
            }
        }
        if let high = surrogate {
            surrogate = nil
            if unit & 0xFC00 == 0xDC00 {
                append(0x10000 + (UInt32(high) & 0x3FF) << 10 + UInt32(unit) & 0x3FF)
                return
            }
            output.append(0xFF)
        }
        switch unit & 0xFC00 {
        case 0xD800: surrogate = unit
        case 0xDC00: output.append(0xFF)
        default: append(UInt32(unit))
        }
    }

    private func append(_ scalar: UInt32) {
        if scalar < 0x80 {
            output.append(UInt8(scalar))
        } else if let scalar = Unicode.Scalar(scalar) {
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.EncodedScalar())
        }
    }
}
