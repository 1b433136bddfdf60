// NamedZone.swift — a zone of the system's database, for tests.

import Foundation
import VarveModel
import VarveText

struct NamedZone: ZoneRules {
    let zone: TimeZone

    init(_ name: String) throws {
        guard let zone = TimeZone(identifier: name) else { throw CocoaError(.featureUnsupported) }
        self.zone = zone
    }

    func offsetSeconds(atUTC seconds: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }
}

/// The nanoseconds of an RFC 3339 time.
func nanoseconds(_ text: String) throws -> Int64 {
    try Timestamp.parse(text).nanoseconds
}
