// ManifestChange.swift — the files and the manifest of one commit, in the order that durability needs.
//
// Invariants:
// - Every file is durable before the manifest that names it.
// - A change that fails before its manifest leaves nothing behind.
// - If the creation of the manifest fails and the file may exist, the store takes no more writes until it is opened
//   again.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct ManifestChange {
    private let context: StoreContext
    private let state: WriterState
    private var created: [String] = []
    private var flushedSeries: Int
    private let now: Int64
    /// The messages files of the new manifest, if they changed.
    private var messageFiles: [MessageFile]?
    /// Files that the new manifest no longer names.
    private var replaced: [String] = []

    init(_ context: StoreContext, _ state: WriterState) {
        self.context = context
        self.state = state
        now = context.options.now()
        flushedSeries = state.flushedSeries
    }

    /// Writes the series that no dictionary file has yet; joins the files when there are many.
    ///
    /// - Throws: As `SealedFile.create`.
    mutating func addSeries(to manifest: inout Manifest) throws {
        let fold = manifest.dictionary.count >= Limits.sealedParts
        let first = fold ? 0 : flushedSeries
        let count = context.dictionary.count
        guard flushedSeries < count else { return }
        var writer = ByteWriter(capacity: (count - first) * 48)
        context.dictionary.write(from: first, to: &writer)
        let part = try SealedFile.create(
            .dictionary, .dictionary, writer.bytes, count: count - first, in: context.folder)
        created.append(StoreFolder.immutable(part.id, .dictionary))
        if fold {
            replaced += manifest.dictionary.map { StoreFolder.immutable($0.id, .dictionary) }
            manifest.dictionary = []
        }
        manifest.dictionary.append(part)
        flushedSeries = count
    }

    /// Writes the records of the commit's batches; joins the files when there are many.
    ///
    /// - Parameters:
    ///   - records: Records of batches of imports.
    ///   - withoutMessages: Whether to join the files and leave out messages, which version 1 kept there; this change
    ///     must put them in a messages file.
    ///   - manifest: The manifest of this change.
    /// - Throws: As `SealedFile.create` and `ReceiptsFile.read`.
    mutating func addReceipts(
        _ records: [BatchRecord], withoutMessages: Bool = false, to manifest: inout Manifest
    ) throws {
        guard !records.isEmpty || withoutMessages else { return }
        var all = records
        if manifest.receipts.count >= Limits.sealedParts || withoutMessages {
            let before = try manifest.receipts.flatMap { try ReceiptsFile.read($0, in: context.folder) }
            all = before.filter { !(withoutMessages && $0.isMessage) } + all
            replaced += manifest.receipts.map { StoreFolder.immutable($0.id, .receipts) }
            manifest.receipts = []
        }
        guard !all.isEmpty else { return }
        let part = try ReceiptsFile.create(all, in: context.folder)
        created.append(StoreFolder.immutable(part.id, .receipts))
        manifest.receipts.append(part)
    }

    /// Writes messages to a new file together with those of small files, and drops files that are too old.
    ///
    /// - Throws: `StorageError`; `FileError`.
    mutating func addMessages(_ entries: [MessageEntry], to manifest: inout Manifest) throws {
        let clock = manifest.messageClock(at: now)
        let horizon = context.options.messageHorizon
        var gone = manifest.messages.filter {
            MessageMerge.isExpired($0, clock: clock, horizon: horizon)
        }
        var kept = manifest.messages.filter { !gone.contains($0) }
        if !entries.isEmpty {
            let small = kept.filter { $0.count < UInt64(MessageMerge.absorbedEntries) }
            let inputs = try small.map { try MessageFile(context.folder, $0) }
            let file = try MessageMerge.write(
                inputs, and: entries, clock: clock, context.folder)
            created.append(StoreFolder.immutable(file.id, .messages))
            gone += small
            kept = kept.filter { !small.contains($0) } + [file]
        }
        guard kept != manifest.messages else { return }
        try setMessages(kept, insteadOf: gone, in: &manifest)
    }

    /// Replaces messages files in the manifest by the file that they were merged to.
    ///
    /// - Throws: `StorageError.damaged` and `FileError` if a file cannot be opened; the manifest is unchanged then.
    mutating func replaceMessages(
        _ inputs: [MessageReference], by output: MessageReference, in manifest: inout Manifest
    ) throws {
        let kept = manifest.messages.filter { !inputs.contains($0) } + [output]
        try setMessages(kept, insteadOf: inputs, in: &manifest)
    }

    /// Makes the manifest name these messages files and no longer those that are gone.
    private mutating func setMessages(
        _ references: [MessageReference], insteadOf gone: [MessageReference], in manifest: inout Manifest
    ) throws {
        let open = Dictionary(uniqueKeysWithValues: state.messages.files.map { ($0.header.id, $0) })
        messageFiles = try references.map {
            try open[$0.id] ?? MessageFile(context.folder, $0)
        }
        replaced += gone.map { StoreFolder.immutable($0.id, .messages) }
        manifest.messages = references
    }

    /// Creates the manifest, which is the commit; then removes files that it no longer names.
    ///
    /// Durability: the change is on disk when this returns.
    ///
    /// - Throws: As `ManifestLog.commit`.
    mutating func commit(_ manifest: inout Manifest) throws {
        manifest.number += 1
        manifest.previousChecksum = state.manifestChecksum
        manifest.messageClock = manifest.messageClock(at: now)
        manifest.writtenAt = now
        manifest.commitTimes = manifest.commitTimes.joined(now: now)
        do {
            state.manifestChecksum = try ManifestLog.commit(manifest, context.folder)
        } catch {
            if mayExist(manifest.number) { state.failure = "\(error)" }
            throw error
        }
        state.flushedSeries = flushedSeries
        if let messageFiles { state.messages.replaceFiles(with: messageFiles) }
        for name in replaced { try? context.folder.remove(name) }
        ManifestLog.removeOld(before: manifest.number, context.folder)
    }

    /// Removes the files of a change that failed before its commit.
    func discard() {
        guard state.failure == nil else { return }
        for name in created { try? context.folder.remove(name) }
    }

    /// Whether the manifest may exist although its creation failed.
    private func mayExist(_ number: UInt64) -> Bool {
        do {
            return try context.folder.kind(StoreFolder.manifest(number)) != nil
        } catch {
            return true
        }
    }
}
