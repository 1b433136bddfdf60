// Timestamp+Text.swift — times as text: RFC 3339 in and out, and the local form `YYYY-MM-DD HH:MM:SS[.f]`.
//
// The calendar is the proleptic Gregorian one; days are counted with the shifted-March method
// (years begin on 1 March, so the leap day is the last of its year and months have a linear formula).
//
// Invariants:
// - What `appendRFC3339` writes, `parse` reads back to the same nanosecond.
// - `parse` never traps: every byte sequence is a time or one of the failures.

extension Timestamp {
    /// Why a text is not a time.
    public enum ParseFailure: Error, Hashable, Sendable, CustomStringConvertible {
        /// It has none of the accepted forms.
        case malformed
        /// A month, day, hour, minute, second or offset that does not exist.
        case noSuchTime
        /// More than nine digits after the point, and not zeros.
        case finerThanNanosecond
        /// Before 1677-09-21 or after 2262-04-11.
        case outOfRange

        /// The failure as half a sentence.
        public var description: String {
            switch self {
            case .malformed:
                "is not a time; use RFC 3339 (2024-05-01T12:00:00Z), YYYY-MM-DD HH:MM:SS or an integer epoch"
            case .noSuchTime: "names a date or time of day that does not exist"
            case .finerThanNanosecond: "is finer than a nanosecond"
            case .outOfRange: "is outside 1677-09-21 to 2262-04-11, the times that can be stored"
            }
        }
    }

    /// Reads RFC 3339, or the same without an offset as a local time in `zone`.
    ///
    /// Accepted: `T`, `t` or a space between date and time; `Z`, `z`, `±hh:mm`, `±hhmm` or nothing at the end; a
    /// fraction of up to nine digits, more if they are zeros; a second 60 counts as the first of the next
    /// minute, as POSIX time has no leap seconds. A local time that a zone's clocks show twice means the
    /// first; one they skip is taken with the offset before the jump.
    ///
    /// - Parameters:
    ///   - text: UTF-8 bytes, without spaces around them.
    ///   - zone: The zone of times that carry no offset.
    /// - Throws: Which rule the text breaks.
    public static func parse(
        _ text: UnsafeRawBufferPointer, zone: some ZoneRules
    ) throws(ParseFailure) -> Timestamp {
        guard text.count >= 19, text[4] == 0x2D, text[7] == 0x2D, text[13] == 0x3A, text[16] == 0x3A,
            text[10] == 0x54 || text[10] == 0x74 || text[10] == 0x20,
            let year = digits(text, 0, 4), let month = digits(text, 5, 2), let day = digits(text, 8, 2),
            let hour = digits(text, 11, 2), let minute = digits(text, 14, 2), let second = digits(text, 17, 2)
        else { throw .malformed }
        guard (1...12).contains(month), day >= 1, day <= daysIn(month: month, year: year), hour < 24,
            minute < 60, second <= 60
        else { throw .noSuchTime }
        var index = 19
        let fraction = try fraction(text, &index)
        let days = dayNumber(year: year, month: month, day: day)
        let local = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        let offset = try offset(text, index) ?? localOffset(local, zone)
        return try make(seconds: local - offset, nanoseconds: fraction)
    }

