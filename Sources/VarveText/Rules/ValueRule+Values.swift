// ValueRule+Values.swift — whether a number or text that was read fits a data type, and what the type takes, in words.
//
// Invariants:
// - A rule refuses only what the value's stored type takes: that a value is of this type is checked first.

public import VarveModel

extension ValueRule {
    /// The most keys of an enumeration that a message names.
    private static let namedKeys = 8

    /// The name of the data type in EnOS models.
    public var name: String {
        switch self {
        case .int: "INT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .bool: "BOOL"
        case .integerEnumeration, .textEnumeration: "ENUM"
        case .string: "STRING"
        case .date: "DATE"
        case .timestamp: "TIMESTAMP"
        case .array: "ARRAY"
        case .structure: "STRUCT"
        case .file: "FILE"
        }
    }

    /// What a value must be, as a phrase that follows "not".
    public var wanted: String {
        switch self {
        case .int: "an integer of 32 bits"
        case .float, .double: "a number that it can hold"
        case .bool: "true, false, 1 or 0"
        case .integerEnumeration(let keys): Self.oneOf(keys.sorted().map { "\($0)" })
        case .textEnumeration(let keys): Self.oneOf(keys.sorted().map { Excerpt.quoted($0, limit: 20) })
        case .string(let maximum): "a text of 1 to \(maximum) bytes"
        case .date: "a date and time such as \"2024-05-01 10:00:00\""
        case .timestamp: "an integer of 64 bits"
        case .array: "an array"
        case .structure: "an object"
        case .file: "a text that is not empty"
        }
    }

    /// Whether a value of the stored type may nevertheless be refused.
    public var narrowsType: Bool {
        switch self {
        case .float, .double, .bool, .timestamp: false
        default: true
        }
    }

    /// Whether a rule of type `int64` takes an integer.
    public func takes(_ integer: Int64) -> Bool {
        switch self {
        case .int: Int32(exactly: integer) != nil
        case .integerEnumeration(let keys): keys.contains(integer)
        default: true
        }
    }

    /// Whether a rule of type `string` takes a text, which must be valid UTF-8.
    public func takes(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        switch self {
        case .string(let maximum): (1...max(maximum, 1)).contains(text.count)
        case .file: !text.isEmpty
        case .date: Self.isDate(text)
        case .textEnumeration(let keys):
            // The strings of a set may be equal although their bytes differ.
            keys.firstIndex(of: String(decoding: text, as: UTF8.self))
                .map { keys[$0].utf8.elementsEqual(text) } ?? false
        default: true
        }
    }

    private static func oneOf(_ keys: [String]) -> String {
        let named = keys.prefix(namedKeys).joined(separator: ", ")
        return "one of the keys \(named)"
            + (keys.count > namedKeys ? " and \(keys.count - namedKeys) more" : "")
    }

    /// Whether a text is `yyyy-MM-dd HH:mm:ss` with a day that exists.
    private static func isDate(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let form: StaticString = "0000-00-00 00:00:00"
        guard text.count == form.utf8CodeUnitCount else { return false }
        for index in text.indices {
            let wanted = form.utf8Start[index]
            guard wanted == UInt8(ascii: "0") ? text[index] &- wanted < 10 : text[index] == wanted else {
                return false
            }
        }
        func number(_ start: Int, _ digits: Int) -> Int {
            (start..<start + digits).reduce(0) { $0 * 10 + Int(text[$1] - UInt8(ascii: "0")) }
        }
        return TimeText.isDate(year: number(0, 4), month: number(5, 2), day: number(8, 2))
            && number(11, 2) < 24 && number(14, 2) < 60 && number(17, 2) < 60
    }
}
