// PublishResult.swift — the result and the progress of publishing.

public import VarveFile
public import VarveTransfer

/// The result of sending an input, or the sum of several.
public struct PublishResult: Sendable {
    /// All rows of the input, good or bad.
    public var rows: UInt64 = 0
    /// The number of batches made from the rows.
    public var batches: UInt64 = 0
    /// The number of batches that the receiver has, from this or an earlier run, except the rows that it refused.
    public var acknowledged: UInt64 = 0
    /// The number of `acknowledged` batches with refused rows; these rows are in `rejected`.
    public var acknowledgedInPart: UInt64 = 0
    /// The number of `acknowledged` batches that an earlier run had sent.
    public var acknowledgedBefore: UInt64 = 0
    /// The number of repeated sends of messages.
    public var resent: UInt64 = 0
    /// Rows that could not be read or that the receiver refused.
    public var rejected: UInt64 = 0
    /// The first rejected row of the first input that has some, in the order of rejection; nil without rejected rows.
    public var firstRejected: RejectedRow?
    /// Rows with neither value nor quality.
    public var skipped: UInt64 = 0
    /// The zones that local times were read in; empty for an input that was finished before.
    public var zones: [ZoneUse] = []
    /// The path of the rejected rows of the first input that has some; nil without rejected rows.
    public var rejectedPath: String?
    /// The number of files of rejected rows.
    public var rejectedFiles: UInt64 = 0
    /// Why the rejected rows could not be written to their file; nil if they could.
    public var rejectedFailure: FileError?
    /// Whether an earlier run had sent everything, so that nothing was sent now.
    public var wasFinished = false
    /// Remarks for people, such as that the file has changed since the earlier run.
    public var notes: [String] = []

    /// Makes the result of an input without rows.
    public init() {}

    /// Adds the counts of another input.
    public mutating func add(_ other: PublishResult) {
        rows += other.rows
        batches += other.batches
        acknowledged += other.acknowledged
        acknowledgedInPart += other.acknowledgedInPart
        acknowledgedBefore += other.acknowledgedBefore
        resent += other.resent
        rejected += other.rejected
        firstRejected = firstRejected ?? other.firstRejected
        skipped += other.skipped
        zones.add(other.zones)
        rejectedPath = rejectedPath ?? other.rejectedPath
        rejectedFiles += other.rejectedFiles
        rejectedFailure = rejectedFailure ?? other.rejectedFailure
        notes += other.notes
    }
}

/// The progress of publishing.
public struct PublishState: Sendable {
    /// The phases of publishing.
    public enum Phase: Sendable {
        /// The input is hashed and surveyed before anything is sent.
        case checking
        /// Batches are sent.
        case sending
    }

    /// The current phase.
    public var phase: Phase
    /// The share of the input that has been read in this phase, 0 to 1.
    public var share: Double
    /// The rows read while checking, or put into batches while sending.
    public var rows: UInt64
    /// The number of batches that the receiver has, including those of earlier runs.
    public var acknowledged: UInt64
    /// The number of batches made so far.
    public var batches: UInt64
    /// The number of repeated sends of messages.
    public var resent: UInt64
    /// Why there is no connection; nil while there is one.
    public var trouble: String?
}

/// Follows the progress of publishing.
public protocol PublishProgress: AnyObject {
    /// Called often, on the thread that publishes.
    func advanced(_ state: PublishState)
}

/// A row or reading that the receiver refused.
public struct PublishRefusal: Hashable, Sendable {
    /// The `deviceKey`.
    public var device: String
    /// The `pointId`.
    public var point: String
    /// Nanoseconds since 1970 UTC.
    public var nanoseconds: Int64
    /// The receiver's code.
    public var code: Int
    /// The receiver's words.
    public var message: String
}
