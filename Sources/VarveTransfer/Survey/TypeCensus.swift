// TypeCensus.swift — what the values of a point are, seen over a whole input, and the type that follows.

import VarveModel

/// The kinds of values seen, as a set that can be joined with others.
struct TypeCensus: OptionSet, Hashable, Sendable {
    let rawValue: UInt16

    /// Integers that a double holds exactly.
    static let integer = TypeCensus(rawValue: 1)
    /// Integers beyond 2^53 that Int64 holds.
    static let bigInteger = TypeCensus(rawValue: 2)
    /// Integers beyond Int64.
    static let hugeInteger = TypeCensus(rawValue: 4)
    /// Numbers with a point or an exponent, NaN and infinities.
    static let decimal = TypeCensus(rawValue: 8)
    /// Text.
    static let text = TypeCensus(rawValue: 16)
    /// A quoted `""` or `"null"`: text if the point is text, else no value.
    static let emptyText = TypeCensus(rawValue: 32)
    /// JSON `true` and `false`.
    static let bool = TypeCensus(rawValue: 64)
    /// JSON arrays and objects.
    static let compound = TypeCensus(rawValue: 128)

    /// A row says that the point is of a type: from bit 9 on, in the order of their numbers.
    static func declared(_ type: ValueType) -> TypeCensus {
        TypeCensus(rawValue: 1 << (8 + UInt16(type.rawValue)))
    }

    /// The types that rows say the point is of.
    var declaredTypes: [ValueType] {
        if rawValue >> 9 == 0 { return [] }
        return ValueType.allCases.filter { contains(.declared($0)) }
    }

    /// What a field shows about its point; nothing if the value is missing.
    @inline(__always)
    init(_ field: Field) {
        if field.kind == .plain {
            switch NumberText.classify(field.base, field.count) {
            case .integer: self = .integer
            case .decimal: self = .decimal
            case .bigInteger: self = .bigInteger
            case .hugeInteger: self = .hugeInteger
            case .text: self = field.isMissing ? [] : .text
            }
        } else {
            self = Self.of(field)
        }
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The type of a point with these values.
    ///
    /// Numbers are `double`; integers beyond 2^53 make `int64`, with decimals or beyond Int64 `string`, as no
    /// number type would hold all of them exactly; text makes `string`. NDJSON also has `bool` and `json`, for
    /// points that have nothing else. A type that rows declare is taken whatever the values are.
    var type: ValueType {
        if let declared = declaredTypes.first { return declared }
        if isEmpty { return .double }
        if self == .bool { return .bool }
        if self == .compound { return .json }
        let numbers: TypeCensus = [.integer, .bigInteger, .hugeInteger, .decimal]
        if isDisjoint(with: numbers) || !isDisjoint(with: [.text, .bool, .compound]) { return .string }
        if contains(.hugeInteger) { return .string }
        if contains(.bigInteger) { return contains(.decimal) ? .string : .int64 }
        return .double
    }

    @inline(never)
    private static func of(_ field: Field) -> TypeCensus {
        switch field.kind {
        case .absent: return []
        case .compound: return .compound
        case .literal:
            if NumberText.equals(field.base, field.count, "true") { return .bool }
            if NumberText.equals(field.base, field.count, "false") { return .bool }
        case .string:
            // Only what JSON cannot write as a number counts as one in a string.
            guard let value = NumberText.double(field.base, field.count), !value.isFinite else {
                return field.count == 0 ? .emptyText : .text
            }
            return .decimal
        case .quoted:
            if field.count == 0 || NumberText.equals(field.base, field.count, "null") { return .emptyText }
        case .plain: break
        }
        var plain = field
        plain.kind = .plain
        return TypeCensus(plain)
    }
}
