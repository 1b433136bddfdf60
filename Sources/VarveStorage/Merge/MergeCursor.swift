// MergeCursor.swift — merges sorted sources of one series, and keeps the versions that states of the past need.
//
// The order is found first, from times alone. Then each column is collected source by source (MergedRun). The sources
// are in a heap by their current times, so a sample costs the logarithm of the number of sources even where all of them
// mix.
//
// Invariants:
// - Output ascends by (time, commit). Of each time it has all versions later than the commit where history begins, and
//   the highest of the others.
// - Memory: one decoded block for each source, and one output run.

import VarveModel
import VarveSegment

struct MergeCursor {
    /// A source and its current run.
    private struct Source {
        var cursor: RunCursor
        var run: SampleRun
        var index: Int
        var end: Int
        /// The run's place in the current output; nil if it has none yet.
        var place: Int?

        /// The current time of the source.
        var time: Int64 { run.times[index] }

        init(_ cursor: RunCursor, _ run: SampleRun, _ range: Range<Int>) {
            self.cursor = cursor
            self.run = run
            (index, end) = (range.lowerBound, range.upperBound)
        }

        /// Moves to another index, or to the next run; false at the end of the source.
        mutating func advance(to newIndex: Int) throws -> Bool {
            index = newIndex
            guard index >= end else { return true }
            guard let (run, range) = try cursor.next() else { return false }
            self.run = run
            (index, end) = (range.lowerBound, range.upperBound)
            place = nil
            return true
        }
    }

    private var sources: [Source] = []
    private var heap = TimeHeap()
    private let type: ValueType
    private let history: UInt64
    private var deletedByEmpty: UInt64 = 0
    /// The number of older versions left out so far.
    private(set) var dropped: UInt64 = 0
    /// The highest commit of a version that was kept in place of one left out; states before it may lack the latter.
    private(set) var historyFrom: UInt64 = 0

    /// The number of samples that tombstones hid so far.
    var deleted: UInt64 { sources.reduce(0) { $0 + $1.cursor.deleted } + deletedByEmpty }

    /// Begins a merge.
    ///
    /// - Parameter history: The oldest commit whose state is kept; with `UInt64.max` no older version is kept.
    /// - Throws: What reading the first blocks throws.
    init(_ cursors: [RunCursor], type: ValueType, history: UInt64) throws {
        self.type = type
        self.history = history
        for cursor in cursors {
            var cursor = cursor
            guard let (run, range) = try cursor.next() else {
                deletedByEmpty += cursor.deleted
                continue
            }
            heap.insert(run.times[range.lowerBound], source: sources.count)
            sources.append(Source(cursor, run, range))
        }
    }

    /// The next samples, up to `limit` and a few versions of the last time; nil at the end.
    ///
    /// - Throws: What reading blocks throws.
    mutating func next(limit: Int = FormatLimits.blockSamples) throws -> SampleRun? {
        for index in sources.indices { sources[index].place = nil }
        var output = MergedRun(type: type, capacity: limit)
        while output.count < limit, output.textBytes < FormatLimits.blockTextBytes / 2,
            let leader = heap.first
        {
            let stop = bulkEnd(sources[leader], before: heap.second, limit: limit - output.count)
            if stop > sources[leader].index {
                takeSingles(from: leader, upTo: stop, into: &output)
                try advance(leader, to: stop)
            } else {
                try takeVersions(at: sources[leader].time, into: &output)
            }
        }
        return output.count == 0 ? nil : output.finish()
    }

    /// The end of the samples that can be taken at once: before the other sources begin, and with each time once.
    ///
    /// The last sample of a run is never included, as the next block of its source may have the same time.
    private func bulkEnd(_ source: Source, before horizon: Int64?, limit: Int) -> Int {
        let stop = min(source.end - 1, source.index + limit)
        return source.run.times.withUnsafeBufferPointer { times in
            var index = source.index
            let horizon = horizon ?? .max
            // Without another source `horizon` is the latest possible time. Samples at that time are left to
            // `takeVersions`.
            while index < stop, times[index] < horizon, times[index] != times[index + 1] { index += 1 }
            return index
        }
    }

    /// Appends samples of a source whose times no other source has.
    private mutating func takeSingles(from source: Int, upTo stop: Int, into output: inout MergedRun) {
        let place = sources[source].place ?? output.add(sources[source].run)
        sources[source].place = place
        output.append(place, sources[source].index..<stop)
    }

    /// Moves the source with the earliest time to another index.
    private mutating func advance(_ source: Int, to index: Int) throws {
        if try sources[source].advance(to: index) {
            heap.replaceFirst(sources[source].time)
        } else {
            heap.removeFirst()
        }
    }

    private mutating func takeVersions(at time: Int64, into output: inout MergedRun) throws {
        var versions: [(place: Int, index: Int, commit: UInt64)] = []
        while let leader = heap.first, sources[leader].time == time {
            let source = sources[leader]
            let place = source.place ?? output.add(source.run)
            sources[leader].place = place
            versions.append((place, source.index, source.run.commits[source.index]))
            try advance(leader, to: source.index + 1)
        }
        if versions.count > 1 { versions.sort { $0.commit < $1.commit } }
        // The last version up to the commit where history begins is the one that the first kept state shows.
        let first = (versions.firstIndex { $0.commit > history } ?? versions.count) - 1
        if first > 0 {
            dropped += UInt64(first)
            historyFrom = max(historyFrom, versions[first].commit)
        }
        for version in versions[max(first, 0)...] {
            output.append(version.place, version.index..<version.index + 1)
        }
    }
}
