// JSONText.swift — JSON for `--json`: members in the order given, no Foundation.
//
// Invariants:
// - The text is valid JSON: a double that is not finite has no JSON form and becomes null.

import VarveModel
import VarveText

/// A JSON value to print.
indirect enum JSONText: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONText])
    case object([(name: String, value: JSONText)])

    /// The text, or null where there is none.
    static func optional(_ text: String?) -> JSONText {
        text.map(JSONText.string) ?? .null
    }

    /// The value on one line.
    func line() -> String {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An array with one element a line, so that a person and `grep` can read it.
    static func lines(_ elements: some Sequence<JSONText>) -> String {
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
        case .string(let text): JSONQuoting.append(text, to: &bytes)
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
                JSONQuoting.append(member.name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.value.append(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}
