// LocalDays.swift — the beginnings of local days, as moments in UTC.
//
// A local clock may skip midnight, show it twice, or jump over a whole day. So a day begins at the first moment when
// the clock shows its date or a later one. A skipped day has no length.
//
// Invariants:
// - Starts of days never decrease with the day number, so every moment is in exactly one day.
// - A zone changes its offset at most once within two days.
// - Moments are Int128 nanoseconds, so no arithmetic near the ends of the storable range overflows.

internal import VarveModel
import VarveText

/// The local days of a zone.
struct LocalDays: Sendable {
    private static let second: Int128 = 1_000_000_000
    static let dayLength: Int128 = 86_400 * second

    let zone: any ZoneRules

    /// The number of the local day that a moment is in, counted from 1970-01-01.
    func day(containing moment: Int128) -> Int128 {
        let local = moment + Int128(offset(at: moment)) * LocalDays.second
        var day = local.dividedDown(by: LocalDays.dayLength)
        // Right after the clock went back over midnight, it shows the day before once more.
        while start(ofDay: day + 1) <= moment { day += 1 }
        while start(ofDay: day) > moment { day -= 1 }
        return day
    }

    /// The moment at which a day begins.
    func start(ofDay day: Int128) -> Int128 {
        firstMoment(atLocal: day * LocalDays.dayLength)
    }

    /// The first moment when the local clock shows `local` or later.
    ///
    /// - Parameter local: Nanoseconds from 1970-01-01 00:00:00 on the local clock.
    func firstMoment(atLocal local: Int128) -> Int128 {
        var before = local - LocalDays.dayLength
        var after = local + LocalDays.dayLength
        let old = offset(at: before)
        let new = offset(at: after)
        let byOld = local - Int128(old) * LocalDays.second
        if old == new { return byOld }
        // The change is between the two; bisection finds the second from which the new offset holds.
        while after - before > LocalDays.second {
            let steps = (after - before).dividedDown(by: 2 * LocalDays.second)
            let middle = before + Swift.max(1, steps) * LocalDays.second
            if offset(at: middle) == old { before = middle } else { after = middle }
        }
        let change = after.dividedDown(by: LocalDays.second) * LocalDays.second
        return byOld < change ? byOld : Swift.max(change, local - Int128(new) * LocalDays.second)
    }

    private func offset(at moment: Int128) -> Int {
        zone.offsetSeconds(atUTC: Int64(moment.dividedDown(by: LocalDays.second)))
    }
}

extension Int128 {
    /// The quotient rounded down.
    func dividedDown(by divisor: Int128) -> Int128 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
