// MergeCursor.swift — many sorted sources of one series as one, with the versions that states of the past need.
//
// The order is found first, from times alone; then each column is gathered source by source (MergedRun). The sources stand
// in a heap by the time each is at, so a sample costs the logarithm of the sources even where all of them mix.
//
// Invariants:
// - Output ascends in time, and of one time in commit. Of the versions up to the commit where history begins the highest
//   is given, and all later ones.
// - Memory: one decoded block per source and one output run.

import VarveModel
import VarveSegment

struct MergeCursor {
    /// A source and the run it is in.
    private struct Source {
        var cursor: RunCursor
        var run: SampleRun
        var index: Int
        var end: Int
        /// The run's place in the output that is being made; nil if it has none yet.
        var place: Int?

        /// The time it is at.
        var time: Int64 { run.times[index] }

        init(_ cursor: RunCursor, _ run: SampleRun, _ range: Range<Int>) {
            self.cursor = cursor
            self.run = run
            (index, end) = (range.lowerBound, range.upperBound)
        }

        /// Moves on; false at the end.
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
    /// Older versions left out so far.
    private(set) var dropped: UInt64 = 0
    /// The highest commit of a version that was taken instead of one left out: states before it may lack that one.
    private(set) var historyFrom: UInt64 = 0

    /// Samples that tombstones hid, so far.
    var deleted: UInt64 { sources.reduce(0) { $0 + $1.cursor.deleted } + deletedByEmpty }

    /// Merges sources.
    ///
    /// - Parameter history: The oldest commit whose state is kept; at the greatest number no older version is.
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

    /// The next samples, up to `limit` and a few versions of the last time, or nil at the end.
    mutating func next(limit: Int = FormatLimits.blockSamples) throws -> SampleRun? {
        for index in sources.indices { sources[index].place = nil }
        var output = MergedRun(type: type, capacity: limit)
        while output.count < limit, output.textBytes < FormatLimits.blockTextBytes / 2,
            let leader = heap.first
        {
            let stop = bulkEnd(sources[leader], before: heap.second, limit: limit - output.count)
            if stop > sources[leader].index {
                take(leader, stop, into: &output)
                try advance(leader, to: stop)
            } else {
                try takeVersions(at: sources[leader].time, into: &output)
            }
        }
        return output.count == 0 ? nil : output.finish()
    }

    /// The end of the samples that can be taken at once: before the other sources begin, each time once.
    ///
    /// The last sample of a run is never among them: the next block of its source may hold the same time.
    private func bulkEnd(_ source: Source, before horizon: Int64?, limit: Int) -> Int {
        let stop = min(source.end - 1, source.index + limit)
        return source.run.times.withUnsafeBufferPointer { times in
            var index = source.index
            let horizon = horizon ?? .max
            // Nothing is at or behind the latest time there is but what has that very time.
            while index < stop, times[index] < horizon, times[index] != times[index + 1] { index += 1 }
            return index
        }
    }

    private mutating func take(_ source: Int, _ stop: Int, into output: inout MergedRun) {
        let place = sources[source].place ?? output.add(sources[source].run)
        sources[source].place = place
        output.append(place, sources[source].index..<stop)
    }

    /// Moves the source with the earliest time on.
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
        // The last version up to where history begins is what its first state shows.
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
