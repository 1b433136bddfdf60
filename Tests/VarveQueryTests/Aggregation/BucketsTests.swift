// BucketsTests.swift — edges without a zone, and by local clocks that skip and repeat hours, midnights and days.

import Testing
import VarveModel
import VarveText

@testable import VarveQuery
@testable import VarveStorage

@Suite struct BucketsTests {
    /// The starts of all buckets from the one that holds `from` to the one that holds `to`.
    static func starts(_ every: String, _ zone: String?, _ from: String, _ to: String) throws -> [String] {
        var buckets = try Buckets(width: BucketWidth.parse(every), zone: zone.map { try NamedZone($0) })
        var bucket = buckets.bucket(containing: try nanoseconds(from))
        let end = try nanoseconds(to)
        var result: [String] = []
        while true {
            result.append(Timestamp(nanoseconds: bucket.start).description)
            guard bucket.last < end else { return result }
            let next = buckets.bucket(containing: bucket.last + 1)
            #expect(next.start == bucket.last + 1)
            // A cold look-up from the middle must agree with the walk.
            var cold = try Buckets(width: BucketWidth.parse(every), zone: zone.map { try NamedZone($0) })
            #expect(cold.bucket(containing: next.start + (next.last - next.start) / 2) == next)
            bucket = next
        }
    }

    @Test(
        "durations are whole numbers with a unit",
        arguments: [
            ("500ms", 500_000_000), ("10s", 10_000_000_000), ("5m", 300_000_000_000),
            ("5min", 300_000_000_000), ("1h", 3_600_000_000_000), ("1d", 86_400_000_000_000),
            ("1w", 604_800_000_000_000), ("400d", 400 * 86_400_000_000_000),
        ] as [(String, Int64)])
    func durations(text: String, expected: Int64) throws {
        #expect(try BucketWidth.parse(text).nanoseconds == expected)
    }

    @Test(
        "other durations are refused with an example",
        arguments: ["", "5", "h", "1.5h", "-1h", "0s", "401d", "99999999999999999999d", "1 h", "1H", "1y"])
    func badDurations(text: String) {
        let error = #expect(throws: AggregationFailure.self) { try BucketWidth.parse(text) }
        #expect(error?.description.hasPrefix("\"\(text)\" is ") == true)
    }

