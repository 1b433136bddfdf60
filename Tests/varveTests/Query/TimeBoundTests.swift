// TimeBoundTests.swift — the forms of --from and --to, and the zones of the system.

import Testing
import VarveModel

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
            ("2024-03-31 02:30", "2024-03-31T01:30:00Z"), ("2024-10-27 02:30", "2024-10-27T00:30:00Z"),
        ])
    func forms(text: String, expected: String) throws {
        let zone = try SystemZone(named: "Europe/Paris")
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
        let zone = try SystemZone(named: "Europe/Paris")
        let change = try nanoseconds("2024-03-31T01:00:00Z") / 1_000_000_000
        for _ in 0..<2 {
            #expect(zone.offsetSeconds(atUTC: change - 1) == 3600)
            #expect(zone.offsetSeconds(atUTC: change) == 7200)
        }
        // Paris had its own mean time, 9 minutes 21 seconds ahead, until 1911.
        let old = try nanoseconds("1900-01-01T00:00:00Z") / 1_000_000_000
        #expect(zone.offsetSeconds(atUTC: old) == 561)
        let end = try nanoseconds("1911-03-10T23:50:39Z") / 1_000_000_000
        #expect(zone.offsetSeconds(atUTC: end - 1) == 561)
        #expect(zone.offsetSeconds(atUTC: end) == 0)
        #expect(try SystemZone(named: "UTC").offsetSeconds(atUTC: change) == 0)
        for bad in ["", "IST", "Europe/Nowhere", "../etc/passwd", "GMT+3"] {
            #expect(throws: SystemZone.Failure.self) { try SystemZone(named: bad) }
        }
    }
}
