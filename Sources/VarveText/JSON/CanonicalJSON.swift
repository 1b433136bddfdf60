// CanonicalJSON.swift — the stored form of `json` values, which is the same text for equal JSON.
//
// The form has no white space. Keys are sorted by their UTF-8 bytes. Strings have only the escapes that JSON requires
// (`\"`, `\\` and control characters, in the short form if there is one). Numbers are exactly as they were written.
//
// Invariants:
// - The canonical form of a canonical text is that text.
// - It is never longer than the text it was made from.

/// Makes JSON text canonical.
public enum CanonicalJSON {
    /// Appends the canonical form of a JSON text.
    ///
    /// - Throws: `JSONFailure` if the text is not JSON, is nested too deep or repeats a key; nothing is appended then.
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

    private static func appendValue(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        switch scanner.current {
        case 0x7B: try appendObject(&scanner, depth: depth + 1, to: &bytes)
        case 0x5B: try appendArray(&scanner, depth: depth + 1, to: &bytes)
        case 0x22:
            let string = try scanner.skipString()
            JSONString.append(scanner.text(of: string), to: &bytes)
        default:
            let start = scanner.position
            try scanner.skipValue()
            bytes.append(
                contentsOf: UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start))
        }
    }

    private static func appendArray(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        bytes.append(0x5B)
        let start = bytes.count
        var hasElement = try scanner.enterArray()
        while hasElement {
            if bytes.count > start { bytes.append(0x2C) }
            try appendValue(&scanner, depth: depth, to: &bytes)
            hasElement = try scanner.nextElement()
        }
        bytes.append(0x5D)
    }

    private static func appendObject(
        _ scanner: inout JSONScanner, depth: Int, to bytes: inout [UInt8]
    ) throws(JSONFailure) {
        guard depth <= JSONScanner.maximumDepth else { throw .tooDeep }
        var members: [(key: [UInt8], value: [UInt8])] = []
        var hasMember = try scanner.enterObject()
        while hasMember {
            let key = scanner.text(of: try scanner.memberName())
            var value: [UInt8] = []
            try appendValue(&scanner, depth: depth, to: &value)
            members.append((key, value))
            hasMember = try scanner.nextMember()
        }
        members.sort { $0.key.lexicographicallyPrecedes($1.key) }
        bytes.append(0x7B)
        for (index, member) in members.enumerated() {
            if index > 0 {
                bytes.append(0x2C)
                guard members[index - 1].key != member.key else {
                    throw .repeatedKey(String(decoding: member.key.prefix(60), as: UTF8.self))
                }
            }
            JSONString.append(member.key, to: &bytes)
            bytes.append(0x3A)
            bytes.append(contentsOf: member.value)
        }
        bytes.append(0x7D)
    }
}
