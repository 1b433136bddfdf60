// ZoneUse.swift — what a receipt says of one zone in which local times were read.

/// A zone and what was done in it.
public struct ZoneUse: Hashable, Sendable {
    /// The zone's name.
    public var name: String
    /// Whether nobody named a zone, so that UTC was taken.
    public var isAssumed: Bool
    /// Its offsets in the time of the rows, such as `+01:00, in summer +02:00`; empty if no row was taken.
    public var offsets: String
    /// Samples of local hours that come twice.
    public var repeated: UInt64
    /// Those of them that were rejected.
    public var repeatedRejected: UInt64
    /// Samples of local hours that do not exist.
    public var missing: UInt64
    /// Those of them that were rejected; the others were shifted.
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

    /// Adds what was done in the same zone in another file.
    mutating func add(_ other: ZoneUse) {
        if offsets.utf8.count < other.offsets.utf8.count { offsets = other.offsets }
        repeated += other.repeated
        repeatedRejected += other.repeatedRejected
        missing += other.missing
        missingRejected += other.missingRejected
    }
}

extension [ZoneUse] {
    /// Adds what was done in the zones of another file.
    package mutating func add(_ others: [ZoneUse]) {
        for zone in others {
            let known = firstIndex { $0.name == zone.name && $0.isAssumed == zone.isAssumed }
            if let known { self[known].add(zone) } else { append(zone) }
        }
    }
}
