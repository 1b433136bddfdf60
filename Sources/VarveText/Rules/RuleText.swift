// RuleText.swift — the text of a value rule: `INT`, `STRING(64)`, `ENUM(0,1)`, `ARRAY(INT)`, `STRUCT(a:INT,b:STRING?)`.
//
// The same text is in options, in lists, in files to import and in the registry's file. So it is a persistent format.
//
// A name of an ENUM key or of a STRUCT member is bare, or a JSON string in quotes. It is in quotes if it is empty, has a
// byte of `"(),:?\` or a blank, or is a text key that reads as an integer. `?` after a member's type: the member may be
// absent.
//
// Invariants:
// - `RuleText.rule(text of a rule)` is that rule, and equal rules have one text.

public import VarveModel

/// Why a text is no value rule.
public struct RuleFailure: Error, Hashable, Sendable {
    /// What is wrong, and what to write; one line.
    public var reason: String
}

/// Writes and reads value rules.
public enum RuleText {
    /// The most bytes of the text of a rule.
    public static let maximumBytes = 65_536

    /// The names of the types, for messages.
    public static let typeNames =
        "INT, FLOAT, DOUBLE, BOOL, ENUM(0,1), STRING, STRING(64), DATE, TIMESTAMP, ARRAY(INT), STRUCT(a:INT,b:STRING?), FILE"

