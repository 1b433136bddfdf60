// StorageError.swift — the errors of the engine; each message says what is wrong and where. Commands and
// service add what their users can do (`MessageWithRemedy.swift`).

public import VarveModel

/// An error of the store.
public enum StorageError: Error, Sendable, CustomStringConvertible {
    /// Bytes on disk differ from what was written.
    case damaged(Damage)
    /// There is no store at the path.
    case noStore(path: String)
    /// The folder has a backup that was interrupted before its first manifest was written.
    case unfinishedBackup(path: String)
    /// A file was written by a newer version of Varve.
    case unknownVersion(file: String, version: Int)
    /// The series exists in the store with another type.
    case typeConflict(key: SeriesKey, stored: ValueType, offered: ValueType)
    /// A batch breaks a limit or a rule of `SampleBatch`: an error of the caller.
    case invalidBatch(String)
    /// An earlier write failed and its outcome is unknown, or a file changes faster than it can be read; the store must
    /// be opened again.
    case needsReopen(String)
    /// Acknowledged commits are no longer in the store: some of its files were removed or replaced by older ones.
    case commitsLost(ClosedRange<UInt64>, path: String)
    /// The disk has too little room to open the store for writing after a crash.
    case noRoom(path: String, bytes: Int)
    /// The directory was changed while the store was open; nothing is committed until it is restored.
    case directoryChanged(String)
    /// Another compaction has meanwhile merged the same segments; nothing was changed.
    case overtaken
    /// The file of a segment is gone: another process merged the segment in the meantime, or the file was removed.
    case segmentGone(file: String)
    /// The requested state of the store does not exist yet, or is no longer kept.
    case noSuchState(String)
    /// The store was opened for reading only, or is closed.
    case notWritable

    /// Whether a file of the store is damaged or missing, so that a check of the whole store says more.
    package var isDamage: Bool {
        switch self {
        case .damaged, .segmentGone: true
        default: false
        }
    }

    /// A clause that says how many commits are missing, and which.
    package static func missing(_ commits: ClosedRange<UInt64>) -> String {
        commits.count == 1
            ? "commit \(commits.lowerBound), which was acknowledged, is missing"
            : "\(commits.count) commits, \(commits.lowerBound) to \(commits.upperBound), which were acknowledged, are missing"
    }

    /// One line that says what is wrong and where, and what to do if that does not depend on the program.
    public var description: String {
        switch self {
        case .damaged(let damage):
            "\(damage); restore this file from a backup"
        case .noStore(let path):
            "there is no data in \(path)"
        case .unfinishedBackup(let path): "the backup in \(path) was not finished"
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
            "\(file) is gone, most likely merged by another process meanwhile; try again"
        case .noSuchState(let reason): reason
        case .notWritable: "the store is not open for writing"
        }
    }
}

extension StorageError: BatchRefusal {
    /// Whether the batch itself is at fault, so that a retry cannot succeed.
    public var refusesBatch: Bool {
        switch self {
        case .typeConflict, .invalidBatch: true
        default: false
        }
    }
}

/// A place where bytes on disk differ from what was written.
public struct Damage: Hashable, Sendable, CustomStringConvertible {
    /// The file, relative to the data directory.
    public var file: String
    /// The offset of the damaged piece in the file: the smallest piece with a checksum of its own.
    public var offset: Int
    /// What is wrong there, as a phrase for messages.
    public var reason: String

    /// Describes damage.
    public init(file: String, offset: Int, reason: String) {
        self.file = file
        self.offset = offset
        self.reason = reason
    }

    /// One line with file, offset and reason.
    public var description: String { "\(file) is damaged at byte \(offset): \(reason)" }
}
