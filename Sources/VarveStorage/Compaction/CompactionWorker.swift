// CompactionWorker.swift — carries out one plan: merges, verifies, commits, retires the inputs.
//
// Invariants:
// - Commits and reads go on meanwhile. Only the exchange of the files is under the writer's lock, and a thread of low
//   priority never takes that lock.
// - Queries give the same answers before and after, in the newest state and in all states that history keeps: the
//   versions that they need are kept, unless a tombstone hides them.
// - Nothing is committed before the written files are read back. Every block that was not copied must decode, blocks
//   must be in order, and the samples read must equal the samples written plus the older versions and deleted samples
//   dropped.
// - A tombstone counts as erased only when all segments that may have what it hides were merged since.
// - Memory: one decoded block for each input, one output block for each partition, and the index entries of the
//   outputs.

import VarveCodec
import VarveFile
import VarveModel
import VarvePlatform
import VarveSegment

struct CompactionWorker {
    private let store: Store
    private let plan: CompactionPlan
    private let inputs: [SegmentReader]
    private let hidden: Tombstones
    private let history: UInt64
    private let outputs: MergeOutputs
    private let pace: MergePacing

    /// The counts of a merge.
    struct Outcome {
        var samplesIn: UInt64 = 0
        var samplesOut: UInt64 = 0
        var dropped: UInt64 = 0
        var kept: UInt64 = 0
        var deleted: UInt64 = 0
        var bytesIn: UInt64 = 0
        var bytesOut: UInt64 = 0
        /// The oldest commit whose state needs no dropped version.
        var historyFrom: UInt64 = 0
    }

    /// Binds a plan to the open segments of a view; nil if the view does not have them all.
    init?(
        _ store: Store, _ plan: CompactionPlan, _ view: StoreView, _ pace: @escaping MergePacing = { _ in }
    ) {
        self.store = store
        self.pace = pace
        self.plan = plan
        hidden = view.tombstones
        history = store.context.historyCommit(view)
        outputs = MergeOutputs(
            store.context.folder, cuts: plan.cuts, erasedUpTo: view.manifest.commit, pace: pace)
        let wanted = Set(plan.inputs.map(\.id))
        inputs = view.segments.filter { wanted.contains($0.reference.id) }
        guard inputs.count == plan.inputs.count else { return nil }
    }

    /// Merges the inputs, reads the outputs back and commits them.
    ///
    /// - Parameters:
    ///   - priority: How much of a busy processor the merge gets. The commit, which is under the writer's lock, always
    ///     has the usual priority.
    ///   - progress: Called from time to time with the samples done and the samples in all.
    /// - Throws: `StorageError.needsReopen` if the outputs lack samples; `StorageError.overtaken` if another merge was
    ///   faster; other `StorageError`; `FileError`; what pacing throws. The outputs are removed then, unless the store
    ///   must be opened again.
    func run(priority: ThreadPriority = .usual, _ progress: (UInt64, UInt64) -> Void) throws -> Outcome {
        let outcome: Outcome
        do {
            let (merged, readers) = try withPriority(priority) { try mergeAndCheck(progress) }
            outcome = merged
            try commit(readers, outcome)
        } catch {
            // After a commit of unknown outcome the newest manifest may name the outputs.
            if !store.needsReopen { outputs.discard() }
            throw error
        }
        // The files are removed when no snapshot uses them any more.
        for input in inputs { input.retire() }
        return outcome
    }

    /// Writes the outputs and reads them back.
    private func mergeAndCheck(
        _ progress: (UInt64, UInt64) -> Void
    ) throws -> (outcome: Outcome, readers: [SegmentReader]) {
        var outcome = Outcome()
        outcome.samplesIn = inputs.reduce(0) { $0 + $1.reference.summary.samples }
        outcome.bytesIn = inputs.reduce(0) { $0 + $1.reference.byteCount }
        try merge(&outcome, progress)
        outcome.bytesOut = outputs.sealed.reduce(0) { $0 + $1.byteCount }
        outcome.kept = outputs.sealed.reduce(0) { $0 + $1.olderVersions }
        let readers = outputs.sealed.map { SegmentReader(store.context.library, $0) }
        for reader in readers {
            outcome.samplesOut += try outputs.check(reader, store.context.dictionary.type)
        }
        guard outcome.samplesIn == outcome.samplesOut + outcome.dropped + outcome.deleted else {
            throw StorageError.needsReopen(
                "compaction read \(outcome.samplesIn) samples and wrote \(outcome.samplesOut)")
        }
        return (outcome, readers)
    }

    private func merge(_ outcome: inout Outcome, _ progress: (UInt64, UInt64) -> Void) throws {
        for series in try seriesIDs() {
            guard let type = store.context.dictionary.type(series) else {
                throw StorageError.invalidBatch("a segment has series \(series), which has no name")
            }
            var merge = SeriesMerge(series, type, hidden: hidden, history: history)
            outputs.begin(series, type)
            try merge.run(inputs, into: outputs)
            try outputs.end()
            outcome.dropped += merge.dropped
            outcome.deleted += merge.deleted
            outcome.historyFrom = max(outcome.historyFrom, merge.historyFrom)
            progress(outputs.samples + outcome.dropped + outcome.deleted, outcome.samplesIn)
        }
        try outputs.finish()
    }

    private func seriesIDs() throws -> [SeriesID] {
        var ids = Set<SeriesID>()
        for input in inputs { ids.formUnion(try input.series()) }
        return ids.sorted()
    }

    private func commit(_ readers: [SegmentReader], _ outcome: Outcome) throws {
        let merged = Set(plan.inputs.map(\.id))
        try store.change { state, view in
            var manifest = view.manifest
            guard merged.isSubset(of: manifest.segments.map(\.id)) else {
                throw StorageError.overtaken
            }
            manifest.replace(merged, by: outputs.sealed)
            manifest.noteErased()
            manifest.historyFrom = max(manifest.historyFrom, outcome.historyFrom)
            var change = ManifestChange(store.context, state)
            try change.commit(&manifest)
            view.manifest = manifest
            view.segments.removeAll { merged.contains($0.reference.id) }
            view.segments.append(contentsOf: readers)
        }
    }
}
