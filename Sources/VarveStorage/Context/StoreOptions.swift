// StoreOptions.swift — how a store is opened.

import VarveFile
import VarveModel
import VarvePlatform
import VarveSegment

/// Options of `Store.open`.
public struct StoreOptions: Sendable {
    /// Whether the store will be written; the default is true.
    ///
    /// Then it takes the directory's lock, recovers after a crash, creates what is
    /// missing. A store opened for reading changes nothing on disk.
    public var isWritable = true

    /// The clock that commit times are taken from, in nanoseconds since 1970 UTC.
    ///
    /// For people and retention, never for ordering. The default is the system's real-time clock.
    public var now: @Sendable () -> Int64 = { SystemClock.nanoseconds() }

    /// How long a message is remembered at least, in nanoseconds, so that it is a replay when it comes again; the
    /// default is 7 days.
    ///
    /// Time counts as the changes of the store's live set show it, each for at most an hour, so a clock that jumps
    /// lets nothing be forgotten early; a store that changes rarely remembers longer. Disk: 26 bytes a message.
    public var messageHorizon: Int64 = 7 * 86_400 * 1_000_000_000

    /// How long versions of samples are kept that were corrected since, in nanoseconds; the default is 7 days.
    ///
    /// States of that time can be read. With 0 a version goes with the flush or merge that sees a later one.
    public var history = StoreOptions.defaultHistory

    /// Bytes of blocks and indexes of segments that are kept in memory once they were read; the default is 32 MiB.
    ///
    /// Beside it the kernel keeps what it can of the files. At most 512 segment files are kept open.
    public var cacheBytes = FormatLimits.cacheBytes

    /// Whether reading a directory without a store gives an empty one instead of an error; default false.
    public var mayBeMissing = false

    /// The newest commit that a reader shows of the WAL, or nil for all that is in it; the default is nil.
    ///
    /// A record is in the WAL file a moment before it is durable. A reader that must not show what could still be
    /// lost asks the writer for its last acknowledged commit first, then opens with it. Commits in segments are
    /// durable and are shown whatever their numbers. Has no effect on a store opened for writing.
    public var lastCommit: UInt64?

    /// Whether a directory without a store is an error also for writing; default false.
    package var mustExist = false

    /// A commit that must be there, or the opening fails; 0 for none.
    package var leastCommit: UInt64 = 0

    /// Names new immutable files; random unless a simulation must be repeatable.
    var newFileID: @Sendable () -> FileID = { .random() }

    /// Rows above which a batch is sealed as a segment; at most `Limits.walBatchRows`.
    var walBatchRows = Limits.walBatchRows

    /// Records of a group that are written at once; at most `Limits.walWriteRecords`.
    var walWriteRecords = Limits.walWriteRecords

    /// Bytes of room that a WAL file reserves at once.
    var walReserveBytes = Limits.walReserveBytes

    /// What a build for debugging does with a state that breaks an invariant, before it is published.
    ///
    /// The default ends the process. Builds for release check nothing.
    var reportBroken: @Sendable (BrokenInvariant) -> Void = { assertionFailure("\($0)") }

    /// Bytes above which the memtable is flushed; the default is 64 MiB.
    ///
    /// It bounds the WAL too, and so the time that an opening after a crash takes. Commits are refused when flushes fail
    /// and the memtable has twice as many.
    public var memtableBytes = Limits.memtableBytes

    /// How long versions are kept that were corrected since if nothing else was said, in nanoseconds: 7 days.
    public static let defaultHistory = RetentionPeriod.defaultHistorySeconds * 1_000_000_000

    /// Makes the default options.
    public init() {}

    /// Options for reading only.
    ///
    /// Opening takes no lock and may happen beside a writer: where files change under it, it begins again.
    public static var reading: StoreOptions {
        var options = StoreOptions()
        options.isWritable = false
        return options
    }

    /// Options for reading only, beside a writer, nothing of the WAL beyond a commit; see `lastCommit`.
    public static func reading(upTo commit: UInt64) -> StoreOptions {
        var options = reading
        options.lastCommit = commit
        return options
    }
}
