// TypeCensus.swift — what the values of a point are, seen over all inputs of a run, and the type that follows.
//
// Invariants:
// - Words for "no reading" have no vote. Of the other values numbers win if they are at least half.

import VarveModel
import VarveText

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
    /// A word for "no reading".
    static let word = TypeCensus(rawValue: 256)

    /// Text that looks like a number, see `NumberLook`; `text` too.
    static let numberLook = TypeCensus(rawValue: 1 << 14)

    /// A row says that the point is of a type: bits 9 to 13, in the order of their numbers.
    static func declared(_ type: ValueType) -> TypeCensus {
        TypeCensus(rawValue: 1 << (8 + UInt16(type.rawValue)))
    }

    /// The types that rows say the point is of.
    var declaredTypes: [ValueType] {
        if rawValue & 0x3E00 == 0 { return [] }
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
            case .text: self = field.isMissing ? [] : Self.text(field)
            }
        } else {
            self = Self.of(field)
        }
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The kinds that are numbers.
    static let numbers: TypeCensus = [.integer, .bigInteger, .hugeInteger, .decimal]
    /// The kinds that have a vote against numbers.
    static let others: TypeCensus = [.text, .bool, .compound]

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
                return field.count == 0 ? .emptyText : Self.text(field)
            }
            return .decimal
        case .quoted:
            if field.count == 0 || NumberText.equals(field.base, field.count, "null") { return .emptyText }
        case .plain: break
        }
        return TypeCensus(Field(base: field.base, count: field.count, kind: .plain))
    }

    @inline(never)
    private static func text(_ field: Field) -> TypeCensus {
        if NumberLook.contains(field) { return [.text, .numberLook] }
        return NoReadingWords.contains(field) ? .word : .text
    }
}

/// The values of a point, counted.
struct ValueCensus: Hashable, Sendable {
    /// The kinds seen.
    private(set) var kinds: TypeCensus = []
    private(set) var numbers: UInt64 = 0
    /// Values that are neither numbers nor words for "no reading".
    private(set) var others: UInt64 = 0
    private(set) var words: UInt64 = 0
    /// Those of `others` that look like numbers.
    private(set) var numberLooks: UInt64 = 0

    /// Counts a number.
    @inline(__always)
    mutating func add(number kind: TypeCensus) {
        kinds.formUnion(kind)
        numbers &+= 1
    }

    /// Counts a value that is no number, or takes note of a declared type.
    mutating func add(_ kind: TypeCensus) {
        kinds.formUnion(kind)
        if !kind.isDisjoint(with: TypeCensus.others) {
            others &+= 1
            if kind.contains(.numberLook) { numberLooks &+= 1 }
        } else if kind == .word {
            words &+= 1
        }
    }

    /// Adds the values of the same point under another name or of another device.
    mutating func add(_ other: ValueCensus) {
        kinds.formUnion(other.kinds)
        numbers &+= other.numbers
        others &+= other.others
        words &+= other.words
        numberLooks &+= other.numberLooks
    }

    /// The type of a point with these values.
    ///
    /// Numbers are `double`; integers beyond 2^53 make `int64`, with decimals or beyond Int64 `string`, as no
    /// number type would hold all of them exactly. NDJSON also has `bool` and `json`, for points that have nothing
    /// else. All else is `string`, and so is a point of which only words for "no reading" are known. A type that rows
    /// declare is taken whatever the values are.
    var type: ValueType {
        if let declared = kinds.declaredTypes.first { return declared }
        if numbers > 0, numbers >= others {
            if kinds.contains(.hugeInteger) { return .string }
            if kinds.contains(.bigInteger) { return kinds.contains(.decimal) ? .string : .int64 }
            return .double
        }
        let kinds = kinds.subtracting(.word)
        if kinds.isEmpty { return words > 0 ? .string : .double }
        if kinds == .bool { return .bool }
        if kinds == .compound { return .json }
        return .string
    }

    /// Whether some of the values do not fit the type, nothing but words tells it, or numbers have become text.
    ///
    /// A text point that has texts beside words for "no reading" is not mixed: nothing is lost.
    ///
    /// - Parameter type: The type that the point gets.
    /// - Parameter isByHand: Whether the caller chose it.
    func isMixed(as type: ValueType, isByHand: Bool) -> Bool {
        guard kinds.declaredTypes.isEmpty else { return false }
        switch type {
        case .double, .int64: return others + words > 0
        case .bool: return !isByHand && words > 0
        case .json: return false
        case .string: return !isByHand && (numbers > 0 || others == 0 && words > 0)
        }
    }

    /// Whether the point would be a number point if its texts that look like numbers were some.
    var looksLikeNumbers: Bool {
        kinds.declaredTypes.isEmpty && type == .string && numberLooks > 0
            && numbers < others && numbers + numberLooks >= others - numberLooks
    }
}

/// A value that is no number, to be shown.
struct ValueExample {
    /// The kind of value: texts that look like numbers come first, then words for "no reading".
    private let rank: Int
    let text: String

    /// The most that are kept of an input.
    static let maximumCount = 1024

    /// An example of a value, if it is a text or a word.
    init?(_ field: Field, _ kind: TypeCensus) {
        guard let rank = Self.rank(kind) else { return nil }
        self.rank = rank
        text = field.excerpt
    }

    /// The better one of two.
    static func better(_ one: ValueExample?, _ other: ValueExample?) -> ValueExample? {
        guard let one, let other else { return one ?? other }
        return one.rank <= other.rank ? one : other
    }

    private static func rank(_ kind: TypeCensus) -> Int? {
        if kind.contains(.numberLook) { return 0 }
        if kind == .word { return 1 }
        return kind == .text ? 2 : nil
    }
}
