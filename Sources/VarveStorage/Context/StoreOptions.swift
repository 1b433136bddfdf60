// StoreOptions.swift — the options for opening a store.

import VarveFile
import VarveModel
import VarvePlatform
import VarveSegment

/// Options of `Store.open`.
public struct StoreOptions: Sendable {
    /// Whether the store will be written; the default is true.
    ///
    /// An opening for writing takes the directory's lock, recovers after a crash, and creates missing folders. A store
    /// opened for reading changes nothing on disk.
    public var isWritable = true

    /// The clock that commit times are taken from, in nanoseconds since 1970 UTC.
    ///
    /// These times are for people and retention, never for ordering. The default is the system's real-time clock.
    public var now: @Sendable () -> Int64 = { SystemClock.nanoseconds() }

    /// The least time for which a message is remembered, in nanoseconds; the default is 7 days.
    ///
    /// A remembered message that comes again is a replay. Time is counted at changes of the store's live set, each for
    /// at most an hour. So a clock that jumps makes no message forgotten early, and a store that changes rarely
    /// remembers longer. Disk: 26 bytes a message.
    public var messageHorizon: Int64 = 7 * 86_400 * 1_000_000_000

    /// The time for which corrected versions of samples are kept, in nanoseconds; the default is 7 days.
    ///
    /// States of that time can be read. With 0, a flush or merge that has a later version drops the older one.
    public var history = StoreOptions.defaultHistory

    /// The most bytes of blocks and indexes of segments that are cached in memory; the default is 32 MiB.
    ///
    /// The kernel also caches the files. At most 512 segment files are kept open.
    public var cacheBytes = FormatLimits.cacheBytes

    /// Whether a directory without a store reads as an empty store instead of an error; the default is false.
    public var mayBeMissing = false

    /// The newest commit of the WAL that a reader shows, or nil for all; the default is nil.
    ///
    /// A record is in the WAL file a moment before it is durable. A reader that must not show commits that may still be
    /// lost first asks the writer for its last acknowledged commit, and opens with it. Commits in segments are durable
    /// and are shown in any case. It has no effect on a store opened for writing.
    public var lastCommit: UInt64?

    /// Whether a directory without a store is an error for writing too; the default is false.
    package var mustExist = false

    /// The store must have all commits up to this one, or the opening fails; 0 for none.
    package var leastCommit: UInt64 = 0

    /// Gives the ids of new immutable files; random unless a simulation must be repeatable.
    var newFileID: @Sendable () -> FileID = { .random() }

    /// Rows above which a batch is sealed as a segment; at most `Limits.walBatchRows`.
    var walBatchRows = Limits.walBatchRows

    /// The most records of a group that are written at once; at most `Limits.walWriteRecords`.
    var walWriteRecords = Limits.walWriteRecords

    /// Bytes of room that a WAL file reserves at once.
    var walReserveBytes = Limits.walReserveBytes

    /// Called in a debug build with a state that breaks an invariant, before it is published.
    ///
    /// The default ends the process. Release builds check nothing.
    var reportBroken: @Sendable (BrokenInvariant) -> Void = { assertionFailure("\($0)") }

    /// Bytes above which the memtable is flushed; the default is 48 MiB.
    ///
    /// It also bounds the WAL, and so the time of an opening after a crash. Commits are refused if flushes fail and the
    /// memtable has twice as many bytes.
    public var memtableBytes = Limits.memtableBytes

    /// The default time for which corrected versions are kept, in nanoseconds: 7 days.
    public static let defaultHistory = RetentionPeriod.defaultHistorySeconds * 1_000_000_000

    /// Creates the default options.
    public init() {}

    /// Options for reading only.
    ///
    /// Opening takes no lock and may happen beside a writer: it starts again if files change meanwhile.
    public static var reading: StoreOptions {
        var options = StoreOptions()
        options.isWritable = false
        return options
    }

    /// Options for reading beside a writer, without commits of the WAL after a commit; see `lastCommit`.
    public static func reading(upTo commit: UInt64) -> StoreOptions {
        var options = reading
        options.lastCommit = commit
        return options
    }
}
