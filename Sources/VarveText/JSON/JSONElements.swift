// JSONElements.swift — the elements of a JSON array as trees with line numbers, for small files written by people.
//
// Invariants:
// - Nesting is bounded by `maximumDepth`.
// - Up to that depth it accepts what `JSONScanner` accepts.

/// A JSON value and the line on which it begins.
public struct JSONValue {
    /// The value itself.
    public enum Content {
        case null
        case bool(Bool)
        /// A number as it was written.
        case number(String)
        case string(String)
        case array([JSONValue])
        case object([(name: String, value: JSONValue)])
    }

    /// The line on which the value begins, counted from 1.
    public var line: Int
    /// The value itself.
    public var content: Content
}

/// Reads trees.
public enum JSONElements {
    /// The deepest nesting of arrays and objects.
    static let maximumDepth = 16

    fileprivate static let noArray = "there is no JSON array: begin with \"[\", as list --json prints"

    /// Why the rest of a file cannot be read.
    public struct Failure: Error {
        /// The number of the line.
        public var line: Int
        /// What is wrong there, and what to do.
        public var reason: String
    }

    /// Reads a text that is one JSON value.
    ///
    /// - Throws: `Failure` if it is not JSON, or nested deeper than 16 levels.
    public static func value(of bytes: [UInt8]) throws(Failure) -> JSONValue {
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<JSONValue, Failure> in
            Result { () throws(Failure) in
                guard let base = buffer.baseAddress else {
                    throw Failure(line: 1, reason: "there is no JSON")
                }
                var reader = JSONTreeReader(base, buffer.count)
                return try reader.onlyValue()
            }
        }
        return try result.get()
    }

    /// Calls `body` with each element of a file that is one JSON array.
    ///
    /// - Throws: `Failure`, and what `body` throws.
    public static func forEach(in bytes: [UInt8], _ body: (JSONValue) throws -> Void) throws {
        try bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { throw Failure(line: 1, reason: noArray) }
            var reader = JSONTreeReader(base, buffer.count)
            try reader.forEachElement(body)
        }
    }
}

/// Reads one array.
private struct JSONTreeReader {
    private var scanner: JSONScanner
    private var line = 1
    /// The position up to which line ends are counted.
    private var counted = 0

    init(_ base: UnsafePointer<UInt8>, _ count: Int) {
        scanner = JSONScanner(base: base, count: count)
        let bytes = UnsafeBufferPointer(start: base, count: count)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { scanner.position = 3 }
    }

    mutating func forEachElement(_ body: (JSONValue) throws -> Void) throws {
        scanner.skipWhitespace()
        guard scanner.current == 0x5B else {
            throw failure(JSONElements.noArray)
        }
        var hasElement = try step("") { scanner throws(JSONFailure) in try scanner.enterArray() }
        while hasElement {
            try body(value(depth: 1))
            hasElement = try next(after: "]") { scanner throws(JSONFailure) in try scanner.nextElement() }
        }
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else {
            throw failure("there is text after the end of the array: remove it")
        }
    }

    mutating func onlyValue() throws(JSONElements.Failure) -> JSONValue {
        scanner.skipWhitespace()
        let value = try value(depth: 1)
        scanner.skipWhitespace()
        guard scanner.position == scanner.count else {
            throw failure("there is text after the end of the value: remove it")
        }
        return value
    }

    private mutating func value(depth: Int) throws(JSONElements.Failure) -> JSONValue {
        guard depth <= JSONElements.maximumDepth else {
            throw failure("values are nested deeper than \(JSONElements.maximumDepth): flatten them")
        }
        guard scanner.position < scanner.count else {
            throw failure("the file ends in the middle of a value")
        }
        let start = currentLine()
        return JSONValue(line: start, content: try content(depth: depth))
    }

