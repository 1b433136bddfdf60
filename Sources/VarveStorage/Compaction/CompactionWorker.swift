// CompactionWorker.swift — carries out one plan: merge, verify, commit, remove what was merged.
//
// Invariants:
// - Commits and reads go on meanwhile; only the exchange of the files is under the writer's lock.
// - What a query answers is the same before and after: per time the highest commit of the inputs is kept.
// - Nothing is committed before the written files were read back: every block decodes, is in order, and samples in
//   equal samples out plus older versions dropped.
// - Memory: one decoded block per input, one output block, and the index entries of the output.

import VarveCodec
import VarveFile
import VarveModel

struct CompactionWorker {
    private let store: Store
    private let plan: CompactionPlan
    private let inputs: [SegmentReader]

    /// What a merge did.
    struct Outcome {
        var samplesIn: UInt64 = 0
        var samplesOut: UInt64 = 0
        var dropped: UInt64 = 0
        var bytesIn: UInt64 = 0
        var bytesOut: UInt64 = 0
    }

    /// Binds a plan to the open segments of a view; nil if the view does not have them all.
    init?(_ store: Store, _ plan: CompactionPlan, _ view: StoreView) {
        self.store = store
        self.plan = plan
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
            guard outcome.samplesIn == outcome.samplesOut + outcome.dropped else {
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
                progress(written + outcome.dropped, outcome.samplesIn)
                if target.byteCount > Limits.segmentBytes {
                    outputs.append(try seal(target))
                    writer = nil
                }
            }
            if let last = writer { outputs.append(try seal(last)) }
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
            return blocks.isEmpty ? nil : try RunCursor(input, blocks, type: type, first: .min, last: .max)
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
            manifest.segments.append(contentsOf: outputs)
            var change = ManifestChange(store, state)
            try change.commit(&manifest)
            view.manifest = manifest
            view.segments.removeAll { merged.contains($0.reference.id) }
            view.segments.append(contentsOf: readers)
        }
    }
}
