// Flush.swift — writes the memtable as a segment and removes the WAL files with its commits.
//
// Invariants:
// - The manifest that names the new segment also raises `firstWAL`, so a commit is either in a segment or in the WAL.
// - WAL files are removed only after that manifest is durable.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct Flush {
    private let context: StoreContext
    private let state: WriterState

    init(_ context: StoreContext, _ state: WriterState) {
        self.context = context
        self.state = state
    }

    /// Writes the memtable of the view as a segment, unless it is empty.
    ///
    /// Durability: the commits were durable before, and are durable in the segment when this returns.
    ///
    /// - Throws: `StorageError`; `FileError`.
    func run(_ view: inout StoreView) throws {
        guard !view.memtable.isEmpty else { return }
        let records = view.memtable.records
        let messages = state.messages.recent.map { MessageEntry(hash: $0.key, commit: $0.value) }
        try state.sealWAL()
        var change = ManifestChange(context, state)
        var segment: SegmentWriter?
        do {
            var manifest = view.manifest
            manifest.commit = view.commit
            manifest.samples = view.samples
            manifest.firstWAL = state.nextWALFile
            manifest.commitTimes = view.commitTimes
            segment = try write(view, &manifest)
            let reference = try segment?.seal()
            if let reference { manifest.addNew(reference) }
            try change.addSeries(to: &manifest)
            try change.addReceipts(
                records, withoutMessages: state.messages.hasReceipts, to: &manifest)
            try change.addMessages(messages, to: &manifest)
            let reader = reference.map { SegmentReader(context.library, $0) }
            // The written segment must be readable before it is committed.
            _ = try reader?.top()
            try change.commit(&manifest)
            view.manifest = manifest
            // In the manifest old entries are joined, so that the list stays short.
            view.commitTimes = manifest.commitTimes
            if let reader { view.segments.append(reader) }
            view.clearMemtable()
            state.messages.forgetRecent()
        } catch {
            change.discard()
            if state.failure == nil { segment?.discard() }
            throw error
        }
        for number in state.walFiles {
            try? context.folder.remove(StoreFolder.wal(number, sealed: true))
        }
        state.walFiles = []
    }

    /// Writes the rows to a segment that is not yet sealed; nil if the memtable has records but no rows.
    private func write(_ view: StoreView, _ manifest: inout Manifest) throws -> SegmentWriter? {
        let memtable = view.memtable
        let series = memtable.series
        guard !series.isEmpty else { return nil }
        let history = context.historyCommit(view)
        let segment = try SegmentWriter(context.folder, effort: .standard)
        do {
            for series in series {
                guard let type = context.dictionary.type(series) else { continue }
                let rows = memtable.rows(of: series, upTo: .max)
                let cursors = RunCursor.all(rows, type: type, first: .min, last: .max)
                var merge = try MergeCursor(cursors, type: type, history: history)
                _ = try segment.append(series: series, type: type) { try merge.next() }
                manifest.historyFrom = max(manifest.historyFrom, merge.historyFrom)
            }
        } catch {
            segment.discard()
            throw error
        }
        return segment
    }
}
