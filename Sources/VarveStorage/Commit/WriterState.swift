// WriterState.swift — what the one writer knows beyond the published view.
//
// Invariants:
// - Only touched under the store's writer lock.
// - `failure` set means: a write left disk and memory possibly apart; nothing more is committed.

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
    /// What was mended by itself and is worth telling.
    var notes: [String] = []
    let mark = AcknowledgedMark()
    /// Of the lock file, as it was when the store was opened.
    let lockIdentity: FileIdentity?
    /// Why the last flush failed, while there is more to flush.
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

    /// The WAL file to write to, created if there is none.
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

    /// Lets go of a WAL file that is not what was written to it.
    func abandonWAL() {
        guard let wal else { return }
        self.wal = nil
        wal.close()
        nextWALRecord = wal.recordNumber
    }

    /// Ends the open WAL file, if there is one; after a failed write it is left to recovery.
    func sealWAL() throws {
        guard let wal else { return }
        self.wal = nil
        guard !wal.isFailed, failure == nil else { return wal.close() }
        do {
            try wal.seal()
        } catch {
            // A WAL file behind one that has no seal would be taken for damage: nothing more is written.
            failure = "\(error)"
            throw error
        }
        nextWALRecord = wal.recordNumber
    }
}
