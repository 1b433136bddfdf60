// Sample.swift — one reading, as a value of its own.
//
// It serves interfaces, tests and output. Loops over many samples use SampleColumns.

/// The value of a sample.
///
/// Values are equal if their stored bits are: a NaN equals a NaN of the same payload, 0.0 differs from −0.0, and texts
/// are compared byte by byte.
public enum Value: Hashable, Sendable {
    /// IEEE 754 binary64.
    case double(Double)
    /// A signed 64-bit integer.
    case int64(Int64)
    /// True or false.
    case bool(Bool)
    /// UTF-8 text.
    case string(String)
    /// Canonical JSON text.
    case json(String)

    /// The 64 bits kept for a number or a truth value; 0 for text.
    public var bits: UInt64 {
        switch self {
        case .double(let value): value.bitPattern
        case .int64(let value): UInt64(bitPattern: value)
        case .bool(let value): value ? 1 : 0
        case .string, .json: 0
        }
    }

    /// The text of a `string` or `json`; empty for other types.
    public var text: String {
        switch self {
        case .string(let text), .json(let text): text
        case .double, .int64, .bool: ""
        }
    }

    /// The type of the value.
    public var type: ValueType {
        switch self {
        case .double: .double
        case .int64: .int64
        case .bool: .bool
        case .string: .string
        case .json: .json
        }
    }

    /// Whether type and stored bits are the same.
    public static func == (left: Value, right: Value) -> Bool {
        left.type == right.type && left.bits == right.bits && left.text.sameBytes(as: right.text)
    }

    /// Hashes type and stored bits.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        hasher.combine(bits)
        text.hashBytes(into: &hasher)
    }
}

/// One reading of one series.
public struct Sample: Hashable, Sendable {
    /// When the device took the reading.
    public var time: Timestamp
    /// The reading; nil if it is missing.
    public var value: Value?
    /// The quality code; nil if the source gave none.
    public var quality: Int32?

    /// Makes a sample.
    public init(time: Timestamp, value: Value?, quality: Int32? = nil) {
        self.time = time
        self.value = value
        self.quality = quality
    }
}
