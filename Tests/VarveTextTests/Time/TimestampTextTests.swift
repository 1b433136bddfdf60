// TimestampTextTests.swift — reads and writes times as text.

import Testing
import VarveModel
import VarveTestSupport
import VarveText

@Suite struct TimestampTextTests {
    @Test(
        "every accepted form gives its time",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("2014-01-01T01:00:00+01:00", 1_388_534_400_000_000_000),
            ("2014-01-01 01:00:00+0100", 1_388_534_400_000_000_000),
            ("2014-01-01t00:00:00z", 1_388_534_400_000_000_000),
            ("2014-01-01 00:00:00", 1_388_534_400_000_000_000),
            ("2014-01-01", 1_388_534_400_000_000_000), ("2014-01-01T00:00Z", 1_388_534_400_000_000_000),
            ("2013-12-31T24:00:00Z", 1_388_534_400_000_000_000),
            ("2013-12-31 24:00", 1_388_534_400_000_000_000),
            ("20140101T000000Z", 1_388_534_400_000_000_000), ("20140101T0100+01", 1_388_534_400_000_000_000),
            ("2014-01-01 00:00:00 UTC", 1_388_534_400_000_000_000),
            ("2014-01-01 00:00:00,5", 1_388_534_400_500_000_000),
            ("2013-12-31T16:30:00-07:30", 1_388_534_400_000_000_000),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
            ("2000-02-29T12:00:00.5Z", 951_825_600_500_000_000),
            ("2000-02-29T12:00:00,25Z", 951_825_600_250_000_000),
            ("1999-01-01T00:00:00.1234567890000Z", 915_148_800_123_456_789),
            ("1677-09-21T00:12:43.145224192Z", Int64.min),
            ("2262-04-11T23:47:16.854775807Z", Int64.max),
        ])
    func accepted(text: String, nanoseconds: Int64) throws {
        #expect(try Timestamp.parse(text).nanoseconds == nanoseconds)
    }

    @Test(
        "every refused form has its reason",
        arguments: [
            ("", Timestamp.ParseFailure.malformed), ("yesterday", .malformed), ("2014-01", .malformed),
            ("2014-01-01T00", .malformed), ("2014-1-01T00:00:00Z", .malformed),
            ("2014-01-01T00:00:00.Z", .malformed), ("2014-01-01T00:00:00+1", .malformed),
            ("2014-01-01T00:00:00ZZ", .malformed), ("2014/01/01T00:00:00Z", .malformed),
            ("2014-13-01T00:00:00Z", .noSuchTime), ("2014-02-29T00:00:00Z", .noSuchTime),
            ("1900-02-29T00:00:00Z", .noSuchTime), ("2014-01-32T00:00:00Z", .noSuchTime),
            ("2014-01-01T24:00:01Z", .noSuchTime), ("2014-01-01T24:00:00.5Z", .noSuchTime),
            ("2014-01-01T00:60:00Z", .noSuchTime),
            ("2014-01-01T00:00:61Z", .noSuchTime), ("2014-01-01T00:00:00+25:00", .noSuchTime),
            ("2014-01-01T00:00:00.1234567891Z", .finerThanNanosecond),
            ("1677-09-21T00:12:43.145224191Z", .outOfRange), ("2262-04-11T23:47:16.854775808Z", .outOfRange),
            ("0001-01-01T00:00:00Z", .outOfRange), ("9999-12-31T23:59:59Z", .outOfRange),
        ])
    func refused(text: String, reason: Timestamp.ParseFailure) {
        #expect(throws: reason) { try Timestamp.parse(text) }
    }

    @Test("every printed time reads back to the same nanosecond")
    func roundTrip() throws {
        var generator = SeededGenerator(seed: 7)
        var times: [Int64] = [.min, .min + 1, -1, 0, 1, .max]
        for _ in 0..<5000 { times.append(Int64(bitPattern: generator.next())) }
        for time in times {
            let text = Timestamp(nanoseconds: time).description
            #expect(try Timestamp.parse(text).nanoseconds == time, "\(time) as \(text), seed 7")
        }
    }

    @Test("the fraction is the shortest that is exact")
    func fraction() {
        #expect(Timestamp(nanoseconds: 0).description == "1970-01-01T00:00:00Z")
        #expect(Timestamp(nanoseconds: 100_000_000).description == "1970-01-01T00:00:00.1Z")
        #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
    }

    @Test("every day from 1600 to 2400 has the date that counting days gives")
    func calendar() {
        var (year, month, day) = (1600, 1, 1)
        var number = Timestamp.dayNumber(year: year, month: month, day: day)
        while year < 2400 {
            let date = Timestamp.date(dayNumber: number)
            #expect(date.year == year && date.month == month && date.day == day)
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            (day, month) = day == length ? (1, month + 1) : (day + 1, month)
            if month == 13 { (year, month) = (year + 1, 1) }
            number += 1
        }
    }

    /// A zone that changes from UTC+1 to UTC+2 at 01:00 UTC on 11 January 1970, and back at 01:00 UTC on 11 April.
    private struct Jumping: ZoneRules {
        static let forward: Int64 = 10 * 86_400 + 3600
        static let back: Int64 = 100 * 86_400 + 3600

        func offsetSeconds(atUTC seconds: Int64) -> Int {
            (Self.forward..<Self.back).contains(seconds) ? 7200 : 3600
        }
    }

    @Test("a local time shown twice means the first one; a skipped one takes the offset before the change")
    func localTimes() throws {
        func local(_ text: String) throws -> Int64 {
            try Timestamp.parse("1970-" + text, zone: Jumping()).nanoseconds / 1_000_000_000
        }
        #expect(try local("01-11 01:30:00") == Jumping.forward - 1800)
        #expect(try local("01-11 02:30:00") == Jumping.forward + 1800)
        #expect(try local("01-11 03:30:00") == Jumping.forward + 1800)
        #expect(try local("04-11 02:30:00") == Jumping.back - 1800)
        #expect(try local("04-11 03:30:00") == Jumping.back + 5400)
    }
}
