// TimeBoundTests.swift — the forms of --from and --to, and the zones of the system.

import Testing
import VarveModel
import VarveText

@testable import varve

@Suite struct TimeBoundTests {
    @Test(
        "each form means its time",
        arguments: [
            ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z"),
            ("2024-05-01T12:00:00.25+02:00", "2024-05-01T10:00:00.25Z"),
            ("2024-05-01", "2024-04-30T22:00:00Z"), ("2024-05-01 12:00", "2024-05-01T10:00:00Z"),
            ("2024-05-01 12:00:30", "2024-05-01T10:00:30Z"), ("0", "1970-01-01T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59Z"), ("1714564800", "2024-05-01T12:00:00Z"),
            ("1714564800123", "2024-05-01T12:00:00.123Z"),
            ("1714564800123456", "2024-05-01T12:00:00.123456Z"),
            ("1714564800123456789", "2024-05-01T12:00:00.123456789Z"),
            ("2024-10-27 02:30", "2024-10-27T00:30:00Z"), ("20240501", "2024-04-30T22:00:00Z"),
            ("20240501120000", "2024-05-01T10:00:00Z"), ("20240501120000.5", "2024-05-01T10:00:00.5Z"),
            ("20240532", "1970-08-23T06:22:12Z"), ("2024050112", "2034-02-20T12:08:32Z"),
        ])
    func forms(text: String, expected: String) throws {
        let zone = try SystemZones.zone(named: "Europe/Paris")
        #expect(try TimeBound.parse(text, option: "--from", zone: zone).description == expected)
    }

    @Test(
        "other texts are refused with the option",
        arguments: ["", "-", "1.5", "2024-02-30", "99999999999", "9e9"])
    func refused(text: String) {
        let error = #expect(throws: QueryFailure.self) {
            try TimeBound.parse(text, option: "--to", zone: FixedZone())
        }
        #expect(error?.description.hasPrefix("--to: \"\(text)\" ") == true)
    }

    @Test("offsets change at the second of the clock change, and a remembered one is not used beyond it")
    func zones() throws {
        let zone = try SystemZones.zone(named: "Europe/Paris")
        let change = try nanoseconds("2024-03-31T01:00:00Z") / 1_000_000_000
        for _ in 0..<2 {
            #expect(zone.offsetSeconds(atUTC: change - 1) == 3600)
            #expect(zone.offsetSeconds(atUTC: change) == 7200)
        }
        // Until 1911 Paris had its own mean time, 9 minutes 21 seconds ahead of UTC.
        let old = try nanoseconds("1900-01-01T00:00:00Z") / 1_000_000_000
        #expect(zone.offsetSeconds(atUTC: old) == 561)
        let end = try nanoseconds("1911-03-10T23:50:39Z") / 1_000_000_000
        #expect(zone.offsetSeconds(atUTC: end - 1) == 561)
        #expect(zone.offsetSeconds(atUTC: end) == 0)
        #expect(try SystemZones.zone(named: "UTC").offsetSeconds(atUTC: change) == 0)
        for bad in [
            "", "IST", "Europe/Nowhere", "../etc/passwd", "Etc/UTC/", "right/UTC", "tzdata.zi", "Europe",
            "posixrules", "+19", "+1:00", "UTC+1:5",
        ] {
            #expect(throws: SystemZones.Failure.self) { try SystemZones.zone(named: bad) }
        }
    }

    @Test(
        "bounds around clock changes mean the moments of the local clock",
        arguments: [
            ("--from", "2024-10-27 02:30", "Europe/Paris", "2024-10-27T00:30:00Z"),
            ("--to", "2024-10-27 02:30", "Europe/Paris", "2024-10-27T01:30:00Z"),
            ("--from", "2024-03-31 02:30", "Europe/Paris", nil),
            ("--from", "2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            ("--from", "2018-11-04 00:00", "America/Sao_Paulo", nil),
            ("--to", "2018-11-03 24:00", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
            ("--from", "2024-11-03", "America/Havana", "2024-11-03T04:00:00Z"),
            ("--to", "2024-11-03", "America/Havana", "2024-11-03T04:00:00Z"),
            ("--from", "2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ] as [(String, String, String, String?)])
    func changes(option: String, text: String, name: String, expected: String?) throws {
        let zone = try SystemZones.zone(named: name)
        let time = try? TimeBound.parse(text, option: option, zone: zone)
        #expect(time?.description == expected)
        let notes = TimeBound.notes(
            from: option == "--from" ? text : nil, to: option == "--to" ? text : nil, zone: zone)
        #expect(notes.count == (text.hasSuffix("02:30") && expected != nil ? 1 : 0))
    }

    @Test(
        "zones are found by the names that people write",
        arguments: [
            ("UTC", 0, 0, "UTC"), ("+01:00", 3600, 3600, "+01:00"), ("-03:30", -12_600, -12_600, "-03:30"),
            ("+0530", 19_800, 19_800, "+05:30"), ("UTC+1", 3600, 3600, "+01:00"),
            ("GMT-03:30", -12_600, -12_600, "-03:30"), ("CET", 3600, 7200, "CET"),
            ("EST", -18_000, -18_000, "EST"), ("Etc/GMT-3", 10_800, 10_800, "Etc/GMT-3"),
            ("Europe/Dublin", 0, 3600, "Europe/Dublin"), ("Asia/Kolkata", 19_800, 19_800, "Asia/Kolkata"),
        ] as [(String, Int, Int, String)])
    func names(name: String, winter: Int, summer: Int, shown: String) throws {
        let zone = try SystemZones.zone(named: name)
        // January and July of two years: 2024, and one long after the last change that the database lists.
        for year in [54, 100] as [Int64] {
            let start = year * 31_556_952
            #expect(zone.offsetSeconds(atUTC: start) == winter)
            #expect(zone.offsetSeconds(atUTC: start + 181 * 86_400) == summer)
        }
        #expect(zone.name == shown)
    }

    @Test("offsets are written as receipts show them")
    func offsetsText() throws {
        let paris = try SystemZones.zone(named: "Europe/Paris")
        #expect(paris.offsetsText(from: 1_714_564_800, to: 1_714_564_800) == "+01:00, in summer +02:00")
        #expect(try SystemZones.zone(named: "Asia/Kolkata").offsetsText(from: 0, to: 0) == "+05:30")
    }
}
