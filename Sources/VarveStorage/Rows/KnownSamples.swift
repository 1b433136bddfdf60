// KnownSamples.swift — finds the samples that the store shows at the times of some rows, run by run.
//
// Invariants:
// - Of several versions of a time the one with the highest commit is kept.

import VarveModel
import VarveSegment

/// The samples the store shows at the times of some rows.
struct KnownSamples {
    private let times: [Int64]
    private let order: [Int]?
    /// The distinct times of the rows, ascending.
    private var distinct: [Int64] = []
    private var starts: [Int] = []
    private var found: [(run: SampleRun, index: Int)?] = []
    private(set) var foundAny = false

    init(_ times: [Int64], _ order: [Int]?) {
        self.times = times
        self.order = order
        distinct.reserveCapacity(times.count)
        starts.reserveCapacity(times.count + 1)
        for place in times.indices {
            let time = times[order?[place] ?? place]
            if distinct.last != time {
                distinct.append(time)
                starts.append(place)
            }
        }
        starts.append(times.count)
    }

    /// The first and the last time of the rows.
    var span: (first: Int64, last: Int64)? {
        guard let first = distinct.first, let last = distinct.last else { return nil }
        return (first, last)
    }

    /// The span of the rows' times.
    var range: TimeRange {
        guard let first = distinct.first, let last = distinct.last else { return TimeRange(to: .earliest) }
        let end = last == .max ? nil : Timestamp(nanoseconds: last + 1)
        return TimeRange(from: Timestamp(nanoseconds: first), to: end)
    }

    /// Whether a row has a time between two times, both included; otherwise a block of these times need not be read.
    func hasTime(from first: Int64, through last: Int64) -> Bool {
        let index = Self.gallop(distinct, from: 0, to: first)
        return index < distinct.count && distinct[index] <= last
    }

    var isUnique: Bool { distinct.count == times.count }

    /// Whether a row has one of some ascending times.
    ///
    /// The loop has no branch for each time, as times of late data mix at random.
    func containsAny(of times: [Int64]) -> Bool {
        guard let first = distinct.first, let last = times.last else { return false }
        let start = Self.gallop(times, from: 0, to: first)
        let mine = Self.gallop(distinct, from: 0, to: start < times.count ? times[start] : last)
        return distinct.withUnsafeBufferPointer { ours in
            times.withUnsafeBufferPointer { theirs in
                var (left, right) = (mine, start)
                var found = false
                while left < ours.count, right < theirs.count {
                    let (our, their) = (ours[left], theirs[right])
                    found = found || our == their
                    left &+= our <= their ? 1 : 0
                    right &+= their <= our ? 1 : 0
                }
                return found
            }
        }
    }

    /// Takes the samples of a run at the times of the rows, where they are newer than those found before.
    mutating func take(newerIn run: SampleRun) {
        guard let first = distinct.first, run.count > 0 else { return }
        var mine = 0
        var theirs = run.lowerBound(first)
        while mine < distinct.count, theirs < run.count {
            if distinct[mine] < run.times[theirs] {
                mine = Self.gallop(distinct, from: mine, to: run.times[theirs])
            } else if run.times[theirs] < distinct[mine] {
                theirs = Self.gallop(run.times, from: theirs, to: distinct[mine])
            } else {
                if found.isEmpty { found = Array(repeating: nil, count: distinct.count) }
                if let known = found[mine], known.run.commits[known.index] > run.commits[theirs] {
                    theirs += 1
                    continue
                }
                found[mine] = (run, theirs)
                foundAny = true
                theirs += 1
            }
        }
    }

    func forEachTime(
        _ body: (LazyMapSequence<Range<Int>, Int>, (run: SampleRun, index: Int)?) throws -> Void
    ) rethrows {
        for index in distinct.indices {
            let positions = (starts[index]..<starts[index + 1]).lazy.map { [order] in order?[$0] ?? $0 }
            try body(positions, found.isEmpty ? nil : found[index])
        }
    }

    /// The first index from `start` on whose time is `time` or later; doubling steps make near hits cheap.
    private static func gallop(_ times: [Int64], from start: Int, to time: Int64) -> Int {
        var step = 1
        var low = start
        while low + step < times.count, times[low + step] < time {
            low += step
            step *= 2
        }
        var high = min(low + step, times.count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension StoreView {
    /// Finds the samples of a series at the times of some rows.
    ///
    /// Cost: reads and decodes the blocks with these times.
    ///
    /// - Throws: `StorageError`; `FileError`.
    func collectSamples(of series: SeriesID, type: ValueType, into known: inout KnownSamples) throws {
        for segment in segments(in: known.range) {
            for entry in try segment.blocks(of: series, in: known.range)
            where known.hasTime(from: entry.firstTime, through: entry.lastTime) {
                // Mostly the block has none of these times; then its values are not decoded.
                if entry.statistics != nil,
                    !known.containsAny(of: try segment.read(entry, type: type, columns: .times).times)
                {
                    continue
                }
                let run = try segment.read(entry, type: type)
                known.take(newerIn: run.without(tombstones(of: series, in: entry), commit: nil))
            }
        }
        guard let span = known.span else { return }
        let rows = memtable.rows(of: series, first: span.first, last: span.last, upTo: commit)
        for run in rows.runs { known.take(newerIn: run) }
    }
}
