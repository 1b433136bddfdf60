// SimulatedFolder.swift — the names of one folder: what programs see, what is on the disk, and the changes in between.
//
// Invariants:
// - After a crash a name leads to what it led to at the last sync, or at some moment since then.
// - If a change is lost, all later changes of the same names are lost, too. Changes of other names do not depend on it.
// - A rename is one change: it survives as a whole or not at all.

struct SimulatedFolder: Sendable {
    /// What a name leads to.
    enum Entry: Hashable, Sendable {
        case file(Int)
        case folder(Int)
    }

    /// What one call did to some names; nil removes a name.
    typealias Change = [(name: String, entry: Entry?)]

    private(set) var live: [String: Entry] = [:]
    private var durable: [String: Entry] = [:]
    private var unsynced: [Change] = []

    mutating func change(_ change: Change) {
        for (name, entry) in change { live[name] = entry }
        unsynced.append(change)
    }

    mutating func sync() {
        durable = live
        unsynced = []
    }

    /// The folder after a power failure.
    func afterCrash(
        _ outcome: CrashOutcome, using random: inout some RandomNumberGenerator
    ) -> SimulatedFolder {
        var entries = durable
        var lost: Set<String> = []
        for change in unsynced {
            guard !change.contains(where: { lost.contains($0.name) }), outcome.keepsName(using: &random)
            else {
                lost.formUnion(change.map(\.name))
                continue
            }
            for (name, entry) in change { entries[name] = entry }
        }
        var after = SimulatedFolder()
        after.live = entries
        after.durable = entries
        return after
    }
}
