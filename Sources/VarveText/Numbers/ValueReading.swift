// ValueReading.swift — reads texts as values of a type, by the rules that imports and changes of a type share.
//
// Invariants:
// - A value is taken exactly or not at all, except that decimal text is rounded to the nearest double.

public import VarveModel

/// Reads values.
public enum ValueReading {
    /// Reads a whole text as a `double`, `int64` or `bool`.
    ///
    /// - Returns: The bits as they are stored; nil if the text has another form or `type` is `string` or `json`.
    public static func bits(_ text: UnsafeBufferPointer<UInt8>, as type: ValueType) -> UInt64? {
        guard let base = text.baseAddress else { return nil }
        switch type {
        case .double: return NumberText.double(base, text.count)?.bitPattern
        case .int64: return NumberText.int64(base, text.count).map { UInt64(bitPattern: $0) }
        case .bool: return bool(base, text.count).map { $0 ? 1 : 0 }
        case .string, .json: return nil
        }
    }

    /// Reads `true`, `false` (in any case), `1` or `0`.
    ///
    /// - Returns: The truth value; nil for other texts.
    public static func bool(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool? {
        if count == 1, base[0] == 0x30 || base[0] == 0x31 { return base[0] == 0x31 }
        if NumberText.equals(base, count, "true") { return true }
        if NumberText.equals(base, count, "false") { return false }
        return nil
    }

    /// Whether a text means "no value" for a point that is not a string: it is empty, or `null` in any case.
    public static func isNothing(_ base: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        count == 0 || NumberText.equals(base, count, "null")
    }
}
