// ZoneNames.swift — which texts name a time zone on this machine.

import Foundation

/// Names of time zones.
enum ZoneNames {
    /// Whether the text is the id of a time zone in the system's database.
    static func isKnown(_ id: String) -> Bool {
        // Foundation also makes zones of "GMT" with any offset, which are no names of the database.
        let isOffset = id.hasPrefix("GMT") && !["GMT", "GMT0", "GMT+0", "GMT-0"].contains(id)
        return !isOffset && TimeZone(identifier: id) != nil
    }
}
