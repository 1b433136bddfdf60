// OddEpochs.swift — numbers that were read as epochs, and whose times say that they meant something else.
//
// Nothing is read otherwise for it: old times are stored as they are, and whoever imports them is told.

import VarveModel
import VarveText

/// What is odd about the times of an input whose times are numbers.
public enum OddEpochs: Hashable, Sendable {
    /// The first or the last time, in seconds, is of 1970 and looks like the days of a spreadsheet or like `YYYYMMDD`.
    case firstYear
    /// All seconds may be dates as `YYYYMMDDHH`, which lie in the years 2030 to 2036.
    case digits(String)

    /// Looks at the first and the last time of an import; nil if they are as expected.
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

    /// Whether the seconds are days of a spreadsheet, from 1954 to 2119, or eight digits of a date.
    private static func isOfFirstYear(_ time: Timestamp) -> Bool {
        switch time.nanoseconds / 1_000_000_000 {
        case 20_000...80_000, 19_000_101...21_001_231: true
        default: false
        }
    }

    /// The seconds of a time, if they are ten digits that say a day and an hour.
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