    private mutating func content(depth: Int) throws(JSONElements.Failure) -> JSONValue.Content {
        let unknown = "an unknown word: write true, false, null or text in quotes"
        switch scanner.current {
        case 0x7B: return .object(try object(depth: depth))
        case 0x5B: return .array(try array(depth: depth))
        case 0x22: return .string(try string())
        case 0x74:
            return try step(unknown) { scanner throws(JSONFailure) in
                try scanner.skipWord("true")
                return .bool(true)
            }
        case 0x66:
            return try step(unknown) { scanner throws(JSONFailure) in
                try scanner.skipWord("false")
                return .bool(false)
            }
        case 0x6E:
            return try step(unknown) { scanner throws(JSONFailure) in
                try scanner.skipWord("null")
                return .null
            }
        default:
            return try step("neither a value nor a number: check the quotes") {
                scanner throws(JSONFailure) in
                let start = scanner.position
                try scanner.skipNumber()
                let text = UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
                return .number(String(decoding: text, as: UTF8.self))
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONElements.Failure) -> [JSONValue] {
        var elements: [JSONValue] = []
        var hasElement = try step("") { scanner throws(JSONFailure) in try scanner.enterArray() }
        while hasElement {
            elements.append(try value(depth: depth + 1))
            hasElement = try next(after: "]") { scanner throws(JSONFailure) in try scanner.nextElement() }
        }
        return elements
    }

    private mutating func object(
        depth: Int
    ) throws(JSONElements.Failure) -> [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = []
        var hasMember = try step("") { scanner throws(JSONFailure) in try scanner.enterObject() }
        while hasMember {
            guard scanner.current == 0x22 else { throw failure("a member has no name in quotes") }
            let name = try string()
            scanner.skipWhitespace()
            try step("member \(Excerpt.quoted(name)) has no \":\" after its name") {
                scanner throws(JSONFailure) in
                try scanner.expect(0x3A)
                scanner.skipWhitespace()
            }
            members.append((name, try value(depth: depth + 1)))
            hasMember = try next(after: "}") { scanner throws(JSONFailure) in try scanner.nextMember() }
        }
        return members
    }

    private mutating func string() throws(JSONElements.Failure) -> String {
        let start = scanner.position
        do throws(JSONFailure) {
            let text = scanner.text(of: try scanner.skipString())
            return String(decoding: text, as: UTF8.self)
        } catch {
            throw failure(reason(of: error, from: start))
        }
    }

    /// The reason why the string that begins at `start` cannot be read.
    private func reason(of error: JSONFailure, from start: Int) -> String {
        guard case .malformed(let offset) = error else {
            let passed = UnsafeBufferPointer(start: scanner.base + start, count: scanner.position - start)
            return UTF8Text.isValid(passed)
                ? "a \\u escape is half of a pair" : "a text is not UTF-8: save the file as UTF-8"
        }
        if offset >= scanner.count { return "a text does not end: close its quote" }
        switch scanner.base[offset] {
        case 0..<0x20: return "a text has a line break or control character: escape it"
        case 0x75: return "a \\u escape has no four hexadecimal digits"
        default: return "a text has an unknown escape after \"\\\""
        }
    }

    /// Reads a comma or the closing byte of an array or object.
    private mutating func next(
        after closing: String, _ body: (inout JSONScanner) throws(JSONFailure) -> Bool
    ) throws(JSONElements.Failure) -> Bool {
        try step("\",\" or \"\(closing)\" is missing", body)
    }

    private mutating func step<Result>(
        _ reason: String, _ body: (inout JSONScanner) throws(JSONFailure) -> Result
    ) throws(JSONElements.Failure) -> Result {
        do throws(JSONFailure) {
            return try body(&scanner)
        } catch {
            throw failure(reason)
        }
    }

    private mutating func failure(_ reason: String) -> JSONElements.Failure {
        JSONElements.Failure(line: currentLine(), reason: reason)
    }

    /// The number of the line at the scanner's position.
    private mutating func currentLine() -> Int {
        while counted < min(scanner.position, scanner.count) {
            if scanner.base[counted] == 0x0A { line += 1 }
            counted += 1
        }
        return line
    }
}
