// TypeCensus.swift — counts the kinds of a point's values over all inputs of a run and chooses its type.
//
// Invariants:
// - Words for "no reading" do not count. Numbers win if they are at least half of the other values.

import VarveModel
import VarveText

/// The kinds of values seen, as a set.
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
    /// Text that is neither a number nor a word for "no reading".
    static let text = TypeCensus(rawValue: 16)
    /// A quoted `""` or `"null"`: text if the point is text, else no value.
    static let emptyText = TypeCensus(rawValue: 32)
    /// JSON `true` and `false`.
    static let bool = TypeCensus(rawValue: 64)
    /// JSON arrays and objects.
    static let compound = TypeCensus(rawValue: 128)
    /// A word for "no reading".
    static let word = TypeCensus(rawValue: 256)

    /// Text that looks like a number (see `NumberLook`); always together with `text`.
    static let numberLook = TypeCensus(rawValue: 1 << 14)

    /// A row declares this type for the point: bits 9 to 13, in the order of the types' raw values.
    static func declared(_ type: ValueType) -> TypeCensus {
        TypeCensus(rawValue: 1 << (8 + UInt16(type.rawValue)))
    }

    /// The types that rows declare for the point.
    var declaredTypes: [ValueType] {
        if rawValue & 0x3E00 == 0 { return [] }
        return ValueType.allCases.filter { contains(.declared($0)) }
    }

    /// The kinds of one field; empty if the value is missing.
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
    /// The kinds that count against numbers.
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
            // A JSON string counts as a number only for NaN and infinities, which JSON has no numbers for.
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

/// The counts of a point's values.
struct ValueCensus: Hashable, Sendable {
    /// The kinds seen.
    private(set) var kinds: TypeCensus = []
    private(set) var numbers: UInt64 = 0
    /// The number of values that are neither numbers nor words for "no reading".
    private(set) var others: UInt64 = 0
    private(set) var words: UInt64 = 0
    /// The number of `others` that look like numbers.
    private(set) var numberLooks: UInt64 = 0

    /// Counts a number.
    @inline(__always)
    mutating func add(number kind: TypeCensus) {
        kinds.formUnion(kind)
        numbers &+= 1
    }

    /// Counts a value that is not a number, or takes note of a declared type.
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
    /// A type that rows declare comes first. Numbers make `double`, or `int64` if integers beyond 2^53 are among them.
    /// If these are mixed with decimals, or if an integer is beyond Int64, the type is `string`, as no number type
    /// holds all of them exactly. JSON truth values alone make `bool`, arrays and objects alone `json`. Everything else
    /// makes `string`, also words for "no reading" alone; a point without any value is `double`.
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

    /// Whether some values do not fit the type, only words for "no reading" decided it, or numbers became text.
    ///
    /// A text point with texts besides words for "no reading" is not mixed: nothing is lost.
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

    /// Whether the point would be a number point if texts that look like numbers counted as numbers.
    var looksLikeNumbers: Bool {
        kinds.declaredTypes.isEmpty && type == .string && numberLooks > 0
            && numbers < others && numbers + numberLooks >= others - numberLooks
    }
}

/// A value that is not a number, as an example for the receipt.
struct ValueExample {
    /// The rank of its kind: 0 a text that looks like a number, 1 a word for "no reading", 2 another text.
    private let rank: Int
    let text: String

    /// The most examples kept of one input.
    static let maximumCount = 1024

    /// Makes an example; nil if the value is neither a text nor a word for "no reading".
    init?(_ field: Field, _ kind: TypeCensus) {
        guard let rank = Self.rank(kind) else { return nil }
        self.rank = rank
        text = field.excerpt
    }

    /// The example with the lower rank; the first one if the ranks are equal.
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
