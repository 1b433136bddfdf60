// StorageError.swift — what can go wrong in the engine, with place and remedy.

public import VarveModel

/// An error of the store.
public enum StorageError: Error, Sendable, CustomStringConvertible {
    /// Bytes on disk are not what was written.
    case damaged(Damage)
    /// There is no store at the path.
    case noStore(path: String)
    /// A file was written by a newer version of Varve.
    case unknownVersion(file: String, version: Int)
    /// The store has the series with another type.
    case typeConflict(key: SeriesKey, stored: ValueType, offered: ValueType)
    /// A batch breaks a limit or a rule of `SampleBatch`; a mistake of the caller.
    case invalidBatch(String)
    /// An earlier write failed in a way that leaves the file suspect; the store must be opened again.
    case needsReopen(String)
    /// Commits that were acknowledged are not in the store any more: files of it were removed or replaced by older ones.
    case commitsLost(ClosedRange<UInt64>, path: String)
    /// The disk has too little room to open the store for writing after a crash.
    case noRoom(path: String, bytes: Int)
    /// The directory is not what the open store made of it; nothing is committed until it is again.
    case directoryChanged(String)
    /// Another compaction has merged the same segments meanwhile; nothing was changed.
    case overtaken
    /// A segment is not there any more: another process replaced it since this one looked, or it was removed.
    case segmentGone(file: String)
    /// There is no such state of the store: not yet, or not any more.
    case noSuchState(String)
    /// The store was opened for reading only, or is closed.
    case notWritable

    /// How many commits are missing, and which.
    package static func missing(_ commits: ClosedRange<UInt64>) -> String {
        commits.count == 1
            ? "commit \(commits.lowerBound), which was acknowledged, is missing"
            : "\(commits.count) commits, \(commits.lowerBound) to \(commits.upperBound), which were acknowledged, are missing"
    }

    /// One line: what, where, what to do.
    public var description: String {
        switch self {
        case .damaged(let damage):
            "\(damage); restore this file from a backup, `varve verify` lists all damage"
        case .noStore(let path):
            "there is no data in \(path); import some with `varve import --data \(path) --register FILE`"
        case .unknownVersion(let file, let version):
            "\(file) has format version \(version), which this version of varve cannot read; update varve"
        case .typeConflict(let key, let stored, let offered):
            "point \(key.point) of device \(key.device) holds \(stored.name) values, not \(offered.name)"
        case .invalidBatch(let reason): "the batch is not valid: \(reason)"
        case .needsReopen(let reason): "the store stopped taking writes: \(reason); open it again"
        case .commitsLost(let commits, let path):
            "\(Self.missing(commits)) in \(path): put the files back that were removed (those in wal/ come first to mind), "
                + "or, to go on without, remove \(path)/\(StoreFolder.acknowledgedName) while nothing uses the directory"
        case .noRoom(let path, let bytes):
            "the disk of \(path) is full: free \(max(1, (bytes + (1 << 20) - 1) >> 20)) MiB, so that it can be opened for writing "
                + "after a crash; it can be read as it is"
        case .directoryChanged(let reason): "\(reason); nothing is stored until then"
        case .overtaken: "another compaction was faster; nothing was changed, run it again if need be"
        case .segmentGone(let file):
            "\(file) is gone, most likely merged by another process meanwhile; try again, or run `varve verify`"
        case .noSuchState(let reason): reason
        case .notWritable: "the store is not open for writing"
        }
    }
}

extension StorageError: BatchRefusal {
    /// Whether the rows themselves cannot be stored.
    public var refusesBatch: Bool {
        switch self {
        case .typeConflict, .invalidBatch: true
        default: false
        }
    }
}

/// A place where bytes on disk are not what was written.
public struct Damage: Hashable, Sendable, CustomStringConvertible {
    /// The file, relative to the data directory.
    public var file: String
    /// The offset of the first byte of the smallest checked piece that is damaged.
    public var offset: Int
    /// What is wrong there.
    public var reason: String

    /// Describes damage.
    public init(file: String, offset: Int, reason: String) {
        self.file = file
        self.offset = offset
        self.reason = reason
    }

    /// File, offset and what is wrong.
    public var description: String { "\(file) is damaged at byte \(offset): \(reason)" }
}
