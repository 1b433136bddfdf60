// Journal.swift — which batches of an input the receiver has, kept beside the input.
//
// Invariants:
// - A record is written only after the batch was acknowledged. Losing records costs messages, never data: the receiver
//   answers what it has with 200 again.
// - One process has a journal open.

import VarveCodec
import VarveFile
import VarvePlatform

/// An open journal.
final class Journal {
    /// What was found when it was opened.
    enum Finding: Hashable {
        /// Nothing was there.
        case new
        /// Batches of this input were acknowledged before.
        case resumed
        /// This input was sent to its end before.
        case finished(JournalCounts)
        /// Another input, target or shape of batches: it begins anew.
        case other
        /// Some or all of it could not be read: what it said there is sent again.
        case damaged
    }

    let finding: Finding
    private let path: String
    private let identity: JournalIdentity
    private let files: any FileSystem
    private let file: any File
    private let salt: UInt64
    private var acknowledged: [UInt64: UInt64]
    private var pending = ByteWriter()
    private var lastSync = SystemClock.monotonicNanoseconds()

    /// Records or time after which what is pending is written and synced.
    private static let groupBytes = 256 * JournalRecord.bytes
    private static let groupNanoseconds: Int64 = 1_000_000_000

    /// Opens a journal or begins one.
    ///
    /// - Parameter again: Whether to forget what it says.
    /// - Throws: `DirectoryInUse` if another process has it, `PublisherError.invalid` if the file is no journal,
    ///   `FileError`.
    init(path: String, identity: JournalIdentity, again: Bool, files: POSIXFileSystem) throws {
        self.path = path
        self.identity = identity
        self.files = files
        file = try files.openLocked(path)
        let head = JournalHead(identity: identity)
        salt = head.salt
        let size = try file.size()
        guard JournalHead.mayBegin(try file.readBytes(count: JournalHead.bytes, at: 0)) else {
            // A slip of the command line must not cost a file of the user's.
            throw PublisherError.invalid(
                "\(path) holds something else than a journal of varve publish; nothing was changed: name another file"
            )
        }
        let found = JournalHead(try file.readBytes(count: JournalHead.bytes, at: 0))
        acknowledged = [:]
        if size == 0 || again {
            finding = .new
        } else if let found, found.identity == identity {
            if let counts = found.finished {
                finding = .finished(counts)
            } else {
                let (records, isWhole) = try Self.records(of: file, size: size, salt: salt)
                acknowledged = records
                finding = isWhole ? .resumed : .damaged
                let excess = (size - JournalHead.bytes) % JournalRecord.bytes
                if excess > 0 { try file.truncate(to: size - excess) }
                return
            }
        } else {
            finding = found == nil ? .damaged : .other
        }
        if case .finished = finding { return }
        try file.truncate(to: 0)
        try file.append(head.encoded())
        try file.sync()
    }

    deinit { file.close() }

    /// Whether the receiver has this very message.
    func isAcknowledged(_ index: UInt64, hash: UInt64) -> Bool { acknowledged[index] == hash }

    /// Takes note that the receiver has a batch; written now or a little later.
    func acknowledge(_ record: JournalRecord) throws {
        record.append(to: &pending, salt: salt)
        try flushIfDue()
    }

    /// Writes what has waited for long.
    func flushIfDue() throws {
        guard pending.count > 0 else { return }
        let now = SystemClock.monotonicNanoseconds()
        if pending.count >= Self.groupBytes || now - lastSync >= Self.groupNanoseconds { try flush() }
    }

    /// Writes and syncs what is pending.
    func flush() throws {
        guard pending.count > 0 else { return }
        try file.append(pending.bytes)
        pending = ByteWriter()
        try file.sync()
        lastSync = SystemClock.monotonicNanoseconds()
    }

    /// Says that all is acknowledged; the records are no longer needed.
    func finish(_ counts: JournalCounts) throws {
        try files.replace(path, JournalHead(identity: identity, finished: counts).encoded())
    }

    private static func records(
        of file: any File, size: Int, salt: UInt64
    ) throws -> (records: [UInt64: UInt64], isWhole: Bool) {
        var records: [UInt64: UInt64] = [:]
        var isWhole = (size - JournalHead.bytes) % JournalRecord.bytes == 0
        var offset = JournalHead.bytes
        let step = 1 << 15
        while offset < size {
            let bytes = try file.readBytes(count: step * JournalRecord.bytes, at: offset)
            if bytes.isEmpty { break }
            offset += bytes.count
            try bytes.withUnsafeBytes { all in
                var reader = ByteReader(all)
                while reader.remaining >= JournalRecord.bytes {
                    if let record = try JournalRecord(&reader, salt: salt) {
                        records[record.index] = record.hash
                    } else {
                        isWhole = false
                    }
                }
            }
        }
        return (records, isWhole)
    }
}
