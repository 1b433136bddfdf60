// PublishResult.swift — what publishing did, and how far it is.

public import VarveFile
public import VarveTransfer

/// What became of an input.
public struct PublishResult: Sendable {
    /// All rows of the input, good or bad.
    public var rows: UInt64 = 0
    /// The batches its rows make.
    public var batches: UInt64 = 0
    /// Batches that the receiver has, whole or without the rows that it refused, now or from an earlier run.
    public var acknowledged: UInt64 = 0
    /// Those of them of which it refused rows; these are among the rejected.
    public var acknowledgedInPart: UInt64 = 0
    /// Those of them that an earlier run had sent.
    public var acknowledgedBefore: UInt64 = 0
    /// Messages sent more than once, counted each time.
    public var resent: UInt64 = 0
    /// Rows that could not be read or that the receiver refused.
    public var rejected: UInt64 = 0
    /// Rows with neither value nor quality.
    public var skipped: UInt64 = 0
    /// The zones that local times were read in; empty for an input that was finished before.
    public var zones: [ZoneUse] = []
    /// Where the rejected rows of the first input that has some are.
    public var rejectedPath: String?
    /// How many files of rejected rows there are.
    public var rejectedFiles: UInt64 = 0
    /// Why the rejected rows could not be written down, if so.
    public var rejectedFailure: FileError?
    /// Whether an earlier run had sent everything, so that nothing was sent now.
    public var wasFinished = false
    /// Remarks for people, such as that the file has changed since the earlier run.
    public var notes: [String] = []

    /// Makes a result of nothing.
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
        skipped += other.skipped
        zones.add(other.zones)
        rejectedPath = rejectedPath ?? other.rejectedPath
        rejectedFiles += other.rejectedFiles
        rejectedFailure = rejectedFailure ?? other.rejectedFailure
        notes += other.notes
    }
}

/// How far publishing is.
public struct PublishState: Sendable {
    /// What is done now.
    public enum Phase: Sendable {
        /// The input is read to know it again and to check it.
        case checking
        /// Batches are sent.
        case sending
    }

    /// What is done now.
    public var phase: Phase
    /// The share of the input that has been read in this phase, 0 to 1.
    public var share: Double
    /// Rows handed over so far.
    public var rows: UInt64
    /// Batches that the receiver has, earlier ones included.
    public var acknowledged: UInt64
    /// Batches made so far.
    public var batches: UInt64
    /// Messages sent more than once.
    public var resent: UInt64
    /// Why there is no connection; nil while there is one.
    public var trouble: String?
}

/// Is told how far publishing is, often.
public protocol PublishProgress: AnyObject {
    /// Takes note of the state; called on the thread that publishes.
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
