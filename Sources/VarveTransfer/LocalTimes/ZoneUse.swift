// ZoneUse.swift — what a receipt says about one zone in which local times were read.

/// A zone of local times, with the counts of rows around clock changes.
public struct ZoneUse: Hashable, Sendable {
    /// The zone's name.
    public var name: String
    /// Whether no zone was named, so that UTC was taken.
    public var isAssumed: Bool
    /// Its offsets over the time of the rows, such as `+01:00, in summer +02:00`; empty if no row was taken.
    public var offsets: String
    /// The number of samples in local hours that come twice.
    public var repeated: UInt64
    /// The number of `repeated` that were rejected.
    public var repeatedRejected: UInt64
    /// The number of samples in local hours that do not exist.
    public var missing: UInt64
    /// The number of `missing` that were rejected; the others were shifted.
    public var missingRejected: UInt64

    init(_ clock: ZoneClock) {
        name = clock.name
        isAssumed = clock.isAssumed
        offsets = clock.offsets
        repeated = clock.repeated.rows
        repeatedRejected = clock.repeated.rejected
        missing = clock.missing.rows
        missingRejected = clock.missing.rejected
    }

    /// Adds the counts of the same zone in another file.
    mutating func add(_ other: ZoneUse) {
        if offsets.utf8.count < other.offsets.utf8.count { offsets = other.offsets }
        repeated += other.repeated
        repeatedRejected += other.repeatedRejected
        missing += other.missing
        missingRejected += other.missingRejected
    }
}

extension [ZoneUse] {
    /// Adds the zones of another file; the counts of a zone already present are summed.
    package mutating func add(_ others: [ZoneUse]) {
        for zone in others {
            let known = firstIndex { $0.name == zone.name && $0.isAssumed == zone.isAssumed }
            if let known { self[known].add(zone) } else { append(zone) }
        }
    }
}
