// Timestamp+Text.swift — writes times as RFC 3339 and reads the forms of `TimeText`.
//
// The calendar is the proleptic Gregorian one. Days are counted with the shifted-March method: years begin on 1 March,
// so the leap day is the last of its year and months follow a linear formula.
//
// Invariants:
// - `parse` reads back what `appendRFC3339` writes, to the same nanosecond.
// - `parse` never traps: every byte sequence is a time or one of the failures.

public import VarveModel

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
                "is not a time; use RFC 3339 (2024-05-01T12:00:00Z), YYYY-MM-DD[ HH:MM[:SS]] or an epoch"
            case .noSuchTime: "names a date or time of day that does not exist"
            case .finerThanNanosecond: "is finer than a nanosecond"
            case .outOfRange: "is outside 1677-09-21 to 2262-04-11, the times that can be stored"
            }
        }
    }

    /// Reads a time in one of the forms of `TimeText`; without an offset it is a local time in `zone`.
    ///
    /// A local time that comes twice means its first occurrence. A local time that does not exist is read with the
    /// offset before the clock change. A day begins with its first moment, whatever the clock shows then.
    ///
    /// - Parameters:
    ///   - text: UTF-8 bytes, without spaces around them.
    ///   - zone: The zone of times without an offset.
    /// - Throws: The rule that the text breaks.
    public static func parse(
        _ text: UnsafeRawBufferPointer, zone: some ZoneRules
    ) throws(ParseFailure) -> Timestamp {
        let time = try TimeText(reading: text)
        if let offset = time.offset {
            return try make(seconds: time.seconds - offset, nanoseconds: time.fraction)
        }
        if time.isDayStart, let start = zone.start(ofLocalDay: time.seconds) {
            return try make(seconds: start, nanoseconds: time.fraction)
        }
        switch zone.meaning(ofLocal: time.seconds) {
        case .once(let offset), .twice(let offset, _), .never(let offset, _):
            return try make(seconds: time.seconds - offset, nanoseconds: time.fraction)
        }
    }

    /// Reads a string; see `parse(_:zone:)`.
    ///
    /// - Throws: The rule that the text breaks.
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
        // At the first storable second the product can overflow Int64; the wrapped difference is still right.
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

    /// Joins whole seconds and nanoseconds.
    ///
    /// - Throws: `ParseFailure.outOfRange` if Int64 nanoseconds cannot hold the time.
    public static func make(
        seconds: Int64, nanoseconds fraction: Int64
    ) throws(ParseFailure) -> Timestamp {
        // Adding the fraction first keeps the earliest storable second in range.
        let wide = Int128(seconds) * 1_000_000_000 + Int128(fraction)
        guard let nanoseconds = Int64(exactly: wide) else { throw .outOfRange }
        return Timestamp(nanoseconds: nanoseconds)
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

/// The quotient rounded down; Swift's `/` rounds toward zero.
public func floorDivide(_ dividend: Int64, _ divisor: Int64) -> Int64 {
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
