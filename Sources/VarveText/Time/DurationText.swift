// DurationText.swift — reads a length of time as people write it, a whole number and a unit: `90s`, `12h`, `30d`.

/// Reads lengths of time.
public enum DurationText {
    /// A unit's name and its length, in a measure that all units share.
    public typealias Unit = (name: String, length: Int64)

    /// The length in the units' common measure, `Int64.max` if it is larger; nil if the text is not a length of time.
    public static func length(_ text: String, units: [Unit]) -> Int64? {
        let digits = text.utf8.prefix { $0 >= 0x30 && $0 <= 0x39 }
        // By bytes: a combining mark after a digit or a letter would otherwise vanish in its character.
        let name = text.utf8.dropFirst(digits.count)
        guard !digits.isEmpty, let unit = units.first(where: { $0.name.utf8.elementsEqual(name) }) else {
            return nil
        }
        let number = Int64(String(decoding: digits, as: UTF8.self)) ?? .max
        let (length, isTooLong) = number.multipliedReportingOverflow(by: unit.length)
        return isTooLong ? .max : length
    }
}
