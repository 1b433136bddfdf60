// CompactDate.swift — reads dates written as digits only, which could also be epochs.
//
// As epochs all of them would be in 1970, so digits with a year from 1900 to 2100 are nearly always meant as dates.
//
// Invariants:
// - Reading never traps: for every text it returns a date or nil.

import VarveModel

/// Reads `YYYYMMDD`, `YYYYMMDDHHMM` and `YYYYMMDDHHMMSS`, the last also followed by `fff` or `.f…`.
///
/// A second 60 and 24:00 mean what they mean in `TimeText`.
public enum CompactDate {
    /// The local time of the text; nil if the text is no such date.
    public static func time(_ base: UnsafePointer<UInt8>, _ count: Int) -> TimeText? {
        guard count >= 8, base[0] == 0x31 || base[0] == 0x32 else { return nil }
        var fraction: Int64 = 0
        if count > 14 {
            let start = base[14] == 0x2E ? 15 : 14
            guard start == 14 ? count == 17 : count > 15 && count <= 24 else { return nil }
            for index in start..<count {
                guard base[index] &- 0x30 < 10 else { return nil }
                fraction = fraction * 10 + Int64(base[index] &- 0x30)
            }
            for _ in count - start..<9 { fraction *= 10 }
        }
        let digits = min(count, 14)
        guard digits == 8 || digits == 12 || digits == 14 else { return nil }
        for index in 0..<digits where base[index] &- 0x30 >= 10 { return nil }
        func pair(_ place: Int) -> Int { Int(base[place] - 0x30) * 10 + Int(base[place + 1] - 0x30) }
        let (year, month, day) = (pair(0) * 100 + pair(2), pair(4), pair(6))
        guard (1900...2100).contains(year), TimeText.isDate(year: year, month: month, day: day) else {
            return nil
        }
        let hour = digits > 8 ? pair(8) : 0
        let minute = digits > 8 ? pair(10) : 0
        let second = digits > 12 ? pair(12) : 0
        let isEnd = hour == 24 && minute == 0 && second == 0 && fraction == 0
        guard hour < 24 || isEnd, minute < 60, second <= 60 else { return nil }
        let days = Timestamp.dayNumber(year: year, month: month, day: day)
        return TimeText(
            seconds: days * 86_400 + Int64(hour * 3600 + minute * 60 + second), fraction: fraction,
            isDayStart: digits == 8 || isEnd)
    }
}
