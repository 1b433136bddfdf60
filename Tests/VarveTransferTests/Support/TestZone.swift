// TestZone.swift — zones whose clock changes are written in the test.

import VarveModel
import VarveText

/// A zone with a list of changes.
struct TestZone: NamedZone {
    var name: String
    var first: Int
    /// The moments of changes in seconds since 1970 UTC, each with the offset from then on.
    var changes: [(moment: Int64, offset: Int)]

    var isFixed: Bool { changes.isEmpty }

    func offsetSeconds(atUTC seconds: Int64) -> Int {
        changes.last { $0.moment <= seconds }?.offset ?? first
    }

    func offsetsText(from first: Int64, to last: Int64) -> String {
        [first, last].map { FixedZone.text(ofOffset: offsetSeconds(atUTC: $0)) }.joined(separator: " to ")
    }

    /// Paris in 2014: forward on 30 March, back on 26 October, both at 01:00 UTC.
    static let paris = TestZone(
        name: "Europe/Paris", first: 3600, changes: [(1_396_141_200, 7200), (1_414_285_200, 3600)])
    /// Apia in 2011, which had no 30 December.
    static let apia = TestZone(name: "Pacific/Apia", first: -36_000, changes: [(1_325_239_200, 50_400)])
    /// Sao Paulo in 2018: midnight of 4 November does not exist.
    static let saoPaulo = TestZone(
        name: "America/Sao_Paulo", first: -10_800, changes: [(1_541_300_400, -7200)])
    /// Lord Howe in 2014: back by half an hour on 6 April, at 15:00 UTC of the day before.
    static let lordHowe = TestZone(
        name: "Australia/Lord_Howe", first: 39_600, changes: [(1_396_710_000, 37_800)])
}

/// The zones by name.
struct TestZones: ZoneDirectory {
    struct Unknown: Error, CustomStringConvertible {
        var description: String { "no such zone" }
    }

    func zone(named name: String) throws -> any NamedZone {
        if name == "UTC" { return FixedZone() }
        let all: [TestZone] = [.paris, .apia, .saoPaulo, .lordHowe]
        guard let zone = all.first(where: { $0.name == name }) else { throw Unknown() }
        return zone
    }
}
