// ValueRule.swift — which values a point, an attribute or a field of an event may have: the data types of EnOS models.
//
// A rule only accepts or refuses. `storedType` says how an accepted value is kept. The registry keeps rules, and the
// channel applies them to messages.
//
// Invariants:
// - A structure has no member that is a structure, and an array has elements of one plain type.

/// The data type of an EnOS model, with its limits.
///
/// Source: the "dataType" and "dataDefinition" of EnOS thing models.
public indirect enum ValueRule: Hashable, Sendable {
    /// `INT`: an integer of 32 bits.
    case int
    /// `FLOAT`: a number, kept as it was written and not narrowed.
    case float
    /// `DOUBLE`: a number.
    case double
    /// `BOOL`: true, false, 1 or 0.
    case bool
    /// `ENUM` with integer keys: one of the keys.
    case integerEnumeration(keys: Set<Int64>)
    /// `ENUM` with text keys: one of the keys.
    case textEnumeration(keys: Set<String>)
    /// `STRING`: 1 to `maximumBytes` bytes of UTF-8; EnOS allows at most 1024.
    case string(maximumBytes: Int)
    /// `DATE`: a text such as `2024-05-01 10:00:00`.
    case date
    /// `TIMESTAMP`: an integer of 64 bits, milliseconds since 1970 UTC.
    case timestamp
    /// `ARRAY`: at most 128 elements of one plain type.
    case array(of: ValueRule)
    /// `STRUCT`: an object with these members and no others.
    case structure([StructureMember])
    /// `FILE`: the URI of a file; the file itself is not kept.
    case file

    /// A member of a structure.
    public struct StructureMember: Hashable, Sendable {
        /// Its name in the object.
        public var name: String
        /// Which values it may have.
        public var rule: ValueRule
        /// Whether every value must have it.
        public var isRequired: Bool

        /// Describes a member.
        public init(name: String, rule: ValueRule, isRequired: Bool) {
            self.name = name
            self.rule = rule
            self.isRequired = isRequired
        }
    }

    /// The most elements of an array.
    public static let maximumElements = 128

    /// The most bytes of a text, unless the model sets a lower limit.
    public static let maximumTextBytes = 1024

    /// The type as which a value is kept.
    public var storedType: ValueType {
        switch self {
        case .int, .timestamp, .integerEnumeration: .int64
        case .float, .double: .double
        case .bool: .bool
        case .textEnumeration, .string, .date, .file: .string
        case .array, .structure: .json
        }
    }
}
