// ReplayIndex.swift — remembers committed batches of imports in memory, to recognise replays.
//
// MessageMemory remembers messages.
//
// The rule (guarantee G2): a batch with the content of a committed one is a replay and is not applied, so a late
// re-send never undoes a correction. One exception: inside one import the same content may come twice, at different
// places of the file, with a correction in between. There only the same place is a replay.
//
// Invariants:
// - It is a value made of the records alone; it decides, and the store acts.

import VarveCodec
import VarveModel
import VarveSegment

struct ReplayIndex: Sendable {
    /// The import that is being written.
    struct Session: Sendable {
        var importHash: Hash128
        var generation: UInt32
    }

    private var records: [Hash128: [BatchRecord]] = [:]
    private var finished: [Hash128: UInt32] = [:]
    private var open: Set<Import> = []

    /// The identity of an import; its records have the same.
    struct Import: Hashable, Sendable {
        var hash: Hash128
        var generation: UInt32

        init(hash: Hash128, generation: UInt32) {
            self.hash = hash
            self.generation = generation
        }
    }

    init() {}

    /// All records, in no particular order.
    var all: some Sequence<BatchRecord> { records.values.joined() }

    mutating func add(_ record: BatchRecord) {
        records[record.contentHash, default: []].append(record)
        let key = Import(hash: record.importHash, generation: record.generation)
        if record.isLast {
            finished[record.importHash, default: 0] += 1
            open.remove(key)
        } else {
            open.insert(key)
        }
    }

    /// The session of an import whose batch 0 has a content hash.
    func session(firstBatch hash: Hash128) -> Session {
        Session(importHash: hash, generation: finished[hash] ?? 0)
    }

    /// Whether an unfinished run committed batches of the session.
    func isOpen(_ session: Session) -> Bool {
        open.contains(Import(hash: session.importHash, generation: session.generation))
    }

    /// The record that a batch replays, and the receipt of the replay; nil if the batch is not a replay.
    ///
    /// - Parameter counts: Whether a record still describes the store; false if some of its samples were deleted since.
    func replay(
        of hash: Hash128, index: UInt32?, in session: Session?,
        where counts: (BatchRecord) -> Bool = { _ in true }
    ) -> (record: BatchRecord, receipt: Receipt, isResumed: Bool)? {
        guard let candidates = records[hash]?.filter(counts), !candidates.isEmpty else { return nil }
        func isOwn(_ record: BatchRecord) -> Bool {
            guard let session else { return false }
            return record.importHash == session.importHash && record.generation == session.generation
        }
        if let resumed = candidates.last(where: { isOwn($0) && $0.index == index }) {
            return (resumed, resumed.receipt, true)
        }
        guard let other = candidates.last(where: { !isOwn($0) }) else { return nil }
        var receipt = Receipt()
        receipt.replayed = other.receipt.stored
        receipt.from = other.receipt.from
        receipt.to = other.receipt.to
        return (other, receipt, false)
    }
}
