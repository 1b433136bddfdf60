// ZoneTableTests.swift — files of the time zone database that are whole, cut off or damaged.
//
// The files are those of the system. ZoneComparisonTests compares their offsets with Python.

import Foundation
import Testing
import VarveModel
import VarveTestSupport

@testable import VarveText

@Suite struct ZoneTableTests {
    /// Small and large files, with and without a rule, also with changes other than an hour.
    private static let names = [
        "Europe/Paris", "Europe/Dublin", "Antarctica/Troll", "America/Caracas", "Asia/Kathmandu",
        "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "EST",
    ]

    private static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
    }

    /// Calls every method of a zone; the answers must be within limits for any zone.
    private func ask(_ zone: ZoneTable, _ times: [Int64], isWhole: Bool, _ note: String) {
        let limit: Int64 = 26 * 3600
        for time in times {
            #expect(abs(zone.offsetSeconds(atUTC: time)) <= limit, "\(note), \(time)")
            switch zone.meaning(ofLocal: time) {
            case .once(let offset):
                #expect(abs(offset) <= limit, "\(note), \(time)")
                #expect(!isWhole || Int64(zone.offsetSeconds(atUTC: time - offset)) == offset)
            case .twice(let earlier, let later):
                #expect(abs(earlier) <= limit && abs(later) <= limit && earlier > later, "\(note), \(time)")
                for offset in [earlier, later] {
                    #expect(Int64(zone.offsetSeconds(atUTC: time - offset)) == offset, "\(note), \(time)")
                }
            case .never(let before, let after):
                #expect(abs(before) <= limit && abs(after) <= limit && before < after, "\(note), \(time)")
            }
            if let start = zone.start(ofLocalDay: time) {
                #expect(abs(start - time) <= limit + 86_400, "\(note), \(time)")
            }
            #expect(!zone.offsetsText(from: time, to: time + 86_400).isEmpty)
        }
    }

    /// Random seconds of the years 0 to 9999, most of them in 1900 to 2100.
    private func times(_ count: Int, _ generator: inout SeededGenerator) -> [Int64] {
        (0..<count).map { index in
            .random(
                in: index % 4 == 0 ? -62_167_219_200...253_402_300_799 : -2_208_988_800...4_102_444_800,
                using: &generator)
        }
    }

    @Test("a whole file is a zone, and every shorter one is damaged", arguments: names)
    func prefixes(name: String) throws {
        let bytes = try Self.bytes(name)
        var generator = SeededGenerator(seed: 1)
        ask(
            try ZoneTable(name: name, bytes: bytes), times(200, &generator), isWhole: true,
            "\(name), seed 1")
        for count in 0..<bytes.count {
            #expect(throws: ZoneTable.Damaged.self, "\(count) bytes") {
                try ZoneTable(name: name, bytes: Array(bytes[..<count]))
            }
        }
    }

    @Test(
        "damaged bytes are an error, or a zone with offsets within limits",
        arguments: [1, 2, 3, 4] as [UInt64])
    func flips(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let files = try Self.names.map(Self.bytes)
        var (zones, errors) = (0, 0)
        for round in 0..<1000 {
            var bytes = files[round % files.count]
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                // The header and the rule at the end are short but important, so they are damaged more often.
                let place = [0..<bytes.count, 0..<44, max(bytes.count - 40, 0)..<bytes.count]
                let index = Int.random(in: place[Int.random(in: 0..<3, using: &generator)], using: &generator)
                bytes[index] =
                    Bool.random(using: &generator)
                    ? .random(in: 0...255, using: &generator)
                    : bytes[index] ^ 1 << UInt8.random(in: 0..<8, using: &generator)
            }
            do throws(ZoneTable.Damaged) {
                let zone = try ZoneTable(name: "damaged", bytes: bytes)
                ask(zone, times(5, &generator), isWhole: false, "seed \(seed), round \(round)")
                zones += 1
            } catch {
                #expect(!error.description.isEmpty)
                errors += 1
            }
        }
        #expect(zones > 100 && errors > 100, "seed \(seed)")
    }

    @Test(
        "texts of rules give their offsets",
        arguments: [
            // January and July of 2024.
            ("CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200), ("EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400),
            ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 39_600, 37_800), ("<-02>2", -7200, -7200),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600), ("XXX3YYY,J1/0,J200/-3:30", -7200, -7200),
            ("AAA-3BBB,0/0,364/24", 14_400, 14_400), ("UTC0", 0, 0),
        ])
    func rules(text: String, winter: Int, summer: Int) throws {
        let rule = try #require(try ZoneRule(Array(text.utf8)))
        #expect(rule.state(at: 1_705_276_800).offset == winter)
        #expect(rule.state(at: 1_721_001_600).offset == summer)
    }

    @Test(
        "other texts are not taken for rules",
        arguments: [
            "C-1", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-25", "CET-1CEST,M13.5.0,M10.5.0",
            "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0/168,M10.5.0",
            "CET-1CEST,J0,J365", "CET-1CEST,J1,366", "<CET-1", "CET-1 ", "CET-1:60",
            "CET-99999999999999999999", "CET-1CEST,M3.5.0,M10.5.0,",
        ])
    func noRules(text: String) {
        #expect(throws: ZoneTable.Damaged.self) { try ZoneRule(Array(text.utf8)) }
    }
}
