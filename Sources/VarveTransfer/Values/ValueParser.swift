// ValueParser.swift — the value of a row, read as the type of its point.
//
// Invariants:
// - A value is taken exactly or not at all: nothing is rounded but decimal text to the nearest double.

import VarveModel
import VarveText

/// Why a value does not fit its point.
enum ValueFailure {
    case notNumber
    case notInteger
    case notBool
    case invalidUTF8
    case json(JSONFailure)
}

/// What a field is as a value.
enum ParsedValue {
    case bits(UInt64)
    /// A text that stands in the row.
    case text(UnsafeBufferPointer<UInt8>)
    /// The text in the parser's `canonical`.
    case canonicalText
    case missing
    case failure(ValueFailure)
}

/// Reads values.
struct ValueParser {
    /// The last JSON value in its canonical form.
    private(set) var canonical: [UInt8] = []

    /// Reads a field as a value of a type.
    @inline(__always)
    mutating func parse(_ field: Field, as type: ValueType) -> ParsedValue {
        if type == .double, field.kind == .plain {
            if let value = NumberText.double(field.base, field.count) { return .bits(value.bitPattern) }
            return field.isMissing ? .missing : .failure(.notNumber)
        }
        return parseOther(field, as: type)
    }

    /// Whether a field is no value of a type; nil where nobody knows the type.
    static func isMissing(_ field: Field, as type: ValueType?) -> Bool {
        if field.isMissing { return true }
        guard let type, type != .string, field.kind == .quoted || field.kind == .string else { return false }
        return isEmptyOrNull(field, type)
    }

    @inline(never)
    private mutating func parseOther(_ field: Field, as type: ValueType) -> ParsedValue {
        if Self.isMissing(field, as: type) { return .missing }
        switch type {
        case .double: return double(field)
        case .int64:
            guard field.kind != .string, field.kind != .compound,
                let value = NumberText.int64(field.base, field.count)
            else { return .failure(.notInteger) }
            return .bits(UInt64(bitPattern: value))
        case .bool: return bool(field)
        case .string: return string(field)
        case .json: return json(field)
        }
    }

    /// Whether a text says "no value" for a point that is not text; a JSON string is a value of `json`.
    private static func isEmptyOrNull(_ field: Field, _ type: ValueType) -> Bool {
        if type == .json, field.kind == .string { return false }
        return ValueReading.isNothing(field.base, field.count)
    }

    private func double(_ field: Field) -> ParsedValue {
        guard field.kind != .compound, let value = NumberText.double(field.base, field.count) else {
            return .failure(.notNumber)
        }
        // A JSON string is text, but JSON has no other way to write what is not finite.
        if field.kind == .string, value.isFinite { return .failure(.notNumber) }
        return .bits(value.bitPattern)
    }

    private func bool(_ field: Field) -> ParsedValue {
        // A JSON string is text: "1" is no truth value there.
        let isDigit = field.kind == .string && field.count == 1
        guard field.kind != .compound, !isDigit, let value = ValueReading.bool(field.base, field.count) else {
            return .failure(.notBool)
        }
        return .bits(value ? 1 : 0)
    }

    private func string(_ field: Field) -> ParsedValue {
        let text = UnsafeBufferPointer(start: field.base, count: field.count)
        // The JSON scanner has checked its strings; CSV fields come unchecked.
        if field.kind == .plain || field.kind == .quoted, !UTF8Text.isValid(text) {
            return .failure(.invalidUTF8)
        }
        return .text(text)
    }

    private mutating func json(_ field: Field) -> ParsedValue {
        let text = UnsafeBufferPointer(start: field.base, count: field.count)
        canonical.removeAll(keepingCapacity: true)
        if field.kind == .string {
            JSONString.append(text, to: &canonical)
        } else {
            do throws(JSONFailure) {
                try CanonicalJSON.append(text, to: &canonical)
            } catch {
                return .failure(.json(error))
            }
        }
        // JSON's null is no value; kept as one, NDJSON could not write it apart from a missing one.
        return canonical.elementsEqual("null".utf8) ? .missing : .canonicalText
    }
}

extension ValueFailure {
    /// The reason of a rejected row.
    func reason(_ field: Field, point: Field, type: ValueType) -> String {
        let place = "point \(point.excerpt) is \(type.name)"
        switch self {
        case .notNumber:
            return "\(place), and \"\(field.excerpt)\" is not a number that it can hold; " + advice(field)
        case .notInteger:
            return "\(place), and \"\(field.excerpt)\" is not an integer of 64 bits; " + advice(field)
        case .notBool:
            return "\(place), and \"\(field.excerpt)\" is not true, false, 1 or 0; " + advice(field)
        case .invalidUTF8: return "\(place), and " + UTF8Advice.text("the value")
        case .json(let failure): return "\(place), and the value \(failure.description)"
        }
    }

    /// What to do with a value that does not fit.
    private func advice(_ field: Field) -> String {
        if NoReadingWords.contains(field) {
            return "if it means that there is no reading, import with "
                + ShellWord.option("--missing", field.excerpt)
        }
        let isList = UnsafeBufferPointer(start: field.base, count: field.count).contains(0x2C)
        return
            (isList ? "" : "if it means that there is no reading, name it in --missing; ")
            + "if the point has the wrong type, change it with "
            + "varve model change"
    }
}

/// The reason of rows with bytes that are no UTF-8.
enum UTF8Advice {
    /// - Parameter part: The part of the row that has them.
    static func text(_ part: String) -> String {
        "\(part) is not valid UTF-8; say what it is with --encoding latin-1 or windows-1252"
    }
}
