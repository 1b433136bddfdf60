// ZoneClock.swift — one zone of an input: turns local times into offsets and remembers a stretch of time.
//
// Invariants:
// - The answer is that of the zone's `meaning(ofLocal:)`; what is remembered only saves look-ups.

import VarveModel
import VarveText

/// A stretch of local time that a clock shows twice.
struct RepeatedStretch: Hashable {
    /// The first second of local time that comes twice.
    var start: Int64
    /// The first second after the stretch.
    var end: Int64
    /// The offset of the first pass.
    var earlier: Int64
    /// The offset of the second pass.
    var later: Int64
}

/// A zone of an input's local times.
struct ZoneClock {
    /// The zone's name.
    let name: String
    /// Whether no zone was named, so that UTC is taken.
    let isAssumed: Bool
    private let rules: any ZoneRules
    private let zone: any NamedZone
    /// A span of local time, from `from` up to but not including `to`, that has one offset.
    private var plain: (from: Int64, to: Int64, offset: Int64) = (0, 0, 0)
    private var stretch = RepeatedStretch(start: 0, end: 0, earlier: 0, later: 0)
    /// The first and the last moment that rows had in this zone; nil without rows.
    private(set) var used: (first: Int64, last: Int64)?
    /// Rows of hours that come twice.
    var repeated = Counts()
    /// Rows of hours that do not exist.
    var missing = Counts()

    /// Counts of rows in hours that a clock change repeats or skips.
    struct Counts: Hashable {
        var rows: UInt64 = 0
        var rejected: UInt64 = 0
    }

    /// The step, in seconds, at whose ends the offset is compared; since 1970 clocks have changed on quarter hours.
    private static let step: Int64 = 900

    init(_ zone: any NamedZone, isAssumed: Bool) {
        self.zone = zone
        rules = zone
        name = zone.name
        self.isAssumed = isAssumed
    }

    /// Whether the zone has one offset for all times.
    var isFixed: Bool { zone.isFixed }

    /// Its offsets in the span `used`, as people write them; empty without rows.
    var offsets: String {
        guard let used else { return "" }
        return zone.offsetsText(from: used.first, to: used.last)
    }

    /// The offset if the local time comes exactly once; else nil.
    @inline(__always)
    mutating func offset(ofLocal seconds: Int64) -> Int64? {
        if seconds >= plain.from, seconds < plain.to { return plain.offset }
        return offsetSlowly(seconds)
    }

    /// Whether the local time comes once, twice or never, with the offsets.
    mutating func meaning(ofLocal seconds: Int64) -> LocalMeaning {
        let meaning = rules.meaning(ofLocal: seconds)
        if case .twice(let earlier, let later) = meaning, seconds < stretch.start || seconds >= stretch.end {
            let change = rules.change(after: seconds - earlier, upTo: seconds - later, from: earlier)
            stretch = RepeatedStretch(
                start: change + later, end: change + earlier, earlier: earlier, later: later)
        }
        return meaning
    }

    /// The stretch of the last local time that came twice.
    var lastStretch: RepeatedStretch { stretch }

    /// The first moment of a local day, or nil where the day does not exist.
    func start(ofLocalDay seconds: Int64) -> Int64? { rules.start(ofLocalDay: seconds) }

    /// Extends `used` by a moment, in seconds since 1970 UTC.
    @inline(__always)
    mutating func noteUse(at moment: Int64) {
        guard let span = used else {
            used = (moment, moment)
            return
        }
        if moment < span.first { used?.first = moment }
        if moment > span.last { used?.last = moment }
    }

    @inline(never)
    private mutating func offsetSlowly(_ seconds: Int64) -> Int64? {
        let start = floorDivide(seconds, Self.step) * Self.step
        guard case .once(let offset) = rules.meaning(ofLocal: seconds) else { return nil }
        if rules.meaning(ofLocal: start) == .once(offset: offset),
            rules.meaning(ofLocal: start + Self.step - 1) == .once(offset: offset)
        {
            plain = (start, start + Self.step, offset)
        }
        return offset
    }
}
