// MergeCursor.swift — many sorted sources of one series as one: each time once, its newest version.
//
// Invariants:
// - Output is strictly ascending in time; of several versions of a time the highest commit is given.
// - Memory: one decoded block per source and one output run.

package import VarveModel

package struct MergeCursor {
    private let cursors: [RunCursor]
    private let type: ValueType
    /// Older versions left out so far.
    package private(set) var dropped: UInt64 = 0

    /// Samples that tombstones hid, so far.
    package var deleted: UInt64 { cursors.reduce(0) { $0 + $1.deleted } }

    package init(_ cursors: [RunCursor], type: ValueType) {
        self.cursors = cursors
        self.type = type
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
                try takeNewest(at: run.times[leader.index], into: &output)
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

    private mutating func takeNewest(at time: Int64, into output: inout SampleRunBuilder) throws {
        var newest: (run: SampleRun, index: Int)?
        var versions: UInt64 = 0
        for cursor in cursors {
            while let run = cursor.run, run.times[cursor.index] == time {
                if newest.map({ $0.run.commits[$0.index] < run.commits[cursor.index] }) ?? true {
                    newest = (run, cursor.index)
                }
                versions += 1
                try cursor.advance(to: cursor.index + 1)
            }
        }
        dropped += versions - 1
        if let newest { output.append(newest.run, newest.index..<newest.index + 1) }
    }
}