    @Test("without a zone buckets count from 1970, weeks from a Thursday, also before it")
    func epoch() throws {
        #expect(
            try Self.starts("7h", nil, "1970-01-01T06:59:59.999999999Z", "1970-01-01T14:00:00Z")
                == ["1970-01-01T00:00:00Z", "1970-01-01T07:00:00Z", "1970-01-01T14:00:00Z"])
        #expect(
            try Self.starts("1w", nil, "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z")
                == ["1969-12-25T00:00:00Z", "1970-01-01T00:00:00Z"])
    }

    @Test("the ends of time are in a bucket")
    func endsOfTime() throws {
        for zone in [nil, "Europe/Paris"] {
            for every in ["1ms", "7h", "6h", "1d", "1w", "400d"] {
                var buckets = try Buckets(
                    width: BucketWidth.parse(every), zone: zone.map { try NamedZone($0) })
                #expect(buckets.bucket(containing: .min).start == .min)
                #expect(buckets.bucket(containing: .max).last == .max)
            }
        }
    }

    @Test(
        "a day with a clock change has 23 or 25 hours, and hourly buckets keep their length",
        arguments: [
            ("Europe/Paris", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z", 23),
            ("Europe/Paris", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z", 25),
            ("America/New_York", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z", 23),
            ("America/New_York", "2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z", 25),
            ("Asia/Kolkata", "2024-03-09T18:30:00Z", "2024-03-10T18:30:00Z", 24),
        ])
    func dayLengths(zone: String, from: String, to: String, hours: Int) throws {
        #expect(try Self.starts("1d", zone, from, to) == [from, to])
        #expect(try Self.starts("1h", zone, from, to).count == hours + 1)
        #expect(try Self.starts("15m", zone, from, to).count == hours * 4 + 1)
    }

    @Test("wide buckets of a day follow the local clock over a clock change")
    func shifts() throws {
        // Local 00:00, 06:00, 12:00, 18:00: the first one has 7 hours on the long day, 5 on the short one.
        #expect(
            try Self.starts("6h", "Europe/Paris", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z") == [
                "2024-10-26T22:00:00Z", "2024-10-27T05:00:00Z", "2024-10-27T11:00:00Z",
                "2024-10-27T17:00:00Z", "2024-10-27T23:00:00Z",
            ])
        #expect(
            try Self.starts("6h", "America/New_York", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z") == [
                "2024-03-10T05:00:00Z", "2024-03-10T10:00:00Z", "2024-03-10T16:00:00Z",
                "2024-03-10T22:00:00Z", "2024-03-11T04:00:00Z",
            ])
        // Lord Howe moves by half an hour: hours follow the clock there, one of them has 90 minutes.
        #expect(
            try Self.starts("1h", "Australia/Lord_Howe", "2024-04-06T13:00:00Z", "2024-04-07T13:30:00Z").count
                == 25)
    }

    @Test("widths that do not divide a day count from local midnight and are cut there")
    func cut() throws {
        #expect(
            try Self.starts("7h", "Europe/Paris", "2024-05-01T22:00:00Z", "2024-05-02T22:00:00Z") == [
                "2024-05-01T22:00:00Z", "2024-05-02T05:00:00Z", "2024-05-02T12:00:00Z",
                "2024-05-02T19:00:00Z", "2024-05-02T22:00:00Z",
            ])
    }

    @Test("with a zone weeks begin on local Mondays, several days count from 1970")
    func weeks() throws {
        #expect(
            try Self.starts("1w", "Europe/Paris", "2024-10-24T12:00:00Z", "2024-10-28T12:00:00Z")
                == ["2024-10-20T22:00:00Z", "2024-10-27T23:00:00Z"])
        #expect(
            try Self.starts("2d", "Europe/Paris", "1969-12-31T23:00:00Z", "1970-01-02T23:00:00Z")
                == ["1969-12-31T23:00:00Z", "1970-01-02T23:00:00Z"])
        #expect(throws: AggregationFailure.self) {
            try Buckets(width: BucketWidth.parse("36h"), zone: FixedZone())
        }
        _ = try Buckets(width: BucketWidth.parse("36h"))
    }

    @Test("buckets are right at midnights that are skipped, shown twice or passed again, and at skipped days")
    func oddMidnights() throws {
        // São Paulo 2018-11-04: 00:00 became 01:00; 2018-02-18: 00:00 became 23:00 of the day before.
        #expect(
            try Self.starts("1d", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z")
                == ["2018-11-03T03:00:00Z", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"])
        #expect(
            try Self.starts("1d", "America/Sao_Paulo", "2018-02-17T12:00:00Z", "2018-02-18T12:00:00Z")
                == ["2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"])
        // Havana 2024-11-03: 01:00 became 00:00, midnight comes twice and the first begins the day.
        #expect(
            try Self.starts("1d", "America/Havana", "2024-11-03T05:30:00Z", "2024-11-04T12:00:00Z")
                == ["2024-11-03T04:00:00Z", "2024-11-04T05:00:00Z"])
        // St. John's 2010-11-07: 00:01 became 23:01; the minute after the first midnight begins the day.
        #expect(
            try Self.starts("1d", "America/St_Johns", "2010-11-07T02:45:00Z", "2010-11-08T12:00:00Z")
                == ["2010-11-07T02:30:00Z", "2010-11-08T03:30:00Z"])
        // Apia had no 2011-12-30.
        #expect(
            try Self.starts("1d", "Pacific/Apia", "2011-12-29T12:00:00Z", "2011-12-31T12:00:00Z")
                == ["2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"])
    }
}
