// RequestID.swift — the id of a request, as its bytes in the payload.
//
// Invariants:
// - An id that is found is a valid JSON string, number or null of at most `maximumIDBytes`.

import VarveModel
import VarveText

enum RequestID {
    /// How many bytes of a payload that is not parsed are searched for the id.
    private static let searchedBytes = 64 << 10

    /// Whether a JSON value can be echoed as an id; `null` can, and means that there is no id.
    static func isUsable(_ base: UnsafePointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard let first = range.first, range.count <= RequestParser.maximumIDBytes else { return false }
        switch base[first] {
        case UInt8(ascii: "\""), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return true
        default: return base[first] == UInt8(ascii: "n")
        }
    }

    /// Looks for the id at the beginning of a payload that is not parsed.
    static func find(in payload: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let base = payload.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        var scanner = JSONScanner(base: base, count: min(payload.count, searchedBytes))
        // Where the searched part or the JSON ends early, there is no id.
        return try? find(&scanner)
    }

    private static func find(_ scanner: inout JSONScanner) throws(JSONFailure) -> Range<Int>? {
        scanner.skipWhitespace()
        var hasMember = try scanner.enterObject()
        while hasMember {
            let name = try scanner.memberName()
            let start = scanner.position
            try scanner.skipValue(depth: 1)
            let value = start..<scanner.position
            hasMember = try scanner.nextMember()
            let text = UnsafeBufferPointer(
                start: scanner.base + name.content.lowerBound, count: name.content.count)
            if text.equals("id") { return isUsable(scanner.base, value) ? value : nil }
        }
        return nil
    }
}
