// ScriptPace.swift — whether a script is too slow to be called now.
//
// A payload has an allowance of 1 ms. What a script takes beyond it is a debt, which time pays off at half its own pace:
// so a script may take about half of the time of the one thread that serves all products. Beyond a debt of 2 s the script
// is refused for 5 s. Then it is on trial: if it is too slow again, the pause doubles, up to 60 s.
//
// Scripts that are slow at the same time share all this. The time that others take beyond their allowances pays nothing
// off: else several could take all of the time, as the turns of the others would pay off the debt of each. And of four
// scripts in debt each is refused beyond 500 ms.
//
// Invariants:
// - A script that keeps to its allowance is never refused, however many payloads come.

/// How long a script took lately.
struct ScriptPace: Hashable {
    /// What a script may do now.
    enum Allowance: Hashable {
        /// It may take so many nanoseconds.
        case allowed(Int64)
        /// It is not called for so many nanoseconds.
        case refused(Int64)
    }

    /// The nanoseconds of a payload that cause no debt.
    static let each: Int64 = 1_000_000
    /// The debt beyond which a script is refused.
    static let mostDebt: Int64 = 2_000_000_000
    /// The same for a script among many.
    static let mostSharedDebt: Int64 = 250_000_000
    /// The most that a script may take in one call.
    static let most: Int64 = 500_000_000
    /// The most that a script on trial may take in one call.
    static let mostOnTrial: Int64 = 200_000_000
    /// The first pause, and the longest.
    static let pauses: ClosedRange<Int64> = 5_000_000_000...60_000_000_000

    private var debt: Int64 = 0
    private var noted: Int64 = 0
    /// What all scripts had taken beyond their allowances by then.
    private(set) var notedTotal: Int64 = 0
    private var refusedUntil: Int64 = .min
    private var isOnTrial = false
    private var pause = pauses.lowerBound

    /// Whether nothing needs to be remembered.
    var isForgotten: Bool { debt == 0 && !isOnTrial }

    /// What the script may do at a time.
    func allowance(now: Int64) -> Allowance {
        if now < refusedUntil { return .refused(refusedUntil - now) }
        return .allowed(isOnTrial ? Self.mostOnTrial : Self.most)
    }

    /// What is left of the debt.
    ///
    /// - Parameter total: What all scripts have taken beyond their allowances so far.
    func debt(now: Int64, total: Int64) -> Int64 {
        max(debt - max(now - noted - (total - notedTotal), 0) / 2, 0)
    }

    /// Notes a call.
    ///
    /// - Parameters:
    ///   - total: What all scripts have taken beyond their allowances so far; this call is added.
    ///   - others: The number of other scripts in debt.
    mutating func note(
        nanoseconds: Int64, payloads: Int, now: Int64, total: inout Int64, others: Int
    ) {
        let excess = nanoseconds - Int64(payloads) * Self.each
        debt = max(debt(now: now, total: total) + excess, 0)
        total += max(excess, 0)
        (noted, notedTotal) = (now, total)
        let isTooSlow =
            debt >= max(Self.mostDebt / Int64(others + 1), Self.mostSharedDebt)
            || isOnTrial && excess >= Self.mostOnTrial / 2
        if isTooSlow {
            refusedUntil = now + pause
            pause = min(pause * 2, Self.pauses.upperBound)
            debt = 0
        } else {
            pause = Self.pauses.lowerBound
        }
        isOnTrial = isTooSlow
    }
}
