// SystemZone.swift — time zones by IANA name, from the system's database.
//
// Invariants:
// - The offset of a quarter of an hour is remembered, if it is one throughout; clocks have changed on whole
//   quarters since 1970, so neighbouring times cost no look-up.

import Foundation
import Synchronization
import VarveModel

/// A named time zone.
final class SystemZone: ZoneRules {
    /// Why a zone cannot be used, as one line for the user.
    struct Failure: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    private struct Span {
        var index: Int64
        var offset: Int
    }

    /// The length of a span with one offset, in seconds.
    private static let spanSeconds: Int64 = 900

    private let zone: TimeZone
    private let latest = Mutex(Span(index: .min, offset: 0))

    /// The IANA name.
    let name: String

    /// Finds a zone by its IANA name, such as `Europe/Paris` or `UTC`.
    init(named name: String) throws(Failure) {
        // Foundation also takes abbreviations, whose meaning is a guess ("IST"): only area/city names are.
        guard name == "UTC" || name.contains("/"), let zone = TimeZone(identifier: name) else {
            throw Failure(
                description: "--tz: \"\(name)\" is not a time zone of this system; "
                    + "use an IANA name such as Europe/Paris or UTC")
        }
        self.zone = zone
        self.name = name
    }

    /// Seconds to add to UTC to get local time.
    func offsetSeconds(atUTC seconds: Int64) -> Int {
        let quotient = seconds / SystemZone.spanSeconds
        let index = seconds % SystemZone.spanSeconds < 0 ? quotient - 1 : quotient
        return latest.withLock { latest in
            if latest.index == index { return latest.offset }
            let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
            // Old local mean times ended at odd seconds; only a span with one offset may be remembered.
            let start = Double(index * SystemZone.spanSeconds)
            let end = start + Double(SystemZone.spanSeconds - 1)
            if zone.secondsFromGMT(for: Date(timeIntervalSince1970: start))
                == zone.secondsFromGMT(for: Date(timeIntervalSince1970: end))
            {
                latest = Span(index: index, offset: offset)
            }
            return offset
        }
    }
}
