// JSONScanner+Members.swift — walking the members of an object and the elements of an array.

import VarveModel

extension JSONScanner {
    /// A member's name: where it lies, and whether it has escapes.
    typealias Name = (content: Range<Int>, isEscaped: Bool)

    /// Walks an object; `body` finds the scanner at each member's value and must pass it.
    @inline(__always)
    mutating func forEachMember(_ body: (inout JSONScanner, Name) throws -> Void) throws {
        try expect(0x7B)
        skipWhitespace()
        if current == 0x7D {
            position += 1
            return
        }
        while true {
            skipWhitespace()
            let name = try skipString()
            skipWhitespace()
            try expect(0x3A)
            skipWhitespace()
            try body(&self, name)
            skipWhitespace()
            guard current == 0x2C else { return try expect(0x7D) }
            position += 1
        }
    }

    /// Walks an array; `body` finds the scanner at each element and must pass it.
    @inline(__always)
    mutating func forEachElement(_ body: (inout JSONScanner, Int) throws -> Void) throws {
        try expect(0x5B)
        skipWhitespace()
        if current == 0x5D {
            position += 1
            return
        }
        var index = 0
        while true {
            skipWhitespace()
            try body(&self, index)
            index += 1
            skipWhitespace()
            guard current == 0x2C else { return try expect(0x5D) }
            position += 1
        }
    }

    /// Whether a name is `word`, however it is escaped.
    func isName(_ name: Name, _ word: StaticString) -> Bool {
        if name.isEscaped {
            var text: [UInt8] = []
            appendText(of: name.content, to: &text)
            return text.elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        }
        guard name.content.count == word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount
        where base[name.content.lowerBound + index] != word.utf8Start[index] {
            return false
        }
        return true
    }

    /// The bytes of a name or string without its escapes, which are decoded into `scratch`.
    func withText<Result>(
        of name: Name, _ scratch: inout [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        guard name.isEscaped else {
            return try body(
                UnsafeRawBufferPointer(start: base + name.content.lowerBound, count: name.content.count))
        }
        scratch.removeAll(keepingCapacity: true)
        appendText(of: name.content, to: &scratch)
        return try scratch.withUnsafeBytes { try body($0) }
    }
}