    /// The text of a rule.
    public static func text(_ rule: ValueRule) -> String {
        var bytes: [UInt8] = []
        append(rule, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a text that is a rule and nothing else.
    ///
    /// - Parameter allowsNesting: Whether a member of a structure may be a structure, as in the output of an event.
    public static func rule(_ text: String, allowsNesting: Bool = false) throws(RuleFailure) -> ValueRule {
        var reader = RuleReader(text.utf8, allowsNesting: allowsNesting)
        let rule = try reader.read()
        guard reader.rest.isEmpty else {
            throw RuleFailure(
                reason: "type \(Excerpt.quoted(text)) has something after its end: write one of \(typeNames)")
        }
        return rule
    }

    /// Whether a text begins with the name of a type of EnOS that is followed by `(`, `:` or nothing.
    public static func beginsType(_ text: some StringProtocol) -> Bool {
        let name = text.utf8.prefix { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
        guard RuleReader.names.contains(String(decoding: name, as: UTF8.self)) else { return false }
        let next = text.utf8.dropFirst(name.count).first
        return next == nil || next == UInt8(ascii: "(") || next == UInt8(ascii: ":")
    }

    /// Reads the rule with which a text begins, and returns what follows it.
    public static func prefix(
        of text: some StringProtocol, allowsNesting: Bool = false
    ) throws(RuleFailure) -> (rule: ValueRule, rest: String) {
        var reader = RuleReader(text.utf8, allowsNesting: allowsNesting)
        let rule = try reader.read()
        return (rule, String(decoding: reader.rest, as: UTF8.self))
    }

    private static func append(_ rule: ValueRule, to bytes: inout [UInt8]) {
        switch rule {
        case .int: bytes += "INT".utf8
        case .float: bytes += "FLOAT".utf8
        case .double: bytes += "DOUBLE".utf8
        case .bool: bytes += "BOOL".utf8
        case .date: bytes += "DATE".utf8
        case .timestamp: bytes += "TIMESTAMP".utf8
        case .file: bytes += "FILE".utf8
        case .string(ValueRule.maximumTextBytes): bytes += "STRING".utf8
        case .string(let maximum): bytes += "STRING(\(maximum))".utf8
        case .integerEnumeration(let keys):
            bytes += "ENUM(\(keys.sorted().map(String.init).joined(separator: ",")))".utf8
        case .textEnumeration(let keys):
            bytes += "ENUM(".utf8
            for (index, key) in keys.map({ Name($0) }).sorted().enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(name: key.text, isKey: true, to: &bytes)
            }
            bytes.append(UInt8(ascii: ")"))
        case .array(let element):
            bytes += "ARRAY(".utf8
            append(element, to: &bytes)
            bytes.append(UInt8(ascii: ")"))
        case .structure(let members):
            bytes += "STRUCT(".utf8
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                append(name: member.name, isKey: false, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                append(member.rule, to: &bytes)
                if !member.isRequired { bytes.append(UInt8(ascii: "?")) }
            }
            bytes.append(UInt8(ascii: ")"))
        }
    }

    private static func append(name: String, isKey: Bool, to bytes: inout [UInt8]) {
        let isBare = !name.isEmpty && !name.utf8.contains(where: RuleReader.endsName)
        if isBare, !isKey || Int64(name) == nil {
            bytes += name.utf8
        } else {
            JSONString.append(name, to: &bytes)
        }
    }
}

/// Reads one rule from the beginning of a text.
private struct RuleReader {
    static let names: Set<String> = [
        "INT", "FLOAT", "DOUBLE", "BOOL", "ENUM", "STRING", "DATE", "TIMESTAMP", "ARRAY", "STRUCT", "FILE",
    ]

    private(set) var rest: ArraySlice<UInt8>
    private let allowsNesting: Bool

    init(_ text: some Sequence<UInt8>, allowsNesting: Bool) {
        rest = Array(text)[...]
        self.allowsNesting = allowsNesting
    }

    /// Whether a byte cannot be in a bare name.
    static func endsName(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == 0x7F || "\"(),:?\\".utf8.contains(byte)
    }

    mutating func read() throws(RuleFailure) -> ValueRule {
        guard rest.count <= RuleText.maximumBytes else {
            throw RuleFailure(reason: "the type has more than \(RuleText.maximumBytes) bytes: shorten it")
        }
        return try rule(depth: 0)
    }

    /// - Parameter depth: The number of structures and arrays around the rule.
    private mutating func rule(depth: Int) throws(RuleFailure) -> ValueRule {
        skipBlanks()
        let name = String(decoding: rest.prefix { !Self.endsName($0) }, as: UTF8.self)
        guard Self.names.contains(name) else {
            throw RuleFailure(
                reason: "unknown type \(Excerpt.quoted(name)): write one of \(RuleText.typeNames)")
        }
        rest = rest.dropFirst(name.utf8.count)
        switch name {
        case "INT": return .int
        case "FLOAT": return .float
        case "DOUBLE": return .double
        case "BOOL": return .bool
        case "DATE": return .date
        case "TIMESTAMP": return .timestamp
        case "FILE": return .file
        case "STRING": return try string()
        case "ENUM": return try enumeration()
        case "ARRAY": return try array(depth: depth)
        default: return try structure(depth: depth)
        }
    }

    private mutating func string() throws(RuleFailure) -> ValueRule {
        guard take("(") else { return .string(maximumBytes: ValueRule.maximumTextBytes) }
        skipBlanks()
        let digits = String(decoding: rest.prefix { !Self.endsName($0) }, as: UTF8.self)
        rest = rest.dropFirst(digits.utf8.count)
        guard let maximum = Int(digits), 1...ValueRule.maximumTextBytes ~= maximum else {
            throw RuleFailure(
                reason:
                    "STRING(\(Excerpt.of(digits))) has no length of 1 to \(ValueRule.maximumTextBytes) bytes")
        }
        try expect(")", "STRING")
        return .string(maximumBytes: maximum)
    }

    private mutating func enumeration() throws(RuleFailure) -> ValueRule {
        try expect("(", "ENUM")
        var numbers: Set<Int64> = []
        var texts: Set<String> = []
        repeat {
            let (key, isQuoted) = try name(in: "ENUM")
            let number = isQuoted ? nil : Int64(key)
            let isNew = number.map { numbers.insert($0).inserted } ?? texts.insert(key).inserted
            guard isNew else {
                throw RuleFailure(reason: "ENUM has the key \(Excerpt.quoted(key)) twice: name each once")
            }
        } while take(",")
        try expect(")", "ENUM")
        guard numbers.isEmpty || texts.isEmpty else {
            throw RuleFailure(
                reason: "ENUM has integers and texts as keys: use one kind; a text such as \"1\" is in quotes"
            )
        }
        return texts.isEmpty ? .integerEnumeration(keys: numbers) : .textEnumeration(keys: texts)
    }

    private mutating func array(depth: Int) throws(RuleFailure) -> ValueRule {
        try expect("(", "ARRAY")
        let element = try rule(depth: depth + 1)
        guard element.storedType != .json else {
            throw RuleFailure(reason: "ARRAY has elements of one plain type: write ARRAY(INT) or the like")
        }
        try expect(")", "ARRAY")
        return .array(of: element)
    }

    private mutating func structure(depth: Int) throws(RuleFailure) -> ValueRule {
        guard depth == 0 || allowsNesting && depth == 1 else {
            throw RuleFailure(reason: "a member of STRUCT cannot be a STRUCT: name its members one by one")
        }
        try expect("(", "STRUCT")
        var members: [ValueRule.StructureMember] = []
        var seen: Set<Name> = []
        repeat {
            let name = try name(in: "STRUCT").text
            guard seen.insert(Name(name)).inserted else {
                throw RuleFailure(
                    reason: "STRUCT has the member \(Excerpt.quoted(name)) twice: name each once")
            }
            try expect(":", "STRUCT")
            let rule = try rule(depth: depth + 1)
            members.append(.init(name: name, rule: rule, isRequired: !take("?")))
        } while take(",")
        try expect(")", "STRUCT")
        return .structure(members)
    }

    /// A bare name, or one in quotes.
    private mutating func name(in type: String) throws(RuleFailure) -> (text: String, isQuoted: Bool) {
        skipBlanks()
        guard rest.first == UInt8(ascii: "\"") else {
            let name = rest.prefix { !Self.endsName($0) }
            rest = rest.dropFirst(name.count)
            guard !name.isEmpty else {
                throw RuleFailure(reason: "\(type) lacks a name: write one of \(RuleText.typeNames)")
            }
            return (String(decoding: name, as: UTF8.self), false)
        }
        let read = rest.withUnsafeBufferPointer { buffer -> (text: String, count: Int)? in
            guard let base = buffer.baseAddress else { return nil }
            var scanner = JSONScanner(base: base, count: buffer.count)
            guard let token = try? scanner.skipString() else { return nil }
            return (String(decoding: scanner.text(of: token), as: UTF8.self), scanner.position)
        }
        guard let read else { throw RuleFailure(reason: "\(type) has a name whose quotes are wrong") }
        rest = rest.dropFirst(read.count)
        return (read.text, true)
    }

    private mutating func skipBlanks() {
        rest = rest.drop { $0 == UInt8(ascii: " ") }
    }

    /// Skips blanks and a mark; false if another byte follows.
    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        let byte = UInt8(ascii: mark)
        let next = rest.drop { $0 == UInt8(ascii: " ") }
        guard next.first == byte else { return false }
        rest = next.dropFirst()
        return true
    }

    private mutating func expect(_ mark: Unicode.Scalar, _ type: String) throws(RuleFailure) {
        guard take(mark) else {
            throw RuleFailure(reason: "\(type) lacks a \"\(mark)\": write one of \(RuleText.typeNames)")
        }
    }
}
