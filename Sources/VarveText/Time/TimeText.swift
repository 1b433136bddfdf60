// TimeText.swift — a written time, before a zone gives it a moment.
//
// Invariants:
// - Reading never traps: every byte sequence is a time or one of the failures.
// - Nothing is guessed: a form in which day and month could be confused is not a time.

public import VarveModel

/// A written time: the local time, and its offset if the text has one.
public struct TimeText: Hashable, Sendable {
    /// The local time in seconds since 1970-01-01 00:00 of the same clock.
    public var seconds: Int64
    /// Nanoseconds after that second, below 1,000,000,000.
    public var fraction: Int64
    /// Seconds east of Greenwich; nil if the text has no offset, so that a zone is needed.
    public var offset: Int64?
    /// Whether the text means the beginning of a day: a bare date, or 24:00 of the day before.
    public var isDayStart: Bool

    /// Makes a time from its parts.
    public init(seconds: Int64, fraction: Int64 = 0, offset: Int64? = nil, isDayStart: Bool = false) {
        self.seconds = seconds
        self.fraction = fraction
        self.offset = offset
        self.isDayStart = isDayStart
    }

    /// Reads a date, or a date and a time of day.
    ///
    /// It accepts `YYYY-MM-DD`, alone or followed by `T`, `t` or a space and `HH:MM[:SS[.f]]`, and the compact form
    /// `YYYYMMDDTHHMM[SS[.f]]`. At the end may be `Z`, `z`, `UTC`, `±hh`, `±hhmm` or `±hh:mm`, also after one space. A
    /// fraction has a point or a comma and up to nine digits, or more if these are zeros. A second 60 is the first
    /// second of the next minute, as POSIX time has no leap seconds. 24:00 is the end of its day.
    ///
    /// - Parameter text: UTF-8 bytes, without spaces around them.
    /// - Throws: The rule that the text breaks.
    public init(reading text: UnsafeRawBufferPointer) throws(Timestamp.ParseFailure) {
        var reader = Reader(text: text)
        let days = try reader.date()
        guard reader.index < text.count else {
            self.init(seconds: days * 86_400, isDayStart: true)
            return
        }
        let clock = try reader.timeOfDay()
        let fraction = clock.hasSeconds ? try reader.fraction() : 0
        let isEnd = clock.seconds == 86_400
        guard !isEnd || fraction == 0 else { throw .noSuchTime }
        let offset = try reader.offset()
        self.init(
            seconds: days * 86_400 + clock.seconds, fraction: fraction, offset: offset,
            isDayStart: isEnd && offset == nil)
    }

    /// Reads a text from left to right.
    private struct Reader {
        let text: UnsafeRawBufferPointer
        var index = 0
        /// Whether date and time of day are written without dashes and colons.
        private var isCompact = false

        init(text: UnsafeRawBufferPointer) {
            self.text = text
        }

        /// The days from 1970-01-01 to the date.
        mutating func date() throws(Timestamp.ParseFailure) -> Int64 {
            guard text.count >= 10, let year = digits(4) else { throw .malformed }
            isCompact = text[4] != 0x2D
            if !isCompact { index += 1 }
            guard let month = digits(2) else { throw .malformed }
            if !isCompact {
                guard index < text.count, text[index] == 0x2D else { throw .malformed }
                index += 1
            }
            guard let day = digits(2) else { throw .malformed }
            guard TimeText.isDate(year: year, month: month, day: day) else { throw .noSuchTime }
            return Timestamp.dayNumber(year: year, month: month, day: day)
        }

        /// The seconds since midnight, up to 24:00.
        mutating func timeOfDay() throws(Timestamp.ParseFailure) -> (seconds: Int64, hasSeconds: Bool) {
            let isMarked = text[index] == 0x54 || text[index] == 0x74
            guard isMarked || text[index] == 0x20 && !isCompact else { throw .malformed }
            index += 1
            guard let hour = digits(2), skipColon(), let minute = digits(2) else { throw .malformed }
            var second = 0
            var hasSeconds = false
            if index < text.count, isCompact ? text[index] &- 0x30 < 10 : text[index] == 0x3A {
                if !isCompact { index += 1 }
                guard let value = digits(2) else { throw .malformed }
                second = value
                hasSeconds = true
            }
            let isEnd = hour == 24 && minute == 0 && second == 0
            guard hour < 24 || isEnd, minute < 60, second <= 60 else { throw .noSuchTime }
            return (Int64(hour * 3600 + minute * 60 + second), hasSeconds)
        }

        /// The nanoseconds of a written fraction; 0 without a fraction.
        mutating func fraction() throws(Timestamp.ParseFailure) -> Int64 {
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

        /// The seconds of a written offset; nil without an offset.
        mutating func offset() throws(Timestamp.ParseFailure) -> Int64? {
            if index == text.count { return nil }
            if text[index] == 0x20 { index += 1 }
            let length = text.count - index
            if length == 1, text[index] == 0x5A || text[index] == 0x7A { return 0 }
            if length == 3, text[index] == 0x55, text[index + 1] == 0x54, text[index + 2] == 0x43 { return 0 }
            guard length == 3 || length == 5 || (length == 6 && text[index + 3] == 0x3A),
                text[index] == 0x2B || text[index] == 0x2D
            else { throw .malformed }
            let isWest = text[index] == 0x2D
            index += 1
            guard let hours = digits(2) else { throw .malformed }
            if length == 6 { index += 1 }
            guard let minutes = length == 3 ? 0 : digits(2) else { throw .malformed }
            guard hours < 24, minutes < 60 else { throw .noSuchTime }
            let seconds = Int64(hours * 3600 + minutes * 60)
            return isWest ? -seconds : seconds
        }

        private mutating func skipColon() -> Bool {
            if isCompact { return true }
            guard index < text.count, text[index] == 0x3A else { return false }
            index += 1
            return true
        }

        private mutating func digits(_ width: Int) -> Int? {
            guard text.count - index >= width else { return nil }
            var value = 0
            for _ in 0..<width {
                let digit = text[index] &- 0x30
                guard digit < 10 else { return nil }
                value = value &* 10 &+ Int(digit)
                index += 1
            }
            return value
        }
    }

    /// Whether the Gregorian calendar has the date.
    static func isDate(year: Int, month: Int, day: Int) -> Bool {
        let days =
            switch month {
            case 4, 6, 9, 11: 30
            case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
            case 1...12: 31
            default: 0
            }
        return day >= 1 && day <= days
    }
}

extension ZoneRules {
    /// The first moment of the local day that begins when the clock shows `seconds`.
    ///
    /// If midnight comes twice, the earlier one counts; if it does not exist, the day begins at the clock change.
    ///
    /// - Returns: Seconds since 1970 UTC; nil if the whole day does not exist.
    public func start(ofLocalDay seconds: Int64) -> Int64? {
        switch meaning(ofLocal: seconds) {
        case .once(let offset), .twice(let offset, _): return seconds - offset
        case .never(let before, let after):
            let change = change(after: seconds - after, upTo: seconds - before, from: before)
            return change + after < seconds + 86_400 ? change : nil
        }
    }

    /// The first moment in a span at which the offset differs from `offset`; at the span's end it must differ.
    public func change(after first: Int64, upTo last: Int64, from offset: Int64) -> Int64 {
        var (low, high) = (first, last)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if Int64(offsetSeconds(atUTC: middle)) == offset { low = middle } else { high = middle }
        }
        return high
    }
}
