// Journal.swift — records, beside an input, which of its batches the receiver has.
//
// Invariants:
// - A record is written only after the batch was acknowledged. A lost record costs a message, never data: the receiver
//   again answers 200 for a batch that it has.
// - At most one process has a journal open.

import VarveCodec
import VarveFile
import VarvePlatform

/// An open journal.
final class Journal {
    /// The state of the journal when it was opened.
    enum Finding: Hashable {
        /// There was no journal, or the caller asked to forget it.
        case new
        /// Batches of this input were acknowledged before.
        case resumed
        /// This input was sent to its end before.
        case finished(JournalCounts)
        /// The journal was of another input, target or shape of batches; it starts over.
        case other
        /// Some or all of the journal could not be read; the batches concerned are sent again.
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

    /// The bytes of pending records, or the time, after which they are written and synced.
    private static let groupBytes = 256 * JournalRecord.bytes
    private static let groupNanoseconds: Int64 = 1_000_000_000

    /// Opens the journal and locks it; a new journal is written and synced.
    ///
    /// - Parameter again: Whether to forget its records.
    /// - Throws: `DirectoryInUse` if another process has it open, `PublisherError.invalid` if the file is not a
    ///   journal, `FileError`.
    init(path: String, identity: JournalIdentity, again: Bool, files: POSIXFileSystem) throws {
        self.path = path
        self.identity = identity
        self.files = files
        file = try files.openLocked(path)
        let head = JournalHead(identity: identity)
        salt = head.salt
        let size = try file.size()
        guard JournalHead.mayBegin(try file.readBytes(count: JournalHead.bytes, at: 0)) else {
            // A slip on the command line must not destroy a file of the user.
            throw PublisherError.invalid(
                "\(path) is not a journal of varve publish; nothing was changed: name another file"
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

    /// Whether the receiver has the batch with exactly this message.
    func isAcknowledged(_ index: UInt64, hash: UInt64) -> Bool { acknowledged[index] == hash }

    /// Records that the receiver has a batch; the record is on disk within a second or after `flush`.
    ///
    /// - Throws: `FileError`.
    func acknowledge(_ record: JournalRecord) throws {
        record.append(to: &pending, salt: salt)
        try flushIfDue()
    }

    /// Writes and syncs pending records if there are 256 of them or the last sync is a second ago.
    ///
    /// - Throws: `FileError`.
    func flushIfDue() throws {
        guard pending.count > 0 else { return }
        let now = SystemClock.monotonicNanoseconds()
        if pending.count >= Self.groupBytes || now - lastSync >= Self.groupNanoseconds { try flush() }
    }

    /// Writes and syncs pending records.
    ///
    /// - Throws: `FileError`.
    func flush() throws {
        guard pending.count > 0 else { return }
        try file.append(pending.bytes)
        pending = ByteWriter()
        try file.sync()
        lastSync = SystemClock.monotonicNanoseconds()
    }

    /// Replaces the journal by one that says that the whole input is acknowledged, without records.
    ///
    /// - Throws: `FileError`.
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
