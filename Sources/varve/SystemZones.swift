// SystemZones.swift — the zones that options, files and devices name.

import VarveModel

extension SystemZone: NamedZone {
    /// Never: fixed offsets are other zones.
    var isFixed: Bool { name == "UTC" }

    func offsetsText(from first: Int64, to last: Int64) -> String {
        let offsets = Set([first, last].map { offsetSeconds(atUTC: $0) }).sorted()
        return offsets.map(FixedZone.text(ofOffset:)).joined(separator: ", ")
    }
}

/// Finds the zones of this system.
struct SystemZones: ZoneDirectory {
    func zone(named name: String) throws -> any NamedZone { try SystemZone(named: name) }
}
