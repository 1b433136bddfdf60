// RetypingWorker.swift — carries out a change of a point's type: converts, verifies, commits.
//
// The converted samples go to separate segments, under new ids, as a merge would write them. Then one manifest names
// these segments, the new ids in the dictionary, and the old ids that they replace.
//
// Invariants:
// - The memtable is empty, because a flush came before, under the same lock.
// - Nothing is committed before the written files are read back.
// - A change that is refused or fails leaves no file, unless the outcome of its commit is unknown.
// - Memory: one decoded block of each overlapping segment, and the memory of a merge's outputs.

import VarveCodec
import VarveFile
import VarveModel
import VarveSegment

struct RetypingWorker {
    private let context: StoreContext
    private let state: WriterState
    private let retyping: Retyping
    private let series: [(id: SeriesID, info: SeriesInfo)]
    /// The id of the first new series.
    private let first: SeriesID

    init(
        _ context: StoreContext, _ state: WriterState, _ retyping: Retyping,
        _ series: [(id: SeriesID, info: SeriesInfo)]
    ) {
        self.context = context
        self.state = state
        self.retyping = retyping
        self.series = series
        first = SeriesID(context.dictionary.count)
    }

    /// Converts the series, reads the outputs back and commits them.
    ///
    /// - Throws: `UnfitValues` if values do not fit and are not to be deleted; `StorageError.needsReopen` if the
    ///   outputs lack samples; other `StorageError`; `FileError`; what `progress` throws. The outputs are removed then,
    ///   unless the store must be opened again.
    func run(_ view: inout StoreView, _ progress: (UInt64) throws -> Void) throws -> RetypingReport {
        var report = RetypingReport()
        report.series = series.count
        report.commit = state.nextCommit
        let sources = try sources(view)
        let outputs = MergeOutputs(
            context.folder, cuts: Partitions.cuts(sources.shares), erasedUpTo: state.nextCommit,
            pace: { _ in })
        do {
            try convert(sources.segments, view.tombstones, outputs, &report, progress)
            let readers = outputs.sealed.map { SegmentReader(context.library, $0) }
            let written = try readers.reduce(0) { try $0 + outputs.check($1) { _ in retyping.type } }
            guard written == report.converted + report.missing else {
                throw StorageError.needsReopen(
                    "a change of type kept \(report.converted + report.missing) samples and wrote \(written)")
            }
            try commit(readers, outputs.sealed, touched: Set(sources.shares.map(\.id)), report, &view)
        } catch {
            // After a commit of unknown outcome the newest manifest may name the outputs.
            if state.failure == nil { outputs.discard() }
            throw error
        }
        return report
    }

    /// The segments with blocks of the series, and a reference to each with the size of these blocks alone.
    private func sources(
        _ view: StoreView
    ) throws -> (segments: [SegmentReader], shares: [SegmentReference]) {
        var segments: [SegmentReader] = []
        var shares: [SegmentReference] = []
        for segment in view.segments {
            var share = segment.reference
            share.byteCount = 0
            var isAny = false
            for (id, _) in series {
                for entry in try segment.blocks(of: id) {
                    isAny = true
                    // A short series has only a part of a shared block.
                    share.byteCount += UInt64(min(entry.block.count, entry.count * 16))
                }
            }
            guard isAny else { continue }
            segments.append(segment)
            shares.append(share)
        }
        return (segments, shares)
    }

    private func convert(
        _ segments: [SegmentReader], _ tombstones: Tombstones, _ outputs: MergeOutputs,
        _ report: inout RetypingReport, _ progress: (UInt64) throws -> Void
    ) throws {
        var isRefused = false
        for (number, (id, info)) in series.enumerated() {
            var conversion = SampleConversion(info, retyping)
            if !isRefused { outputs.begin(first + SeriesID(number), retyping.type) }
            let hidden = tombstones.reaching(id, first: .min, last: .max, lowestCommit: 0)
            for group in try OverlappingBlocks.groups(of: id, in: segments) {
                let cursors = OverlappingBlocks.cursors(group, type: info.type, without: hidden)
                var merge = try MergeCursor(cursors, type: info.type, history: .max)
                while let run = try merge.next() {
                    let converted = conversion.convert(run, into: &report)
                    if report.unfit > 0, !retyping.dropsUnfit, !isRefused {
                        // All further samples are only counted.
                        isRefused = true
                        outputs.discard()
                    }
                    if !isRefused, converted.count > 0 { try outputs.append(converted) }
                    try progress(report.samples)
                }
            }
            if !isRefused { try outputs.end() }
        }
        if isRefused { throw UnfitValues(report: report, type: retyping.type) }
        try outputs.finish()
    }

    private func commit(
        _ readers: [SegmentReader], _ outputs: [SegmentReference], touched: Set<FileID>,
        _ report: RetypingReport, _ view: inout StoreView
    ) throws {
        let now = context.options.now()
        let replacement = Replacement(
            commit: state.nextCommit, writtenAt: now, first: first, old: series.map(\.id))
        var change = ManifestChange(context, state)
        do {
            for (_, info) in series {
                _ = try context.dictionary.add(SeriesInfo(key: info.key, type: retyping.type))
            }
            try context.dictionary.replace(replacement)
            var manifest = view.manifest
            // Segments without the series have nothing to erase.
            for index in manifest.segments.indices where !touched.contains(manifest.segments[index].id) {
                if !manifest.hides(samplesOf: manifest.segments[index]) {
                    manifest.segments[index].erasedUpTo = state.nextCommit
                }
            }
            manifest.replace([], by: outputs)
            manifest.replacements.append(replacement)
            manifest.samples -= min(manifest.samples, report.skipped + report.unfit)
            manifest.commit = state.nextCommit
            manifest.commitTimes = view.commitTimes
            manifest.commitTimes.note(state.nextCommit, at: now)
            try change.addSeries(to: &manifest)
            try change.commit(&manifest)
            view.manifest = manifest
            view.commitTimes = manifest.commitTimes
        } catch {
            change.discard()
            context.dictionary.removeAll(from: Int(first))
            throw error
        }
        view.segments.append(contentsOf: readers)
        view.seriesCount = context.dictionary.count
        view.commit = state.nextCommit
        state.nextCommit += 1
    }
}
