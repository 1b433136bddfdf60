// WriterState.swift — the state of the writer beside the published view.
//
// Invariants:
// - It is accessed only under the store's writer lock.
// - If `failure` is set, disk and memory may differ after a failed write, and nothing more is committed.

import VarveFile
import VarveModel

final class WriterState: @unchecked Sendable {
    var manifestChecksum: UInt64
    /// Series with ids below this are in dictionary files.
    var flushedSeries: Int
    var nextCommit: UInt64
    var replay: ReplayIndex
    var messages: MessageMemory
    var latest = LatestTimes()
    var session: ReplayIndex.Session?
    var failure: String?
    /// Repairs that the store made by itself, for the user.
    var notes: [String] = []
    let mark = AcknowledgedMark()
    /// The identity of the lock file when the store was opened.
    let lockIdentity: FileIdentity?
    /// The error of the last flush, until a flush succeeds.
    var flushFailure: (any Error)?
    var isClosed = false
    var wal: WALWriter?
    var nextWALFile: UInt64
    var nextWALRecord: UInt64
    /// WAL files whose commits are in the memtable, the open one included.
    var walFiles: [UInt64]

    init(_ recovered: OpenedStore, lockIdentity: FileIdentity?) {
        self.lockIdentity = lockIdentity
        manifestChecksum = recovered.manifestChecksum
        flushedSeries = recovered.flushedSeries
        nextCommit = recovered.view.commit + 1
        replay = recovered.replay
        messages = recovered.messages
        nextWALFile = recovered.nextWALFile
        nextWALRecord = recovered.nextWALRecord
        walFiles = recovered.walFiles
    }

    /// The open WAL file, created if needed.
    ///
    /// - Throws: `FileError`.
    func openWAL(_ context: StoreContext) throws -> WALWriter {
        if let wal { return wal }
        let writer = try WALWriter(
            number: nextWALFile, firstRecord: nextWALRecord, reserveBytes: context.options.walReserveBytes,
            context.folder)
        walFiles.append(nextWALFile)
        nextWALFile += 1
        wal = writer
        return writer
    }

    /// Closes a WAL file that was removed or changed by somebody else.
    func abandonWAL() {
        guard let wal else { return }
        self.wal = nil
        wal.close()
        nextWALRecord = wal.recordNumber
    }

    /// Seals the open WAL file, if there is one; after a failed write it only closes the file and leaves it to
    /// recovery.
    ///
    /// - Throws: `FileError`, after which nothing more is committed.
    func sealWAL() throws {
        guard let wal else { return }
        self.wal = nil
        guard !wal.isFailed, failure == nil else { return wal.close() }
        do {
            try wal.seal()
        } catch {
            // A WAL file behind one without a seal would count as damage, so nothing more is written.
            failure = "\(error)"
            throw error
        }
        nextWALRecord = wal.recordNumber
    }
}
