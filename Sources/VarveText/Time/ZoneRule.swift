// ZoneRule.swift — the rule by which a zone changes its clocks every year, in POSIX form.
//
// Source: POSIX.1-2017 section 8.3 (TZ), extended by RFC 9636 to times of day from −167 to 167 hours.
//
// Invariants:
// - Reading never traps: every text is a rule or an error.

import VarveModel

/// Standard time and, in some zones, summer time between two days of each year.
struct ZoneRule: Hashable, Sendable {
    /// Summer time: its offset, its first and its last day.
    struct Summer: Hashable, Sendable {
        var offset: Int
        var begin: Day
        var end: Day
    }

    /// A day of each year and a local time on it.
    struct Day: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// The day of the year from 1 to 365; 29 February is never counted.
            case julian(Int)
            /// The day of the year from 0.
            case zeroBased(Int)
            /// The weekday (0 is Sunday) of the week (5 is the last) of the month.
            case weekday(month: Int, week: Int, day: Int)
        }

        var kind: Kind
        /// Seconds after midnight.
        var seconds: Int
    }

    /// Seconds east of Greenwich.
    let standard: Int
    let summer: Summer?

    /// Reads a rule such as `CET-1CEST,M3.5.0,M10.5.0/3`; nil for an empty text.
    ///
    /// - Throws: `ZoneTable.Damaged` if the text is not a rule.
    init?(_ text: [UInt8]) throws(ZoneTable.Damaged) {
        if text.isEmpty { return nil }
        var reader = RuleReader(text)
        try reader.skipName()
        standard = -(try reader.time(limit: 24))
        guard !reader.isAtEnd else {
            summer = nil
            return
        }
        try reader.skipName()
        let offset = reader.current == 0x2C ? standard + 3600 : -(try reader.time(limit: 24))
        try reader.expect(0x2C)
        let begin = try reader.day()
        try reader.expect(0x2C)
        let end = try reader.day()
        guard reader.isAtEnd else { throw RuleReader.failure }
        summer = Summer(offset: offset, begin: begin, end: end)
    }

    /// The offset at a moment.
    func state(at seconds: Int64) -> (offset: Int, isSummer: Bool) {
        guard let summer else { return (standard, false) }
        let year = Self.year(of: seconds)
        // A change near the turn of the year may be in the year before or after.
        var latest: (moment: Int64, isSummer: Bool)?
        for year in year - 1...year + 1 {
            for change in changes(in: year, summer) where change.moment <= seconds {
                if latest.map({ $0.moment <= change.moment }) ?? true { latest = change }
            }
        }
        return latest?.isSummer == true ? (summer.offset, true) : (standard, false)
    }

    /// The changes after one moment and up to another, ascending; at most the changes of 400 years.
    func changes(after first: Int64, upTo last: Int64) -> [Int64] {
        guard let summer, first < last else { return [] }
        let from = Self.year(of: first) - 1
        let to = min(Self.year(of: last) + 1, from + 400)
        guard from <= to else { return [] }
        return (from...to).flatMap { changes(in: $0, summer) }.map(\.moment)
            .filter { $0 > first && $0 <= last }.sorted()
    }

    private func changes(in year: Int, _ summer: Summer) -> [(moment: Int64, isSummer: Bool)] {
        let begin = summer.begin.seconds(in: year) - Int64(standard)
        let end = summer.end.seconds(in: year) - Int64(summer.offset)
        return [(begin, true), (end, false)]
    }

    private static func year(of seconds: Int64) -> Int {
        let bounded = min(max(seconds, -1 << 40), 1 << 40)
        return Timestamp.date(dayNumber: floorDivide(bounded, 86_400)).year
    }
}

extension ZoneRule.Day {
    /// The local time of the day in a year, in seconds since 1970-01-01 00:00.
    func seconds(in year: Int) -> Int64 {
        let first = Timestamp.dayNumber(year: year, month: 1, day: 1)
        let isLeap = TimeText.isDate(year: year, month: 2, day: 29)
        let day: Int64
        switch kind {
        case .julian(let number): day = first + Int64(number - 1 + (isLeap && number >= 60 ? 1 : 0))
        case .zeroBased(let number): day = first + Int64(number)
        case .weekday(let month, let week, let weekday):
            let start = Timestamp.dayNumber(year: year, month: month, day: 1)
            // 1970-01-01 was a Thursday.
            let startWeekday = ((start + 4) % 7 + 7) % 7
            var date = 1 + Int((Int64(weekday) - startWeekday + 7) % 7) + (week - 1) * 7
            while !TimeText.isDate(year: year, month: month, day: date) { date -= 7 }
            day = start + Int64(date - 1)
        }
        return day * 86_400 + Int64(seconds)
    }
}

/// Reads the parts of a rule.
private struct RuleReader {
    static let failure = ZoneTable.Damaged(description: "has a rule that cannot be read")

    private let text: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    var isAtEnd: Bool { position == text.count }
    var current: UInt8? { position < text.count ? text[position] : nil }

    mutating func expect(_ byte: UInt8) throws(ZoneTable.Damaged) {
        guard current == byte else { throw Self.failure }
        position += 1
    }

    /// Skips a name: letters, or anything between `<` and `>`.
    mutating func skipName() throws(ZoneTable.Damaged) {
        let start = position
        if current == 0x3C {
            while let byte = current, byte != 0x3E { position += 1 }
            try expect(0x3E)
        } else {
            while let byte = current, byte | 0x20 >= 0x61, byte | 0x20 <= 0x7A { position += 1 }
        }
        guard position - start >= 3 else { throw Self.failure }
    }

    /// Reads `[+-]hh[:mm[:ss]]`, in seconds.
    mutating func time(limit: Int) throws(ZoneTable.Damaged) -> Int {
        let isNegative = current == 0x2D
        if isNegative || current == 0x2B { position += 1 }
        var total = try number(limit) * 3600
        for unit in [60, 1] where current == 0x3A {
            position += 1
            total += try number(59) * unit
        }
        return isNegative ? -total : total
    }

    mutating func day() throws(ZoneTable.Damaged) -> ZoneRule.Day {
        let kind: ZoneRule.Day.Kind
        switch current {
        case 0x4D:
            position += 1
            let month = try number(12)
            try expect(0x2E)
            let week = try number(5)
            try expect(0x2E)
            let weekday = try number(6)
            guard month > 0, week > 0 else { throw Self.failure }
            kind = .weekday(month: month, week: week, day: weekday)
        case 0x4A:
            position += 1
            let number = try number(365)
            guard number > 0 else { throw Self.failure }
            kind = .julian(number)
        default: kind = .zeroBased(try number(365))
        }
        guard current == 0x2F else { return ZoneRule.Day(kind: kind, seconds: 7200) }
        position += 1
        return ZoneRule.Day(kind: kind, seconds: try time(limit: 167))
    }

    private mutating func number(_ limit: Int) throws(ZoneTable.Damaged) -> Int {
        let start = position
        var value = 0
        while let byte = current, byte &- 0x30 < 10, value <= limit {
            value = value * 10 + Int(byte - 0x30)
            position += 1
        }
        guard position > start, value <= limit else { throw Self.failure }
        return value
    }
}
