// RowResolver.swift — decides what each row of a series does: accepted, identical, corrected, superseded.
//
// Rows are taken in arrival order against what the store shows at their times; the rules are those of
// promise G2 in <doc:Guarantees>. What is left to store is one sample per time at most.
//
// Invariants:
// - Pure: reads the store through `existing`, changes nothing.
// - The four counts add up to the rows.
// - A row is only stored if it differs from what the store shows, so nothing is ever stored twice.

package import VarveModel

package struct RowResolver {
    package private(set) var receipt = Receipt()
    /// The samples to store, in time order; empty if there are none.
    package private(set) var stored: SampleColumns

    /// Decides about the rows of one series.
    ///
    /// - Parameters:
    ///   - rows: The rows in arrival order.
    ///   - existing: Shows every run that may hold samples at the rows' times, in any order.
    package init(_ rows: SeriesRows, existing: (inout KnownSamples) throws -> Void) throws {
        stored = SampleColumns(type: rows.type)
        let columns = rows.columns
        guard columns.count > 0 else { return }
        let order = Self.timeOrder(columns.times)
        let first = columns.times[order?.first ?? 0]
        let last = columns.times[order?.last ?? columns.count - 1]
        receipt.include(Timestamp(nanoseconds: first))
        receipt.include(Timestamp(nanoseconds: last))
        var known = KnownSamples(columns.times, order)
        try existing(&known)
        if order == nil, !known.any, known.isUnique {
            receipt.accepted = UInt64(columns.count)
            stored = columns
            return
        }
        let arrived = SampleRun(columns, commit: 0)
        var keep: [Int] = []
        known.forEachTime { positions, existing in
            let winner = decide(positions, existing, arrived, rows.policy)
            if let winner { keep.append(winner) }
        }
        stored = arrived.columns.selecting(keep)
    }

    /// Counts the rows of one time and returns the one to store.
    private mutating func decide(
        _ positions: some Sequence<Int>, _ existing: (run: SampleRun, index: Int)?, _ arrived: SampleRun,
        _ policy: DuplicatePolicy
    ) -> Int? {
        var winner: Int?
        for position in positions {
            if let current = winner {
                count(arrived.sampleEquals(position, arrived, current), position, &winner, policy)
            } else if let existing {
                count(arrived.sampleEquals(position, existing.run, existing.index), position, &winner, policy)
            } else {
                receipt.accepted += 1
                winner = position
            }
        }
        // The rows may have led back to what was there: then there is nothing to store.
        if let existing, let last = winner, arrived.sampleEquals(last, existing.run, existing.index) {
            return nil
        }
        return winner
    }

    private mutating func count(
        _ same: Bool, _ position: Int, _ winner: inout Int?, _ policy: DuplicatePolicy
    ) {
        if same {
            receipt.identical += 1
        } else if policy == .last {
            receipt.corrected += 1
            winner = position
        } else {
            receipt.superseded += 1
        }
    }

    /// The row numbers by (time, arrival), or nil if they stand so already.
    private static func timeOrder(_ times: [Int64]) -> [Int]? {
        let isSorted = times.withUnsafeBufferPointer { times in
            for index in 1..<max(times.count, 1) where times[index] < times[index - 1] { return false }
            return true
        }
        if isSorted { return nil }
        var keyed = times.enumerated().map { (time: $0.element, row: Int32(truncatingIfNeeded: $0.offset)) }
        keyed.sort { $0.time != $1.time ? $0.time < $1.time : $0.row < $1.row }
        return keyed.map { Int($0.row) }
    }
}

/// The samples the store shows at the times of some rows.
package struct KnownSamples {
    private let times: [Int64]
    private let order: [Int]?
    /// The distinct times, ascending, and where the rows of each begin in the order.
    private var distinct: [Int64] = []
    private var starts: [Int] = []
    private var found: [(run: SampleRun, index: Int)?] = []
    fileprivate private(set) var any = false

    fileprivate init(_ times: [Int64], _ order: [Int]?) {
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
    package var span: (first: Int64, last: Int64)? {
        guard let first = distinct.first, let last = distinct.last else { return nil }
        return (first, last)
    }

    /// The span of the rows' times.
    package var range: TimeRange {
        guard let first = distinct.first, let last = distinct.last else { return TimeRange(to: .earliest) }
        let end = last == .max ? nil : Timestamp(nanoseconds: last + 1)
        return TimeRange(from: Timestamp(nanoseconds: first), to: end)
    }

    /// Whether a row has a time between the two, both included; a block without one need not be read.
    package func wants(first: Int64, last: Int64) -> Bool {
        let index = Self.gallop(distinct, from: 0, to: first)
        return index < distinct.count && distinct[index] <= last
    }

    fileprivate var isUnique: Bool { distinct.count == times.count }

    /// Whether a row has one of some ascending times.
    ///
    /// Cost: without a branch for each time, as the two mix at random where data comes late.
    package func share(_ times: [Int64]) -> Bool {
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

    /// Remembers the samples of a run at our times where they are newer than those remembered.
    package mutating func look(at run: SampleRun) {
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
                any = true
                theirs += 1
            }
        }
    }

    fileprivate func forEachTime(
        _ body: (LazyMapSequence<Range<Int>, Int>, (run: SampleRun, index: Int)?) -> Void
    ) {
        for index in distinct.indices {
            let positions = (starts[index]..<starts[index + 1]).lazy.map { [order] in order?[$0] ?? $0 }
            body(positions, found.isEmpty ? nil : found[index])
        }
    }

    /// The first index from `start` on whose time is `time` or later, in doubling steps: near hits are cheap.
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
