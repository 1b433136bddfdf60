// CanonicalJSON.swift — one text for equal JSON: the stored form of `json` values.
//
// No white space; keys sorted by their UTF-8 bytes; strings with only the escapes that JSON demands (`\"`, `\\`
// and control characters, the short form where there is one); numbers exactly as they were written.
//
// Invariants:
// - The canonical text of a canonical text is that text.
// - It is never longer than the text it was made from.

/// Makes JSON text canonical.
public enum CanonicalJSON {
    /// Appends the canonical form of a JSON text.
    ///
    /// - Throws: Why the text is not JSON, is nested too deep or has a key twice; nothing is appended then.
    public static func append(
        _ text: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard let base = text.baseAddress, !text.isEmpty else { throw .malformed(offset: 0) }
        let start = bytes.count
        var scanner = JSONScanner(base: base, count: text.count)
        do throws(JSONFailure) {
            scanner.skipWhitespace()
            try appendValue(&scanner, depth: 0, to: &bytes)
            scanner.skipWhitespace()
            guard scanner.position == text.count else { throw scanner.malformed }
        } catch {
            bytes.removeLast(bytes.count - start)
            throw error
        }
    }

    /// Appends a string with quotes and escapes; `text` is valid UTF-8.
    public static func appendString(_ text: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(0x22)
        for byte in text {
            switch byte {
            case 0x22, 0x5C: bytes.append(contentsOf: [0x5C, byte])
            case 0x08: bytes.append(contentsOf: [0x5C, 0x62])
            case 0x09: bytes.append(contentsOf: [0x5C, 0x74])
            case 0x0A: bytes.append(contentsOf: [0x5C, 0x6E])
            case 0x0C: bytes.append(contentsOf: [0x5C, 0x66])
            case 0x0D: bytes.append(contentsOf: [0x5C, 0x72])
            case 0..<0x20:
                let low = byte & 0xF
                bytes.append(contentsOf: [0x5C, 0x75, 0x30, 0x30, 0x30 + byte >> 4])
                bytes.append(low < 10 ? 0x30 + low : 0x57 + low)
            default: bytes.append(byte)
            }
        }
        bytes.append(0x22)
    }

    private static func appendValue(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        switch scanner.current {
        case 0x7B: try appendObject(&scanner, depth: depth + 1, to: &bytes)
        case 0x5B: try appendArray(&scanner, depth: depth + 1, to: &bytes)
        case 0x22:
            let string = try scanner.skipString()
            appendString(text(scanner, string.content, string.isEscaped), to: &bytes)
        default:
            let start = scanner.position
            try scanner.skipValue()
            bytes.append(
                contentsOf: UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start))
        }
    }

    private static func text(_ scanner: JSONScanner, _ content: Range<Int>, _ isEscaped: Bool) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        if isEscaped {
            scanner.appendText(of: content, to: &text)
        } else {
            text.append(
                contentsOf: UnsafeBufferPointer(
                    start: scanner.base + content.lowerBound, count: content.count))
        }
        return text
    }

    private static func appendArray(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        try scanner.expect(0x5B)
        bytes.append(0x5B)
        scanner.skipWhitespace()
        var isFirst = true
        while isFirst ? scanner.current != 0x5D : scanner.current == 0x2C {
            if !isFirst {
                scanner.position += 1
                bytes.append(0x2C)
            }
            isFirst = false
            scanner.skipWhitespace()
            try appendValue(&scanner, depth: depth, to: &bytes)
            scanner.skipWhitespace()
        }
        try scanner.expect(0x5D)
        bytes.append(0x5D)
    }

    private static func appendObject(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        try scanner.expect(0x7B)
        scanner.skipWhitespace()
        var members: [(key: [UInt8], value: [UInt8])] = []
        while members.isEmpty ? scanner.current != 0x7D : scanner.current == 0x2C {
            if !members.isEmpty { scanner.position += 1 }
            scanner.skipWhitespace()
            let key = try scanner.skipString()
            scanner.skipWhitespace()
            try scanner.expect(0x3A)
            scanner.skipWhitespace()
            var value: [UInt8] = []
            try appendValue(&scanner, depth: depth, to: &value)
            members.append((text(scanner, key.content, key.isEscaped), value))
            scanner.skipWhitespace()
        }
        try scanner.expect(0x7D)
        members.sort { $0.key.lexicographicallyPrecedes($1.key) }
        bytes.append(0x7B)
        for (index, member) in members.enumerated() {
            if index > 0 {
                bytes.append(0x2C)
                guard members[index - 1].key != member.key else {
                    throw .repeatedKey(String(decoding: member.key.prefix(60), as: UTF8.self))
                }
            }
            appendString(member.key, to: &bytes)
            bytes.append(0x3A)
            bytes.append(contentsOf: member.value)
        }
        bytes.append(0x7D)
    }
}
