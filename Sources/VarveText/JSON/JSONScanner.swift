// JSONScanner.swift — walks JSON text (RFC 8259) byte by byte and validates what it passes.
//
// Invariants:
// - No text traps: every read follows a check of `position` against `count`, and depth is limited.
// - Text passed without an error is valid JSON in valid UTF-8.

/// Why a text is not usable JSON.
public enum JSONFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text breaks the grammar at this offset in bytes.
    case malformed(offset: Int)
    /// Arrays and objects are nested deeper than `JSONScanner.maximumDepth`.
    case tooDeep
    /// A string is not valid UTF-8 or has half of a surrogate pair.
    case invalidText
    /// An object has this key twice.
    case repeatedKey(String)

    /// The failure as half a sentence.
    public var description: String {
        switch self {
        case .malformed(let offset): "is not valid JSON at byte \(offset)"
        case .tooDeep: "is JSON nested deeper than \(JSONScanner.maximumDepth) levels"
        case .invalidText: "has a string that is not valid UTF-8"
        case .repeatedKey(let key): "is JSON with the key \(key) twice in one object"
        }
    }
}

/// A position in a JSON text.
///
/// Public only so that other modules can inline its steps; not for use outside Varve.
public struct JSONScanner {
    /// The deepest nesting of arrays and objects.
    static let maximumDepth = 64

    /// The text.
    public let base: UnsafePointer<UInt8>
    /// Its length in bytes.
    public let count: Int
    /// The offset of the next byte to read.
    public var position = 0

    /// Starts at the beginning of a text.
    public init(base: UnsafePointer<UInt8>, count: Int) {
        self.base = base
        self.count = count
    }

    /// The failure of a text that breaks the grammar at this position.
    public var malformed: JSONFailure { .malformed(offset: position) }

    /// The byte at this position; 0 at the end.
    @inlinable @inline(__always)
    public var current: UInt8 { position < count ? base[position] : 0 }

    /// Passes white space.
    @inlinable @inline(__always)
    public mutating func skipWhitespace() {
        while position < count, base[position] <= 0x20 {
            switch base[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            default: return
            }
        }
    }

    /// Passes one required byte.
    ///
    /// - Throws: `JSONFailure.malformed` if another byte follows.
    public mutating func expect(_ byte: UInt8) throws(JSONFailure) {
        guard position < count, base[position] == byte else { throw malformed }
        position += 1
    }

    /// Passes any value.
    ///
    /// - Throws: `JSONFailure` if the value is not valid JSON or is nested too deep.
    public mutating func skipValue(depth: Int = 0) throws(JSONFailure) {
        switch current {
        case 0x22: _ = try skipString()
        case 0x7B: try skipObject(depth: depth + 1)
        case 0x5B: try skipArray(depth: depth + 1)
        case 0x74: try skipWord("true")
        case 0x66: try skipWord("false")
        case 0x6E: try skipWord("null")
        default: try skipNumber()
        }
    }

    /// Passes a string with its quotes.
    ///
    /// - Returns: The range of its content, and whether it has escapes.
    /// - Throws: `JSONFailure.malformed` or `JSONFailure.invalidText`.
    public mutating func skipString() throws(JSONFailure) -> (content: Range<Int>, isEscaped: Bool) {
        try expect(0x22)
        let start = position
        var isEscaped = false
        var isPlain = true
        while true {
            skipPlainCharacters()
            guard position < count else { throw malformed }
            let byte = base[position]
            if byte == 0x22 {
                let content = start..<position
                position += 1
                if !isPlain {
                    let text = UnsafeBufferPointer(start: base + start, count: content.count)
                    guard UTF8Text.isValid(text) else { throw .invalidText }
                }
                return (content, isEscaped)
            }
            guard byte >= 0x20 else { throw malformed }
            if byte >= 0x80 { isPlain = false }
            if byte == 0x5C {
                isEscaped = true
                position += 1
                try checkEscape()
            }
            position &+= 1
        }
    }

    /// Passes characters of a string that need no check, eight at a time.
    @inline(__always)
    private mutating func skipPlainCharacters() {
        let ones: UInt64 = 0x0101_0101_0101_0101
        while position &+ 8 <= count {
            let word = UInt64(
                littleEndian: UnsafeRawPointer(base + position).loadUnaligned(as: UInt64.self))
            let quote = word ^ 0x2222_2222_2222_2222
            let escape = word ^ 0x5C5C_5C5C_5C5C_5C5C
            // The lowest mark is exact: the subtraction borrows only from bytes above a true match.
            let marks =
                word | ((quote &- ones) & ~quote) | ((escape &- ones) & ~escape)
                | ((word &- 0x2020_2020_2020_2020) & ~word)
            let found = marks & 0x8080_8080_8080_8080
            if found != 0 {
                position &+= found.trailingZeroBitCount >> 3
                return
            }
            position &+= 8
        }
    }

