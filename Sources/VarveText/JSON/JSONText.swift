// JSONText.swift — a JSON value to write, with members in the order given.
//
// Invariants:
// - The text is valid JSON; a double that is not finite has no JSON form and becomes null.

/// A JSON value to print.
public indirect enum JSONText: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONText])
    case object([(name: String, value: JSONText)])

    /// The text as a string, or null for nil.
    public static func optional(_ text: String?) -> JSONText {
        text.map(JSONText.string) ?? .null
    }

    /// The value on one line.
    public func line() -> String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value with one member of an object per line, indented by two blanks for each enclosing object.
    public func indented() -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, indent: "\n")
        return String(decoding: bytes, as: UTF8.self)
    }

    private func append(to bytes: inout [UInt8], indent: String) {
        guard case .object(let members) = self, !members.isEmpty else { return append(to: &bytes) }
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            bytes.append(contentsOf: "\(index > 0 ? "," : "")\(indent)  ".utf8)
            JSONString.append(member.name, to: &bytes)
            bytes.append(contentsOf: ": ".utf8)
            member.value.append(to: &bytes, indent: indent + "  ")
        }
        bytes.append(contentsOf: "\(indent)}".utf8)
    }

    /// An array with one element per line, for people and `grep`.
    public static func lines(_ elements: some Sequence<JSONText>) -> String {
        var bytes = Array("[".utf8)
        var separator = "\n"
        for element in elements {
            bytes.append(contentsOf: separator.utf8)
            element.append(to: &bytes)
            separator = ",\n"
        }
        bytes.append(contentsOf: (separator == "\n" ? "]" : "\n]").utf8)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func append(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): ValueText.append(value, to: &bytes)
        case .double(let value) where value.isFinite: ValueText.append(value, to: &bytes)
        case .double: bytes.append(contentsOf: "null".utf8)
        case .string(let text): JSONString.append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                element.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { bytes.append(UInt8(ascii: ",")) }
                JSONString.append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