    /// Reads a string; see `parse(_:zone:)`.
    public static func parse(
        _ text: String, zone: some ZoneRules = FixedZone()
    ) throws(ParseFailure) -> Timestamp {
        var copy = text
        let result = copy.withUTF8 { bytes -> Result<Timestamp, ParseFailure> in
            do throws(ParseFailure) {
                return .success(try parse(UnsafeRawBufferPointer(bytes), zone: zone))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Writes the time as RFC 3339 in UTC with `Z` and the shortest fraction that is exact.
    public func appendRFC3339(to bytes: inout [UInt8]) {
        let seconds = floorDivide(nanoseconds, 1_000_000_000)
        let days = floorDivide(seconds, 86_400)
        let date = Timestamp.date(dayNumber: days)
        appendDigits(Int(date.year), width: 4, to: &bytes)
        bytes.append(0x2D)
        appendDigits(date.month, width: 2, to: &bytes)
        bytes.append(0x2D)
        appendDigits(date.day, width: 2, to: &bytes)
        bytes.append(0x54)
        let ofDay = Int(seconds - days * 86_400)
        appendDigits(ofDay / 3600, width: 2, to: &bytes)
        bytes.append(0x3A)
        appendDigits(ofDay / 60 % 60, width: 2, to: &bytes)
        bytes.append(0x3A)
        appendDigits(ofDay % 60, width: 2, to: &bytes)
        // The product can leave Int64's range at the very first storable second; the difference cannot.
        var fraction = Int(nanoseconds &- seconds &* 1_000_000_000)
        if fraction != 0 {
            var width = 9
            while fraction % 10 == 0 {
                fraction /= 10
                width -= 1
            }
            bytes.append(0x2E)
            appendDigits(fraction, width: width, to: &bytes)
        }
        bytes.append(0x5A)
    }

    /// The days from 1970-01-01 to a date of the Gregorian calendar.
    public static func dayNumber(year: Int, month: Int, day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    /// The date of a day counted from 1970-01-01.
    public static func date(dayNumber: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(dayNumber) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Joins whole seconds and nanoseconds, or fails where Int64 nanoseconds cannot hold the time.
    public static func make(
        seconds: Int64, nanoseconds fraction: Int64
    ) throws(ParseFailure) -> Timestamp {
        // Adding the fraction first keeps the earliest storable second in range.
        let wide = Int128(seconds) * 1_000_000_000 + Int128(fraction)
        guard let nanoseconds = Int64(exactly: wide) else { throw .outOfRange }
        return Timestamp(nanoseconds: nanoseconds)
    }

    private static func digits(_ text: UnsafeRawBufferPointer, _ start: Int, _ width: Int) -> Int? {
        var value = 0
        for index in start..<start + width {
            let digit = text[index] &- 0x30
            guard digit < 10 else { return nil }
            value = value &* 10 &+ Int(digit)
        }
        return value
    }

    private static func daysIn(month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    private static func fraction(
        _ text: UnsafeRawBufferPointer, _ index: inout Int
    ) throws(ParseFailure) -> Int64 {
        guard index < text.count, text[index] == 0x2E || text[index] == 0x2C else { return 0 }
        index += 1
        let start = index
        var value: Int64 = 0
        while index < text.count, text[index] &- 0x30 < 10 {
            let digit = Int64(text[index] &- 0x30)
            if index - start < 9 {
                value = value &* 10 &+ digit
            } else if digit != 0 {
                throw .finerThanNanosecond
            }
            index += 1
        }
        guard index > start else { throw .malformed }
        for _ in min(index - start, 9)..<9 { value &*= 10 }
        return value
    }

    /// The seconds of a written offset, nil where there is none.
    private static func offset(
        _ text: UnsafeRawBufferPointer, _ start: Int
    ) throws(ParseFailure) -> Int64? {
        let length = text.count - start
        if length == 0 { return nil }
        if length == 1, text[start] == 0x5A || text[start] == 0x7A { return 0 }
        guard length == 5 || (length == 6 && text[start + 3] == 0x3A),
            text[start] == 0x2B || text[start] == 0x2D, let hours = digits(text, start + 1, 2),
            let minutes = digits(text, text.count - 2, 2)
        else { throw .malformed }
        guard hours < 24, minutes < 60 else { throw .noSuchTime }
        let seconds = Int64(hours * 3600 + minutes * 60)
        return text[start] == 0x2D ? -seconds : seconds
    }

    private static func localOffset(_ local: Int64, _ zone: some ZoneRules) -> Int64 {
        let before = Int64(zone.offsetSeconds(atUTC: local - 86_400))
        let after = Int64(zone.offsetSeconds(atUTC: local + 86_400))
        if Int64(zone.offsetSeconds(atUTC: local - before)) == before { return before }
        return Int64(zone.offsetSeconds(atUTC: local - after)) == after ? after : before
    }
}

extension Timestamp: CustomStringConvertible {
    /// The time as RFC 3339 in UTC.
    public var description: String {
        var bytes: [UInt8] = []
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The quotient rounded down, where Swift's `/` rounds toward zero.
package func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let quotient = dividend / divisor
    return dividend % divisor < 0 ? quotient - 1 : quotient
}

private func appendDigits(_ value: Int, width: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<width { divisor *= 10 }
    while divisor > 0 {
        bytes.append(UInt8(0x30 + value / divisor % 10))
        divisor /= 10
    }
}
