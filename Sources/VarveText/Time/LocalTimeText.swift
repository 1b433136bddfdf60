// LocalTimeText.swift — writes local times with their offset, for people.

import VarveModel

/// Writes times as a zone's clocks show them; without a zone in UTC.
public struct LocalTimeText {
    let zone: (any ZoneRules)?

    /// Makes a writer for a zone; nil is UTC.
    public init(zone: (any ZoneRules)?) {
        self.zone = zone
    }

    /// RFC 3339 with the zone's offset, `2024-05-01T14:00:00+02:00`, or with `Z` without a zone.
    public func full(_ nanoseconds: Int64) -> String {
        guard let zone else { return Timestamp(nanoseconds: nanoseconds).description }
        let offset = zone.offsetSeconds(atUTC: floorDivide(nanoseconds, 1_000_000_000))
        guard let local = shifted(nanoseconds, by: offset) else {
            return Timestamp(nanoseconds: nanoseconds).description
        }
        let size = offset.magnitude
        let minutes = (size + 30) / 60
        let hour = minutes / 60 < 10 ? "0\(minutes / 60)" : "\(minutes / 60)"
        let minute = minutes % 60 < 10 ? "0\(minutes % 60)" : "\(minutes % 60)"
        return local.description.dropLast() + (offset < 0 ? "-" : "+") + "\(hour):\(minute)"
    }

    /// Date and time to the second or the minute, without an offset: `2024-05-01 14:00`.
    public func short(_ nanoseconds: Int64, hasSeconds: Bool) -> String {
        let offset = zone?.offsetSeconds(atUTC: floorDivide(nanoseconds, 1_000_000_000)) ?? 0
        let local = shifted(nanoseconds, by: offset) ?? Timestamp(nanoseconds: nanoseconds)
        let text = local.description.prefix(hasSeconds ? 19 : 16)
        return String(text.prefix(10)) + " " + text.dropFirst(11)
    }

    private func shifted(_ nanoseconds: Int64, by offset: Int) -> Timestamp? {
        let (local, isOutside) = nanoseconds.addingReportingOverflow(Int64(offset) * 1_000_000_000)
        return isOutside ? nil : Timestamp(nanoseconds: local)
    }
}
