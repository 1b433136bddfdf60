// MemtableSeries.swift — the rows of one series in the memtable.
//
// Rows in time order are appended to a tail, four words each; a full tail becomes a run. Other rows become late runs. A
// new late run is merged with the one before it until that one is more than twice as large. So n late rows make at most
// log2(n) runs and are copied log2(n) times.
//
// Invariants:
// - Ordered rows ascend strictly in time, and ascend in commit. A late row is not later than the last ordered row at
//   its commit, so where both have the same time, the late row has the higher commit.
// - It is accessed only under the memtable's lock. The runs that it returns never change.

import VarveModel
import VarveSegment

final class MemtableSeries {
    /// About the bytes of memory of a series without rows.
    static let fixedBytes = 256
    private static let tailRows = 1024
    private static let rowWords = 4

    let type: ValueType
    private var ordered: [SampleRun] = []
    private var late: [SampleRun] = []
    /// Four words for each row: time, bits or end of text, state, commit.
    private var tail: [UInt64] = []
    private var text: [UInt8] = []
    private(set) var lastTime = Int64.min

    init(type: ValueType) { self.type = type }

    /// Adds rows with strictly ascending times, and returns about the bytes that they take.
    func append(_ columns: SampleColumns, commit: UInt64) -> Int {
        let count = columns.count
        var start = 0
        var bytes = 0
        if columns.times[0] <= lastTime, !(ordered.isEmpty && tail.isEmpty) {
            let run = SampleRun(columns, commit: commit)
            start = lastTime == .max ? count : run.lowerBound(lastTime + 1)
            bytes += addLate(start == count ? run : Self.slice(run, 0..<start, type))
        }
        guard start < count else { return bytes }
        lastTime = columns.times[count - 1]
        if count - start >= Self.tailRows {
            sealTail()
            let run = SampleRun(columns, commit: commit)
            ordered.append(start == 0 ? run : Self.slice(run, start..<count, type))
            return bytes + run.byteCount
        }
        appendTail(columns, start, commit)
        // A growing array is at worst half full.
        bytes += (count - start) * Self.rowWords * 12
        if case .text(let source) = columns.values { bytes += source.bytes.count * 2 }
        if tail.count >= Self.tailRows * Self.rowWords { sealTail() }
        return bytes
    }

    /// Adds a few rows of numbers with strictly ascending times, and returns about the bytes that they take.
    func append(_ few: SmallRowBuffer, commit: UInt64) -> Int {
        guard few.count > 0, few.time(0) > lastTime || (ordered.isEmpty && tail.isEmpty) else {
            return append(few.columns(type), commit: commit)
        }
        lastTime = few.time(few.count - 1)
        few.append(to: &tail, commit: commit)
        if tail.count >= Self.tailRows * Self.rowWords { sealTail() }
        return few.count * Self.rowWords * 12
    }

    /// The rows between two times, both included, up to a commit if one is given.
    func rows(first: Int64, last: Int64, upTo commit: UInt64?) -> MemtableRows {
        func overlaps(_ run: SampleRun) -> Bool {
            guard let from = run.times.first, let to = run.times.last else { return false }
            return from <= last && to >= first
        }
        var rows = MemtableRows(ordered: ordered.filter(overlaps), late: late.filter(overlaps))
        let range = tailIndex(from: first)..<(last == .max ? tailCount : tailIndex(from: last + 1))
        if !range.isEmpty { rows.ordered.append(tailRun(range)) }
        guard let commit else { return rows }
        rows.ordered = rows.ordered.compactMap { Self.upTo(commit, $0, type) }
        rows.late = rows.late.compactMap { Self.upTo(commit, $0, type) }
        return rows
    }

    private var tailCount: Int { tail.count / Self.rowWords }

    private func appendTail(_ columns: SampleColumns, _ start: Int, _ commit: UInt64) {
        // A local variable takes the array meanwhile, so that appending does not copy it.
        var rows = tail
        tail = []
        switch columns.values {
        case .bits(let bits):
            for index in start..<columns.count {
                rows.append(UInt64(bitPattern: columns.times[index]))
                rows.append(bits[index])
                rows.append(columns.states[index])
                rows.append(commit)
            }
        case .text(let source):
            for index in start..<columns.count {
                text.append(contentsOf: source.bytes[source.range(index)])
                rows.append(UInt64(bitPattern: columns.times[index]))
                rows.append(UInt64(text.count))
                rows.append(columns.states[index])
                rows.append(commit)
            }
        }
        tail = rows
    }

    private func sealTail() {
        guard !tail.isEmpty else { return }
        ordered.append(tailRun(0..<tailCount))
        tail = []
        text = []
    }

    /// The first row of the tail at a time or later.
    private func tailIndex(from time: Int64) -> Int {
        var (low, high) = (0, tailCount)
        while low < high {
            let middle = (low + high) / 2
            if Int64(bitPattern: tail[middle * Self.rowWords]) < time {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private func tailRun(_ range: Range<Int>) -> SampleRun {
        func column(_ place: Int) -> [UInt64] { range.map { tail[$0 * Self.rowWords + place] } }
        let values: ValueColumn
        if type.isText {
            let start = range.lowerBound == 0 ? 0 : Int(tail[(range.lowerBound - 1) * Self.rowWords + 1])
            var copy = TextColumn()
            copy.ends = column(1).map { Int($0) - start }
            copy.bytes = Array(text[start..<start + (copy.ends.last ?? 0)])
            values = .text(copy)
        } else {
            values = .bits(column(1))
        }
        return SampleRun(
            times: range.map { Int64(bitPattern: tail[$0 * Self.rowWords]) }, values: values,
            states: column(2), commits: column(3))
    }

    private func addLate(_ run: SampleRun) -> Int {
        var newest = run
        while let before = late.last, before.count <= 2 * newest.count {
            late.removeLast()
            newest = Self.merge(before, newest, type: type)
        }
        late.append(newest)
        return run.byteCount
    }

    private static func slice(_ run: SampleRun, _ range: Range<Int>, _ type: ValueType) -> SampleRun {
        var builder = SampleRunBuilder(type: type, capacity: range.count)
        builder.append(run, range)
        return builder.finish()
    }

    /// The rows of a run up to a commit; nil if it has no such rows.
    private static func upTo(_ commit: UInt64, _ run: SampleRun, _ type: ValueType) -> SampleRun? {
        if run.commits.allSatisfy({ $0 <= commit }) { return run }
        var builder = SampleRunBuilder(type: type)
        for index in 0..<run.count where run.commits[index] <= commit {
            builder.append(run, index..<index + 1)
        }
        return builder.count == 0 ? nil : builder.finish()
    }

    /// Merges two runs with all versions; every commit of `newer` is later than those of `older`.
    private static func merge(_ older: SampleRun, _ newer: SampleRun, type: ValueType) -> SampleRun {
        var builder = SampleRunBuilder(type: type, capacity: older.count + newer.count)
        var (left, right) = (0, 0)
        while left < older.count, right < newer.count {
            // Equal times: the older commit first.
            let stop = newer.times[right] == .max ? older.count : older.lowerBound(newer.times[right] + 1)
            if stop > left {
                builder.append(older, left..<stop)
                left = stop
            } else {
                let end = max(newer.lowerBound(older.times[left]), right + 1)
                builder.append(newer, right..<end)
                right = end
            }
        }
        builder.append(older, left..<older.count)
        builder.append(newer, right..<newer.count)
        return builder.finish()
    }
}
