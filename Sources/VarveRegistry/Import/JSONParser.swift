// JSONParser.swift — RFC 8259 JSON with the line of each value, one array element at a time.
//
// Invariants:
// - Nesting is bounded by `maximumDepth`, so no input overflows the stack.
// - Strings are valid UTF-8 and their escapes valid; an unpaired surrogate is an error.

/// A JSON value and the line on which it begins.
struct JSONValue {
    enum Content {
        case null
        case bool(Bool)
        /// A number as it was written.
        case number(String)
        case string(String)
        case array([JSONValue])
        case object([(name: String, value: JSONValue)])
    }

    var line: Int
    var content: Content
}

/// Reads JSON from bytes.
struct JSONParser {
    static let maximumDepth = 16

    private let bytes: [UInt8]
    private let source: String
    private var index = 0
    private var line = 1

    init(_ bytes: [UInt8], source: String) {
        self.bytes = bytes
        self.source = source
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// Hands over the elements of the array that the text is, one after the other.
    mutating func forEachElement(_ body: (JSONValue) throws -> Void) throws {
        guard peek() == UInt8(ascii: "[") else {
            throw malformed("there is no JSON array: begin with \"[\", as list --json prints")
        }
        index += 1
        if peek() == UInt8(ascii: "]") {
            index += 1
        } else {
            repeat {
                try body(value(depth: 1))
            } while try takeSeparator(closing: UInt8(ascii: "]"))
        }
        guard peek() == nil else { throw malformed("there is text after the end of the array: remove it") }
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth <= Self.maximumDepth else {
            throw malformed("values are nested deeper than \(Self.maximumDepth): flatten them")
        }
        guard let byte = peek() else { throw malformed("the file ends in the middle of a value") }
        let start = line
        switch byte {
        case UInt8(ascii: "{"): return JSONValue(line: start, content: .object(try object(depth: depth)))
        case UInt8(ascii: "["): return JSONValue(line: start, content: .array(try array(depth: depth)))
        case UInt8(ascii: "\""): return JSONValue(line: start, content: .string(try string()))
        case UInt8(ascii: "t"): return JSONValue(line: start, content: try word("true", .bool(true)))
        case UInt8(ascii: "f"): return JSONValue(line: start, content: try word("false", .bool(false)))
        case UInt8(ascii: "n"): return JSONValue(line: start, content: try word("null", .null))
        default: return JSONValue(line: start, content: .number(try number()))
        }
    }

    private mutating func array(depth: Int) throws -> [JSONValue] {
        index += 1
        var elements: [JSONValue] = []
        if peek() == UInt8(ascii: "]") {
            index += 1
            return elements
        }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while try takeSeparator(closing: UInt8(ascii: "]"))
        return elements
    }

    private mutating func object(depth: Int) throws -> [(name: String, value: JSONValue)] {
        index += 1
        var members: [(name: String, value: JSONValue)] = []
        if peek() == UInt8(ascii: "}") {
            index += 1
            return members
        }
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw malformed("a member has no name in quotes") }
            let name = try string()
            guard peek() == UInt8(ascii: ":") else {
                throw malformed("member \(RegistryNames.shown(name)) has no \":\" after its name")
            }
            index += 1
            members.append((name, try value(depth: depth + 1)))
        } while try takeSeparator(closing: UInt8(ascii: "}"))
        return members
    }

    /// Takes a comma (true) or the closing bracket (false).
    private mutating func takeSeparator(closing: UInt8) throws -> Bool {
        let byte = peek()
        guard let byte, byte == UInt8(ascii: ",") || byte == closing else {
            throw malformed("\",\" or \"\(Character(Unicode.Scalar(closing)))\" is missing")
        }
        index += 1
        return byte != closing
    }

    private mutating func word(_ word: String, _ content: JSONValue.Content) throws -> JSONValue.Content {
        guard bytes[index...].starts(with: word.utf8) else {
            throw malformed("an unknown word: write true, false, null or text in quotes")
        }
        index += word.utf8.count
        return content
    }

    private mutating func number() throws -> String {
        let start = index
        while index < bytes.count, Self.numberBytes.contains(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard Double(text) != nil else { throw malformed("neither a value nor a number: check the quotes") }
        return text
    }

    private static let numberBytes = Set("0123456789+-.eE".utf8)

    /// The next byte that is no white space, without taking it.
    private mutating func peek() -> UInt8? {
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): break
            default: return bytes[index]
            }
            index += 1
        }
        return nil
    }

    private func malformed(_ what: String) -> RegistryError {
        RegistryError(.malformedInput, "\(source):\(line): \(what)")
    }
}

extension JSONParser {
    private mutating func string() throws -> String {
        index += 1
        var content: [UInt8] = []
        while true {
            guard index < bytes.count else { throw malformed("a text does not end: close its quote") }
            let byte = bytes[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw malformed("a text is not UTF-8: save the file as UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(into: &content)
            case 0..<0x20: throw malformed("a text has a line break or control character: escape it")
            default: content.append(byte)
            }
        }
    }

    private mutating func escape(into content: inout [UInt8]) throws {
        guard index < bytes.count else { throw malformed("a text does not end: close its quote") }
        let byte = bytes[index]
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw malformed("a text has an unknown escape after \"\\\"")
        }
    }

    private mutating func escapedScalar() throws -> Character {
        var value = try fourHexDigits()
        if (0xD800..<0xDC00).contains(value), bytes[index...].starts(with: "\\u".utf8) {
            index += 2
            let low = try fourHexDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw malformed("a \\u escape is half of a pair") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw malformed("a \\u escape is half of a pair") }
        return Character(scalar)
    }

    private mutating func fourHexDigits() throws -> UInt32 {
        let digits = bytes[index...].prefix(4)
        let isHex = digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
        guard digits.count == 4, isHex, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw malformed("a \\u escape has no four hexadecimal digits") }
        index += 4
        return value
    }
}
