// ManifestChange.swift — the files and the manifest of one commit, in the order that durability needs.
//
// Invariants:
// - Every file is durable before the manifest that names it.
// - A change that fails before its manifest is given up without a trace; one that fails while the manifest is
//   created leaves the outcome open, so the store stops taking writes until it is opened again.

import VarveCodec
import VarveFile
import VarveModel

struct ManifestChange {
    private let store: Store
    private let state: WriterState
    private var created: [String] = []
    private var flushedSeries: Int

    init(_ store: Store, _ state: WriterState) {
        self.store = store
        self.state = state
        flushedSeries = state.flushedSeries
    }

    /// Writes the series that no dictionary file has yet; folds the files when there are many.
    mutating func addSeries(to manifest: inout Manifest) throws {
        let fold = manifest.dictionary.count >= Limits.sealedParts
        let first = fold ? 0 : flushedSeries
        let entries = store.dictionary.entries(from: first)
        guard flushedSeries < store.dictionary.count else { return }
        var writer = ByteWriter(capacity: entries.count * 48)
        DictionaryFile.write(first: first, entries, to: &writer)
        let part = try write(.dictionary, .dictionary, writer.bytes, count: entries.count)
        if fold { manifest.dictionary = [] }
        manifest.dictionary.append(part)
        flushedSeries = store.dictionary.count
    }

    /// Writes the records of the commit's batches; folds the files when there are many.
    mutating func addReceipts(_ records: [BatchRecord], to manifest: inout Manifest) throws {
        guard !records.isEmpty else { return }
        var all = records
        if manifest.receipts.count >= Limits.sealedParts {
            all =
                try manifest.receipts.flatMap { try Recovery.receipts($0, store.files, store.directory) }
                + all
            manifest.receipts = []
        }
        manifest.receipts.append(
            try write(.receipts, .receipts, BatchRecord.encodeFile(all), count: all.count))
    }

    /// Creates the manifest: the commit itself.
    mutating func commit(_ manifest: inout Manifest) throws {
        manifest.number += 1
        manifest.previousChecksum = state.manifestChecksum
        manifest.writtenAt = store.options.now()
        do {
            state.manifestChecksum = try ManifestLog.commit(manifest, store.files, store.directory)
        } catch {
            if mayExist(manifest.number) { state.failure = "\(error)" }
            throw error
        }
        state.flushedSeries = flushedSeries
        ManifestLog.removeOld(before: manifest.number, store.files, store.directory)
    }

    /// Removes the files of a change that did not happen.
    func discard() {
        guard state.failure == nil else { return }
        for name in created { try? store.files.remove(store.directory.absolute(name)) }
    }

    /// Whether the manifest is there although its creation failed; not knowing counts as yes.
    private func mayExist(_ number: UInt64) -> Bool {
        do {
            return try store.files.kind(store.directory.absolute(DataDirectory.manifest(number))) != nil
        } catch {
            return true
        }
    }

    private mutating func write(
        _ role: FileRole, _ kind: SealedFile.Kind, _ payload: [UInt8], count: Int
    ) throws -> PartReference {
        guard payload.count <= Limits.sealedFileBytes else {
            throw StorageError.invalidBatch("the \(role.rawValue) of the store have outgrown one file")
        }
        let id = FileID.random()
        let name = DataDirectory.immutable(id, role)
        let bytes = SealedFile.encode(kind, payload: payload)
        guard try store.files.createIfAbsent(store.directory.absolute(name), bytes) else {
            throw StorageError.needsReopen("\(name) exists already")
        }
        created.append(name)
        return PartReference(
            id: id, byteCount: UInt64(bytes.count), checksum: SealedFile.checksum(of: bytes),
            count: UInt64(count))
    }
}
