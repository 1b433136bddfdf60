// History.swift — states of the past, and the limit up to which they can be read.
//
// Rows that were corrected stay in their segments until a flush or a merge leaves them out. Rows that belong to a state
// younger than `StoreOptions.history` are kept. An older state can be read as long as nothing that it needs was left
// out, but that is not promised.
//
// A deletion reaches back: no state shows deleted samples any more. So does a change of a point's type: a read of its
// series in a state before the change is refused.

public import VarveModel
import VarveSegment

extension StoreContext {
    /// The oldest commit whose state a flush or merge must keep; `UInt64.max` if no older state is kept.
    func historyCommit(_ view: StoreView) -> UInt64 {
        let kept = history
        guard kept > 0 else { return .max }
        let (start, overflow) = options.now().subtractingReportingOverflow(kept)
        return overflow ? 0 : view.commitTimes.newest(at: start) ?? view.commit
    }
}

extension StoreSnapshot {
    /// The time of its newest commit, rounded up to a second; nil if it was not noted.
    var commitTime: Timestamp? {
        view.commitTimes.time(of: commit).map { Timestamp(nanoseconds: $0) }
    }

    /// The state at an earlier commit.
    ///
    /// Reads of series whose type changed since throw `StorageError.noSuchState`.
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
    /// The time counts to the second within the last hour, to the minute within 30 days, to the hour within a year, and
    /// to the day before that. Between these it is the state at the last whole second, minute, hour or day.
    ///
    /// - Throws: As `asOf(commit:)`.
    public func asOf(time: Timestamp) throws -> StoreSnapshot {
        try asOf(commit: min(view.commitTimes.newest(at: time.nanoseconds) ?? commit, commit))
    }
}

extension StoreSnapshot {
    /// The newest change of type after this state of the past that created a series.
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