    /// Passes a number.
    ///
    /// - Throws: `JSONFailure.malformed`.
    public mutating func skipNumber() throws(JSONFailure) {
        var index = position
        if index < count, base[index] == 0x2D { index &+= 1 }
        if index < count, base[index] == 0x30 {
            index &+= 1
        } else {
            try skipDigits(&index)
        }
        if index < count, base[index] == 0x2E {
            index &+= 1
            try skipDigits(&index)
        }
        if index < count, base[index] | 0x20 == 0x65 {
            index &+= 1
            if index < count, base[index] == 0x2B || base[index] == 0x2D { index &+= 1 }
            try skipDigits(&index)
        }
        position = index
    }

    /// Passes `word`.
    ///
    /// - Throws: `JSONFailure.malformed` if another text follows.
    public mutating func skipWord(_ word: StaticString) throws(JSONFailure) {
        guard count - position >= word.utf8CodeUnitCount else { throw malformed }
        for index in 0..<word.utf8CodeUnitCount where base[position + index] != word.utf8Start[index] {
            throw malformed
        }
        position += word.utf8CodeUnitCount
    }

    @inline(__always)
    private mutating func skipDigits(_ index: inout Int) throws(JSONFailure) {
        let start = index
        while index < count, base[index] &- 0x30 < 10 { index &+= 1 }
        if index == start {
            position = index
            throw malformed
        }
    }

    private mutating func skipArray(depth: Int) throws(JSONFailure) {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        var hasElement = try enterArray()
        while hasElement {
            try skipValue(depth: depth)
            hasElement = try nextElement()
        }
    }

    private mutating func skipObject(depth: Int) throws(JSONFailure) {
        guard depth <= Self.maximumDepth else { throw .tooDeep }
        var hasMember = try enterObject()
        while hasMember {
            _ = try memberName()
            try skipValue(depth: depth)
            hasMember = try nextMember()
        }
    }

    /// Checks the escape whose letter is at this position and stops at its last byte.
    private mutating func checkEscape() throws(JSONFailure) {
        switch current {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return
        case 0x75:
            guard let unit = Self.hexUnit(base, count, position + 1) else { throw malformed }
            position += 4
            if (0xDC00...0xDFFF).contains(unit) { throw .invalidText }
            guard (0xD800...0xDBFF).contains(unit) else { return }
            guard count - position > 6, base[position + 1] == 0x5C, base[position + 2] == 0x75,
                let low = Self.hexUnit(base, count, position + 3), (0xDC00...0xDFFF).contains(low)
            else { throw .invalidText }
            position += 6
        default: throw malformed
        }
    }

    /// Four hexadecimal digits as a number.
    private static func hexUnit(_ base: UnsafePointer<UInt8>, _ count: Int, _ start: Int) -> UInt32? {
        guard start + 4 <= count else { return nil }
        var value: UInt32 = 0
        for index in start..<start + 4 {
            let byte = base[index]
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: return nil
            }
        }
        return value
    }

    /// The text, without escapes, of a string that `skipString` or `memberName` has passed.
    public func text(of string: (content: Range<Int>, isEscaped: Bool)) -> [UInt8] {
        let content = string.content
        guard string.isEscaped else {
            return Array(UnsafeBufferPointer(start: base + content.lowerBound, count: content.count))
        }
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        appendText(of: content, to: &text)
        return text
    }

    /// Appends the content of a string that `skipString` has passed, with its escapes resolved.
    public func appendText(of content: Range<Int>, to text: inout [UInt8]) {
        var index = content.lowerBound
        while index < content.upperBound {
            guard base[index] == 0x5C else {
                text.append(base[index])
                index += 1
                continue
            }
            switch base[index + 1] {
            case 0x62: text.append(0x08)
            case 0x66: text.append(0x0C)
            case 0x6E: text.append(0x0A)
            case 0x72: text.append(0x0D)
            case 0x74: text.append(0x09)
            case 0x75: index += appendUnit(at: index + 2, to: &text)
            default: text.append(base[index + 1])
            }
            index += 2
        }
    }

    /// Appends the character of a `\u` escape; returns how many bytes longer the escape is than a short one of two
    /// bytes.
    private func appendUnit(at start: Int, to text: inout [UInt8]) -> Int {
        let unit = Self.hexUnit(base, count, start) ?? 0xFFFD
        var scalar = unit
        var extra = 4
        if (0xD800...0xDBFF).contains(unit), let low = Self.hexUnit(base, count, start + 6) {
            scalar = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            extra = 10
        }
        let character = Unicode.Scalar(scalar) ?? "\u{FFFD}"
        text.append(contentsOf: UTF8.encode(character) ?? UTF8.encodedReplacementCharacter)
        return extra
    }
}
