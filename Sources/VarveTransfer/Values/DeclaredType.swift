// DeclaredType.swift — the type that a row of an exported file declares for its point.
//
// Invariants:
// - A declared type is never ignored: if the point has another type, the row is rejected.

import VarveModel
import VarveText

/// Reads the column or member `type`.
enum DeclaredType {
    /// Reads the name of a type.
    ///
    /// - Returns: The type; nil if no type has that name.
    static func read(_ field: Field) -> ValueType? {
        func isNamed(_ word: StaticString) -> Bool {
            field.count == word.utf8CodeUnitCount && Bytes.equal(field.base, word.utf8Start, field.count)
        }
        if isNamed("double") { return .double }
        if isNamed("string") { return .string }
        if isNamed("int64") { return .int64 }
        if isNamed("bool") { return .bool }
        return isNamed("json") ? .json : nil
    }

    /// Why a row whose field is no type's name is rejected.
    static func unknownReason(_ field: Field) -> String {
        "there is no type \"\(field.excerpt)\", only \(ValueType.allCases.map(\.name).joined(separator: ", ")); "
            + "rename the column if it means something else"
    }

    /// Why a row is rejected if its point has another type than the row declares.
    static func mismatchReason(_ declared: ValueType, point: Field, type: ValueType) -> String {
        "point \(point.excerpt) is \(type.name), and the row says that it is \(declared.name); "
            + "leave the type out to have the value read as \(type.name)"
    }
}
