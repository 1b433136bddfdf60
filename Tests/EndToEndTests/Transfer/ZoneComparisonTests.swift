// ZoneComparisonTests.swift — every zone of the system's database has the offsets that Python's zoneinfo gives it.

import Foundation
import Testing
import VarveModel
import VarveText

@testable import varve

extension EndToEndTests {
    @Suite struct ZoneComparisonTests {
        @Test("moments and local times of all zones have the offsets that Python gives them", arguments: [1])
        func allZones(seed: Int) throws {
            let sandbox = try Sandbox()
            let path = "\(sandbox.path)/zones.csv"
            _ = try IndependentCalculation.python(
                "zones.py", [String(seed), path], input: "/dev/null", in: sandbox)
            var zones: [Substring: any NamedZone] = [:]
            var wrong: [Substring] = []
            var changed = 0
            for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
                let fields = line.split(separator: ",")
                // These names mean a clock that is not set, and the zone of the machine.
                if ["Factory", "localtime", "posixrules"].contains(fields[1]) { continue }
                let numbers = try fields[2...].map { try #require(Int64($0)) }
                let zone = try zones[fields[1]] ?? SystemZones.zone(named: String(fields[1]))
                zones[fields[1]] = zone
                if fields[0] == "moment" {
                    if zone.offsetSeconds(atUTC: numbers[0]) != numbers[1] { wrong.append(line) }
                } else if pair(zone.meaning(ofLocal: numbers[0])) != numbers[1...] {
                    wrong.append(line)
                } else if numbers[1] != numbers[2] {
                    changed += 1
                }
            }
            #expect(wrong.isEmpty, "seed \(seed): \(wrong.prefix(10))")
            #expect(zones.count > 300 && changed > 100)
        }

        /// The offsets of a local time for fold 0 and 1 of PEP 495.
        private func pair(_ meaning: LocalMeaning) -> ArraySlice<Int64> {
            switch meaning {
            case .once(let offset): [offset, offset]
            case .twice(let earlier, let later): [earlier, later]
            case .never(let before, let after): [before, after]
            }
        }
    }
}
