// JSONScanner+Members.swift — walks the members of an object and the elements of an array one by one: the one walk for all that reads
// JSON.
//
//     var hasMember = try scanner.enterObject()
//     while hasMember {
//         let name = try scanner.memberName()
//         … pass the value …
//         hasMember = try scanner.nextMember()
//     }
//
// Invariants:
// - After each call the scanner stands at the next thing to read, white space passed.

extension JSONScanner {
    /// Passes the opening brace.
    ///
    /// - Returns: Whether a member follows; if not, the closing brace is passed too.
    package mutating func enterObject() throws(JSONFailure) -> Bool { try enter(0x7B, closing: 0x7D) }

    /// Passes the opening bracket.
    ///
    /// - Returns: Whether an element follows; if not, the closing bracket is passed too.
    package mutating func enterArray() throws(JSONFailure) -> Bool { try enter(0x5B, closing: 0x5D) }

    /// Passes a member's name and the colon.
    package mutating func memberName() throws(JSONFailure) -> (content: Range<Int>, isEscaped: Bool) {
        let name = try skipString()
        skipWhitespace()
        try expect(0x3A)
        skipWhitespace()
        return name
    }

    /// Passes what stands behind a member's value: a comma, or the closing brace.
    ///
    /// - Returns: Whether another member follows.
    package mutating func nextMember() throws(JSONFailure) -> Bool { try next(closing: 0x7D) }

    /// Passes what stands behind an element: a comma, or the closing bracket.
    ///
    /// - Returns: Whether another element follows.
    package mutating func nextElement() throws(JSONFailure) -> Bool { try next(closing: 0x5D) }

    private mutating func enter(_ opening: UInt8, closing: UInt8) throws(JSONFailure) -> Bool {
        try expect(opening)
        skipWhitespace()
        guard current == closing else { return true }
        position += 1
        return false
    }

    private mutating func next(closing: UInt8) throws(JSONFailure) -> Bool {
        skipWhitespace()
        if current == 0x2C {
            position += 1
            skipWhitespace()
            return true
        }
        try expect(closing)
        return false
    }
}
