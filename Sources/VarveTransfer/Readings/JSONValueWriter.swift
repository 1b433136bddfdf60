// JSONValueWriter.swift — the value of a row as JSON, exactly.
//
// JSON has only finite numbers, so the others become the strings "NaN", "Infinity" and "-Infinity".
//
// Invariants:
// - A number's text reads back to the same double or integer; −0 is `-0`.
// - The output is valid JSON on one line.

import VarveModel
import VarveText

/// Writes values as JSON.
struct JSONValueWriter {
    private var values = ValueParser()
    private var doubles = DoubleWriter()

    /// The result for one value.
    enum Outcome {
        case written
        case missing
        case failure(ValueFailure)
    }

    /// Appends the value of a field.
    ///
    /// - Parameter type: The type of its point; nil if it is unknown, so that the text of the value decides.
    @inline(__always)
    mutating func append(_ field: Field, as type: ValueType?, to bytes: inout [UInt8]) -> Outcome {
        guard let type else { return appendUntyped(field, to: &bytes) }
        return append(values.parse(field, as: type), of: type, to: &bytes)
    }

    private mutating func append(
        _ value: ParsedValue, of type: ValueType, to bytes: inout [UInt8]
    ) -> Outcome {
        switch value {
        case .missing: return .missing
        case .failure(let failure): return .failure(failure)
        case .text(let text): JSONString.append(text, to: &bytes)
        case .canonicalText: bytes.append(contentsOf: values.canonical)
        case .bits(let bits) where type == .double: append(Double(bitPattern: bits), to: &bytes)
        case .bits(let bits) where type == .bool: append(bits == 0 ? "false" : "true", to: &bytes)
        case .bits(let bits): ValueText.append(Int64(bitPattern: bits), to: &bytes)
        }
        return .written
    }

    /// Writes numbers, truth values, arrays and objects as such, and everything else as a string.
    ///
    /// A quoted `""` or `"null"` of a CSV file is a text, as for a text point at import.
    private mutating func appendUntyped(_ field: Field, to bytes: inout [UInt8]) -> Outcome {
        if field.isMissing { return .missing }
        switch field.kind {
        case .absent: return .missing
        case .compound: return append(values.parse(field, as: .json), of: .json, to: &bytes)
        case .string:
            guard let value = NumberText.double(field.base, field.count), !value.isFinite else { break }
            append(value, to: &bytes)
            return .written
        case .plain, .quoted, .literal:
            if appendNumber(field, to: &bytes) { return .written }
            if NumberText.equals(field.base, field.count, "true") {
                append("true", to: &bytes)
                return .written
            }
            if NumberText.equals(field.base, field.count, "false") {
                append("false", to: &bytes)
                return .written
            }
        }
        return append(values.parse(field, as: .string), of: .string, to: &bytes)
    }

    private mutating func appendNumber(_ field: Field, to bytes: inout [UInt8]) -> Bool {
        switch NumberText.classify(field.base, field.count) {
        case .text: return false
        case .integer, .bigInteger:
            guard let value = NumberText.int64(field.base, field.count) else { return false }
            // As an integer "-0" loses its sign; as a double it keeps it.
            if value == 0, field.base[0] == 0x2D { bytes.append(0x2D) }
            ValueText.append(value, to: &bytes)
        case .hugeInteger, .decimal:
            guard let value = NumberText.double(field.base, field.count) else { return false }
            append(value, to: &bytes)
        }
        return true
    }

    private mutating func append(_ value: Double, to bytes: inout [UInt8]) {
        if value.isFinite { return doubles.append(value, to: &bytes) }
        ValueText.appendJSON(value, to: &bytes)
    }

    private func append(_ text: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
