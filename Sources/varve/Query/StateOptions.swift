// StateOptions.swift — `--as-of`: the state of the store that a command reads.

import ArgumentParser
import VarveModel
import VarveSegment
import VarveStorage
import VarveText

/// The option `--as-of`: which state of the store a command reads.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the state at an earlier commit (its number) or time (RFC 3339 or YYYY-MM-DD[ HH:MM[:SS]], UTC).",
            discussion: """
                As long as history is kept: `varve retention show` says how long, `varve stats` from which commit. \
                What was deleted since is in no state. Commits have their time to the second in the last hour, to \
                the minute in the last 30 days.
                """, valueName: "time or commit")) var asOf: String?

    func validate() throws {
        guard let asOf, UInt64(asOf) == nil else { return }
        do { _ = try time(asOf) } catch { throw ValidationError("\(error)") }
    }

    /// The state that `--as-of` names; the newest state without it.
    ///
    /// - Throws: `QueryFailure` if there is no such state, or it is no longer kept.
    func state(of snapshot: StoreSnapshot) throws -> StoreSnapshot {
        guard let asOf else { return snapshot }
        do {
            if let commit = UInt64(asOf) { return try snapshot.asOf(commit: commit) }
            return try snapshot.asOf(time: time(asOf))
        } catch StorageError.noSuchState(let reason) {
            throw QueryFailure(description: "--as-of: \(reason)")
        }
    }

    private func time(_ text: String) throws(QueryFailure) -> Timestamp {
        try TimeBound.parse(text, option: "--as-of", zone: FixedZone())
    }
}
