// Envelope.swift — the members of a message around its params.

import VarveModel

/// What stands at the top of a message.
struct Envelope {
    /// The `id` as it stands.
    private(set) var id: Range<Int>?
    private(set) var method: JSONScanner.Name?
    var hasParams = false
    private var hasMethod = false

    /// Passes the value of a member other than `params`.
    mutating func take(_ scanner: inout JSONScanner, _ name: JSONScanner.Name) throws {
        let start = scanner.position
        if scanner.isName(name, "id") {
            if id != nil { throw JSONFailure.repeatedKey("id") }
            try scanner.skipValue(depth: 1)
            id = start..<scanner.position
        } else if scanner.isName(name, "method") {
            if hasMethod { throw JSONFailure.repeatedKey("method") }
            hasMethod = true
            guard scanner.current == 0x22 else { return try scanner.skipValue(depth: 1) }
            method = try scanner.skipString()
        } else {
            try scanner.skipValue(depth: 1)
        }
    }

    /// Walks a whole payload: what it has at its top, and why it is no JSON if it is none.
    static func scan(_ base: UnsafePointer<UInt8>, _ count: Int) -> (Envelope, JSONFailure?) {
        var scanner = JSONScanner(base: base, count: count)
        var envelope = Envelope()
        do {
            scanner.skipWhitespace()
            if scanner.current == 0x7B {
                try scanner.forEachMember { scanner, name in try envelope.take(&scanner, name) }
            } else {
                try scanner.skipValue()
            }
            scanner.skipWhitespace()
            guard scanner.position == count else { throw scanner.malformed }
            return (envelope, nil)
        } catch {
            return (envelope, error as? JSONFailure ?? scanner.malformed)
        }
    }
}
