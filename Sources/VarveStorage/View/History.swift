// History.swift — how far back states can be read, and the states themselves.
//
// Rows that a correction took the place of stay in their segments until a flush or a merge leaves them out. Those that
// are part of a state younger than `StoreOptions.history` are kept; of older states nothing is promised, but as long as nothing
// that they need was left out they can be read too.
//
// A deletion reaches back: what is deleted is part of no state any more, whenever it was committed. So does a change of a
// point's type: a read of its series in a state before it is refused.

public import VarveModel
import VarveSegment

extension StoreContext {
    /// The oldest commit whose state a flush or merge must keep; at the greatest number no state is kept.
    func historyCommit(_ view: StoreView) -> UInt64 {
        let kept = history
        guard kept > 0 else { return .max }
        let (start, overflow) = options.now().subtractingReportingOverflow(kept)
        return overflow ? 0 : view.commitTimes.newest(at: start) ?? view.commit
    }
}

extension StoreSnapshot {
    /// When its newest commit was made, to the second, rounded up; nil if that was not noted.
    var commitTime: Timestamp? {
        view.commitTimes.time(of: commit).map { Timestamp(nanoseconds: $0) }
    }

    /// The state at an earlier commit; of series whose type changed since, reads throw `StorageError.noSuchState`.
    ///
    /// - Throws: `StorageError.noSuchState` if there is no such commit yet, or if versions that belong to its state are
    ///   no longer kept.
    public func asOf(commit: UInt64) throws -> StoreSnapshot {
        guard commit <= view.commit else {
            throw StorageError.noSuchState("there is no commit \(commit) yet, the newest is \(view.commit)")
        }
        guard commit >= view.manifest.historyFrom else {
            let since = view.commitTimes.time(of: view.manifest.historyFrom).map {
                ", of \(Timestamp(nanoseconds: $0))"
            }
            throw StorageError.noSuchState(
                "the state at commit \(commit) is not kept any more; the oldest is that of commit "
                    + "\(view.manifest.historyFrom)\(since ?? "")")
        }
        var past = view
        past.commit = commit
        return StoreSnapshot(view: past, dictionary: dictionary)
    }

    /// The state at a time: all commits up to then, and none after.
    ///
    /// To the second of the last hour, to the minute of the last 30 days, to the hour of the last year and to the day
    /// before; between these, it is the state at the last whole one.
    ///
    /// - Throws: As `asOf(commit:)`.
    public func asOf(time: Timestamp) throws -> StoreSnapshot {
        try asOf(commit: min(view.commitTimes.newest(at: time.nanoseconds) ?? commit, commit))
    }
}

extension StoreSnapshot {
    /// The newest change after this state, which is one of the past, that gave a series its type.
    func laterChange(of series: SeriesID) -> Replacement? {
        guard let last = view.manifest.replacements.last, last.commit > view.commit else { return nil }
        return view.manifest.replacements.last { $0.commit > view.commit && $0.new.contains(series) }
    }
}

extension Replacement {
    /// The error of a read in a state before the change.
    func noSuchState(_ key: SeriesKey, _ type: ValueType, _ view: StoreView) -> StorageError {
        .noSuchState(
            "point \(key.point) of device \(key.device) has held \(type.name) values only since commit \(commit), of "
                + "\(Timestamp(nanoseconds: writtenAt)), when its type was changed; states before that, such as that of "
                + "commit \(view.commit), are not kept for it")
    }
}
