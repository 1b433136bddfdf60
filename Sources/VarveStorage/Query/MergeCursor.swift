// MergeCursor.swift — many sorted sources of one series as one, with the versions that states of the past need.
//
// Invariants:
// - Output ascends in time, and of one time in commit. Of the versions up to the commit where history begins the highest
//   is given, and all later ones.
// - Memory: one decoded block per source and one output run.

package import VarveModel

package struct MergeCursor {
    private let cursors: [RunCursor]
    private let type: ValueType
    private let history: UInt64
    /// Older versions left out so far.
    package private(set) var dropped: UInt64 = 0
    /// The highest commit of a version that was taken instead of one left out: states before it may lack that one.
    package private(set) var historyFrom: UInt64 = 0

    /// Samples that tombstones hid, so far.
    package var deleted: UInt64 { cursors.reduce(0) { $0 + $1.deleted } }

    /// Merges sources.
    ///
    /// - Parameter history: The oldest commit whose state is kept; at the greatest number no older version is.
    package init(_ cursors: [RunCursor], type: ValueType, history: UInt64) {
        self.cursors = cursors
        self.type = type
        self.history = history
    }

    /// The next samples, up to `limit`, or nil at the end.
    package mutating func next(limit: Int = Limits.blockSamples) throws -> SampleRun? {
        var output = SampleRunBuilder(type: type, capacity: limit)
        while output.count < limit, output.textBytes < Limits.blockTextBytes / 2 {
            guard let (leader, horizon) = nextSource() else { break }
            guard let run = leader.run else { break }
            let stop = bulkEnd(leader, run, before: horizon, limit: limit - output.count)
            if stop > leader.index {
                output.append(run, leader.index..<stop)
                try leader.advance(to: stop)
            } else {
                try takeVersions(at: run.times[leader.index], into: &output)
            }
        }
        return output.count == 0 ? nil : output.finish()
    }

    /// The source with the earliest sample, and the earliest time any other source has.
    private func nextSource() -> (RunCursor, Int64?)? {
        var leader: RunCursor?
        var leaderTime = Int64.max
        var horizon: Int64?
        for cursor in cursors {
            guard let run = cursor.run else { continue }
            let time = run.times[cursor.index]
            if leader == nil || time < leaderTime {
                if leader != nil { horizon = leaderTime }
                leader = cursor
                leaderTime = time
            } else {
                horizon = min(horizon ?? time, time)
            }
        }
        return leader.map { ($0, horizon) }
    }

    /// The end of the samples that can be copied at once: before the other sources begin, each time once.
    ///
    /// The last sample of a run is never among them: the next block of its source may hold the same time.
    private func bulkEnd(_ cursor: RunCursor, _ run: SampleRun, before horizon: Int64?, limit: Int) -> Int {
        var stop = min(cursor.end - 1, cursor.index + limit)
        if let horizon { stop = min(stop, run.lowerBound(horizon)) }
        return run.times.withUnsafeBufferPointer { times in
            var index = cursor.index
            while index < stop, times[index] != times[index + 1] { index += 1 }
            return index
        }
    }

    private mutating func takeVersions(at time: Int64, into output: inout SampleRunBuilder) throws {
        var versions: [(run: SampleRun, index: Int, commit: UInt64)] = []
        for cursor in cursors {
            while let run = cursor.run, run.times[cursor.index] == time {
                versions.append((run, cursor.index, run.commits[cursor.index]))
                try cursor.advance(to: cursor.index + 1)
            }
        }
        versions.sort { $0.commit < $1.commit }
        // The last version up to where history begins is what its first state shows.
        let first = (versions.firstIndex { $0.commit > history } ?? versions.count) - 1
        if first > 0 {
            dropped += UInt64(first)
            historyFrom = max(historyFrom, versions[first].commit)
        }
        for version in versions[max(first, 0)...] {
            output.append(version.run, version.index..<version.index + 1)
        }
    }
}
