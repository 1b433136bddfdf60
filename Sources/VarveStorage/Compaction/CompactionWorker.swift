// CompactionWorker.swift — carries out one plan: merge, verify, commit, remove what was merged.
//
// Invariants:
// - Commits and reads go on meanwhile; only the exchange of the files is under the writer's lock.
// - What a query answers is the same before and after: per time the highest commit of the inputs is kept, unless a
//   tombstone hides it.
// - Nothing is committed before the written files were read back: every block decodes, is in order, and samples in
//   equal samples out plus older versions and deleted samples dropped.
// - A tombstone counts as erased only if it was applied to all inputs and no other segment has what it hides.
// - Memory: one decoded block per input, one output block, and the index entries of the output.

import VarveCodec
import VarveFile
import VarveModel

struct CompactionWorker {
    private let store: Store
    private let plan: CompactionPlan
    private let inputs: [SegmentReader]
    private let tombstones: [Tombstone]
    private let hidden: Tombstones

    /// What a merge did.
    struct Outcome {
        var samplesIn: UInt64 = 0
        var samplesOut: UInt64 = 0
        var dropped: UInt64 = 0
        var deleted: UInt64 = 0
        var bytesIn: UInt64 = 0
        var bytesOut: UInt64 = 0
    }

    /// Binds a plan to the open segments of a view; nil if the view does not have them all.
    init?(_ store: Store, _ plan: CompactionPlan, _ view: StoreView) {
        self.store = store
        self.plan = plan
        tombstones = view.manifest.tombstones.filter { !$0.isErased }
        hidden = view.tombstones
        let wanted = Set(plan.inputs.map(\.id))
        inputs = view.segments.filter { wanted.contains($0.reference.id) }
        guard inputs.count == plan.inputs.count else { return nil }
    }

    func run(_ progress: (UInt64, UInt64) -> Void) throws -> Outcome {
        var outcome = Outcome()
        outcome.samplesIn = inputs.reduce(0) { $0 + $1.reference.summary.samples }
        outcome.bytesIn = inputs.reduce(0) { $0 + $1.reference.byteCount }
        var outputs: [SegmentReference] = []
        do {
            try merge(&outputs, &outcome, progress)
            outcome.bytesOut = outputs.reduce(0) { $0 + $1.byteCount }
            let readers = outputs.map { SegmentReader(store.library, $0) }
            for reader in readers { outcome.samplesOut += try check(reader) }
            guard outcome.samplesIn == outcome.samplesOut + outcome.dropped + outcome.deleted else {
                throw StorageError.needsReopen(
                    "compaction read \(outcome.samplesIn) samples and wrote \(outcome.samplesOut)")
            }
            try commit(outputs, readers)
        } catch {
            // After a commit of unknown outcome the newest manifest may name the outputs.
            guard !store.needsReopen else { throw error }
            for output in outputs {
                let name = DataDirectory.immutable(output.id, .segment)
                try? store.files.remove(store.directory.absolute(name))
            }
            throw error
        }
        // Their files go when no snapshot has them any more.
        for input in inputs { input.retire() }
        return outcome
    }

    private func merge(
        _ outputs: inout [SegmentReference], _ outcome: inout Outcome, _ progress: (UInt64, UInt64) -> Void
    ) throws {
        var writer: SegmentWriter?
        var written: UInt64 = 0
        var sealed: UInt64 = 0
        do {
            for series in try seriesIDs() {
                guard let type = store.dictionary.type(series) else {
                    throw StorageError.invalidBatch("a segment has series \(series), which has no name")
                }
                let target =
                    try writer ?? SegmentWriter(store.files, store.directory, effort: .thorough)
                writer = target
                var merge = MergeCursor(try cursors(series, type), type: type)
                written += try target.append(series: series, type: type) { try merge.next() }
                outcome.dropped += merge.dropped
                outcome.deleted += merge.deleted
                progress(written + outcome.dropped + outcome.deleted, outcome.samplesIn)
                if target.byteCount > Limits.segmentBytes {
                    outputs.append(try seal(target))
                    writer = nil
                    sealed = written
                }
            }
            if let last = writer {
                // Where all was deleted nothing is left to write.
                guard written > sealed else { return last.discard(store.files, store.directory) }
                outputs.append(try seal(last))
            }
        } catch {
            writer?.discard(store.files, store.directory)
            throw error
        }
    }

    private func seal(_ writer: SegmentWriter) throws -> SegmentReference {
        var reference = try writer.seal(store.files, store.directory)
        reference.isCompacted = true
        return reference
    }

    private func seriesIDs() throws -> [SeriesID] {
        var ids = Set<SeriesID>()
        var found: [SeriesID] = []
        for input in inputs {
            for index in try input.top().index.pages.indices {
                found.removeAll(keepingCapacity: true)
                try input.page(index).series(into: &found)
                ids.formUnion(found)
            }
        }
        return ids.sorted()
    }

    private func cursors(_ series: SeriesID, _ type: ValueType) throws -> [RunCursor] {
        try inputs.compactMap { input in
            let blocks = try input.blocks(of: series)
            guard !blocks.isEmpty else { return nil }
            let tombstones = hidden.reaching(series, first: .min, last: .max, lowestCommit: 0)
            return try RunCursor(
                input, blocks, type: type, first: .min, last: .max, without: tombstones)
        }
    }

    /// Reads an output back from disk and returns its samples.
    private func check(_ reader: SegmentReader) throws -> UInt64 {
        var samples: UInt64 = 0
        var before: BlockEntry?
        for index in try reader.top().index.pages.indices {
            for entry in try reader.page(index).entries {
                guard let type = store.dictionary.type(entry.series) else { continue }
                let run = try reader.read(entry, type: type, keeps: false)
                if let before, before.series == entry.series, before.lastTime >= entry.firstTime {
                    throw StorageError.needsReopen("compaction wrote blocks that overlap")
                }
                samples += UInt64(run.count)
                before = entry
            }
        }
        return samples
    }

    private func commit(_ outputs: [SegmentReference], _ readers: [SegmentReader]) throws {
        let merged = Set(plan.inputs.map(\.id))
        try store.change { state, view in
            var manifest = view.manifest
            guard merged.isSubset(of: manifest.segments.map(\.id)) else {
                throw StorageError.overtaken
            }
            manifest.segments.removeAll { merged.contains($0.id) }
            manifest.noteErased(tombstones)
            manifest.segments.append(contentsOf: outputs)
            var change = ManifestChange(store, state)
            try change.commit(&manifest)
            view.manifest = manifest
            view.segments.removeAll { merged.contains($0.reference.id) }
            view.segments.append(contentsOf: readers)
        }
    }
}
