// JSONScanner+Members.swift — walks the members of an object and the elements of an array; all readers of JSON use it.
//
//     var hasMember = try scanner.enterObject()
//     while hasMember {
//         let name = try scanner.memberName()
//         … pass the value …
//         hasMember = try scanner.nextMember()
//     }
//
// Invariants:
// - After each call the scanner is at the next thing to read, after white space.

extension JSONScanner {
    /// Passes the opening brace.
    ///
    /// - Returns: True if a member follows; else the closing brace is passed too.
    /// - Throws: `JSONFailure.malformed`.
    public mutating func enterObject() throws(JSONFailure) -> Bool { try enter(0x7B, closing: 0x7D) }

    /// Passes the opening bracket.
    ///
    /// - Returns: True if an element follows; else the closing bracket is passed too.
    /// - Throws: `JSONFailure.malformed`.
    public mutating func enterArray() throws(JSONFailure) -> Bool { try enter(0x5B, closing: 0x5D) }

    /// Passes a member's name and the colon; returns the place of the name.
    ///
    /// - Throws: `JSONFailure` if there is no valid name or no colon.
    public mutating func memberName() throws(JSONFailure) -> (content: Range<Int>, isEscaped: Bool) {
        let name = try skipString()
        skipWhitespace()
        try expect(0x3A)
        skipWhitespace()
        return name
    }

    /// Passes the comma or closing brace after a member's value.
    ///
    /// - Returns: Whether another member follows.
    /// - Throws: `JSONFailure.malformed`.
    public mutating func nextMember() throws(JSONFailure) -> Bool { try next(closing: 0x7D) }

    /// Passes the comma or closing bracket after an element.
    ///
    /// - Returns: Whether another element follows.
    /// - Throws: `JSONFailure.malformed`.
    public mutating func nextElement() throws(JSONFailure) -> Bool { try next(closing: 0x5D) }

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
