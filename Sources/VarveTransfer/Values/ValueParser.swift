// ValueParser.swift — the value of a row, read as the type of its point.
//
// Invariants:
// - A value is taken exactly or rejected, except that decimal text is rounded to the nearest double.

import VarveModel
import VarveText

/// Why a value does not fit its point.
enum ValueFailure {
    case notNumber
    case notInteger
    case notBool
    case invalidUTF8
    case json(JSONFailure)
    /// The product's policy makes a value of it that its type cannot hold.
    case beyondPolicy
}

/// The result of reading a field as a value.
enum ParsedValue {
    case bits(UInt64)
    /// A text, as a pointer into the row.
    case text(UnsafeBufferPointer<UInt8>)
    /// A JSON value, whose text is in the parser's `canonical`.
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

    /// Whether a field is a missing value for a point of a type; a nil type means that the type is unknown.
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

    /// Whether a quoted text means "no value" for a point that is not text.
    ///
    /// For `json` a JSON string is always a value.
    private static func isEmptyOrNull(_ field: Field, _ type: ValueType) -> Bool {
        if type == .json, field.kind == .string { return false }
        return ValueReading.isNothing(field.base, field.count)
    }

    private func double(_ field: Field) -> ParsedValue {
        guard field.kind != .compound, let value = NumberText.double(field.base, field.count) else {
            return .failure(.notNumber)
        }
        // A JSON string is a number only for NaN and infinities, which JSON has no numbers for.
        if field.kind == .string, value.isFinite { return .failure(.notNumber) }
        return .bits(value.bitPattern)
    }

    private func bool(_ field: Field) -> ParsedValue {
        // A JSON string is text: "1" in quotes is not a truth value.
        let isDigit = field.kind == .string && field.count == 1
        guard field.kind != .compound, !isDigit, let value = ValueReading.bool(field.base, field.count) else {
            return .failure(.notBool)
        }
        return .bits(value ? 1 : 0)
    }

    private func string(_ field: Field) -> ParsedValue {
        let text = UnsafeBufferPointer(start: field.base, count: field.count)
        // The JSON scanner has already checked its strings; CSV fields are unchecked.
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
        // JSON's null is a missing value: NDJSON could not tell a stored null from a missing value.
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
        case .beyondPolicy:
            return
                "\(place), and the policy of its product makes a value of \"\(field.excerpt)\" that it cannot hold; "
                + "see the policy with varve policy show"
        }
    }

    /// The advice for a value that does not fit its point.
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

/// The reason for rejecting rows that are not valid UTF-8.
enum UTF8Advice {
    /// - Parameter part: The part of the row that is not valid UTF-8.
    static func text(_ part: String) -> String {
        "\(part) is not valid UTF-8; say what it is with --encoding latin-1 or windows-1252"
    }
}
