// OddEpochs.swift — numbers that were read as epochs although their times suggest another meaning.
//
// This changes no reading: the times are stored as they are, and the receipt mentions them.

import VarveModel
import VarveText

/// The reason why numbers read as epochs look odd.
public enum OddEpochs: Hashable, Sendable {
    /// The first or the last time is in 1970, and its seconds look like days of a spreadsheet or like `YYYYMMDD`.
    case firstYear
    /// The first and the last time look like dates written as `YYYYMMDDHH`; as seconds these are in 2030 to 2036. The
    /// associated value is the first of them.
    case digits(String)

    /// Examines the first and the last time of an import; nil if they are as expected.
    init?(_ receipt: Receipt, _ unit: TimeUnit) {
        guard let first = receipt.from, let last = receipt.to else { return nil }
        if unit == .seconds, Self.isOfFirstYear(first) || Self.isOfFirstYear(last) {
            self = .firstYear
        } else if unit == .seconds, let digits = Self.digits(first), Self.digits(last) != nil {
            self = .digits(digits)
        } else {
            return nil
        }
    }

    /// Whether the seconds look like days of a spreadsheet (1954 to 2119) or like the eight digits of a date.
    private static func isOfFirstYear(_ time: Timestamp) -> Bool {
        switch time.nanoseconds / 1_000_000_000 {
        case 20_000...80_000, 19_000_101...21_001_231: true
        default: false
        }
    }

    /// The seconds of a time if their ten digits are a date and an hour; else nil.
    private static func digits(_ time: Timestamp) -> String? {
        let text = String(time.nanoseconds / 1_000_000_000)
        let bytes = Array(text.utf8)
        guard bytes.count == 10, let hour = Int(text.suffix(2)), hour < 24,
            bytes.withUnsafeBufferPointer({ bytes in
                bytes.baseAddress.map { CompactDate.time($0, 8) != nil } ?? false
            })
        else { return nil }
        return text
    }
}
