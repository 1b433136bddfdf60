// ValueType.swift — the types a measurement point can have.

/// The type of a measurement point, chosen when the point is registered.
///
/// The raw values are part of the persistent format: do not change the value of an existing case. Zero is not a type,
/// so a zero-filled page is never valid data.
public enum ValueType: UInt8, CaseIterable, Sendable {
    /// IEEE 754 binary64, kept bit for bit.
    case double = 1
    /// A signed 64-bit integer.
    case int64 = 2
    /// True or false.
    case bool = 3
    /// UTF-8 text.
    case string = 4
    /// An EnOS ARRAY or STRUCT as canonical JSON text.
    case json = 5

    /// The name used on the command line, in files and in the registry.
    public var name: String {
        switch self {
        case .double: "double"
        case .int64: "int64"
        case .bool: "bool"
        case .string: "string"
        case .json: "json"
        }
    }

    /// Finds a type by its name; nil if no type has that name.
    public init?(name: some StringProtocol) {
        guard let match = ValueType.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    /// Whether values are kept as text (`string`, `json`) and not as 64 bits (`double`, `int64`, `bool`).
    public var isText: Bool { self == .string || self == .json }
}
