// SampleRun.swift — sorted samples of one series, each with the commit that wrote it.
//
// Decoded blocks, the rows of a commit in the memtable and the output of a merge are all runs.
//
// Invariants:
// - Sorted by (time, commit). A time may come more than once, with different commits: older versions.
// - All columns have the same count, except columns that a reader did not ask for: these are empty.

package import VarveModel

/// Columns of a block that a reader asks for.
package struct BlockColumns: OptionSet, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let times = BlockColumns(rawValue: 1)
    package static let values = BlockColumns(rawValue: 2)
    package static let states = BlockColumns(rawValue: 4)
    package static let commits = BlockColumns(rawValue: 8)
    /// The columns of a sample that users see.
    package static let samples: BlockColumns = [.times, .values, .states]
    package static let all: BlockColumns = [.times, .values, .states, .commits]
}

package final class SampleRun: Sendable {
    package let count: Int
    package let times: [Int64]
    package let values: ValueColumn
    package let states: [UInt64]
    package let commits: [UInt64]

    package init(times: [Int64], values: ValueColumn, states: [UInt64], commits: [UInt64]) {
        count = times.count
        self.times = times
        self.values = values
        self.states = states
        self.commits = commits
    }

    /// Some columns of `count` samples; those left out are empty.
    package init(
        count: Int, times: [Int64], values: ValueColumn, states: [UInt64], commits: [UInt64]
    ) {
        self.count = count
        self.times = times
        self.values = values
        self.states = states
        self.commits = commits
    }

    /// Samples without their commits.
    package convenience init(_ columns: SampleColumns) {
        self.init(times: columns.times, values: columns.values, states: columns.states, commits: [])
    }

    /// The rows of one commit.
    package convenience init(_ columns: SampleColumns, commit: UInt64) {
        self.init(
            times: columns.times, values: columns.values, states: columns.states,
            commits: [UInt64](repeating: commit, count: columns.count))
    }

    /// About how much memory the run takes, in bytes.
    package var byteCount: Int {
        let fixed = times.count * 24 + 128
        switch values {
        case .bits: return fixed + times.count * 8
        case .text(let text): return fixed + text.count * 8 + text.bytes.count
        }
    }

    /// The end of the block that begins at `start`: after 8192 samples, or earlier where the texts would exceed the
    /// limit.
    private func blockEnd(from start: Int) -> Int {
        var end = min(start + FormatLimits.blockSamples, times.count)
        if case .text(let text) = values {
            let base = start == 0 ? 0 : text.ends[start - 1]
            while end > start + 1, text.ends[end - 1] - base > FormatLimits.blockTextBytes {
                end -= (end - start) / 2
            }
        }
        return end
    }

    /// The ranges of the samples that blocks take, in order.
    package var blocks: [Range<Int>] {
        var blocks: [Range<Int>] = []
        var start = 0
        while start < count {
            let end = blockEnd(from: start)
            blocks.append(start..<end)
            start = end
        }
        return blocks
    }

    /// Samples `range` as a run of their own, with the same columns.
    package func part(_ range: Range<Int>) -> SampleRun {
        let values: ValueColumn =
            switch self.values {
            case .bits(let bits): .bits(bits.isEmpty ? [] : Array(bits[range]))
            case .text(let text): .text(text.ends.isEmpty ? text : text.part(range))
            }
        return SampleRun(
            count: range.count, times: times.isEmpty ? [] : Array(times[range]), values: values,
            states: states.isEmpty ? [] : Array(states[range]),
            commits: commits.isEmpty ? [] : Array(commits[range]))
    }

    /// The bytes of all texts; 0 for numbers.
    package var textBytes: Int {
        if case .text(let text) = values { text.bytes.count } else { 0 }
    }

    /// The first index whose time is `time` or later.
    package func lowerBound(_ time: Int64) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether two samples have the same value and state, bit for bit.
    package func sampleEquals(_ index: Int, _ other: SampleRun, _ otherIndex: Int) -> Bool {
        guard states[index] == other.states[otherIndex] else { return false }
        switch (values, other.values) {
        case (.bits(let mine), .bits(let theirs)): return mine[index] == theirs[otherIndex]
        case (.text(let mine), .text(let theirs)):
            return mine.bytes[mine.range(index)] == theirs.bytes[theirs.range(otherIndex)]
        default: return false
        }
    }
}

extension SampleRun {
    /// The samples without their commits.
    package var columns: SampleColumns { columns(in: 0..<count) }

    /// Samples `range` without their commits; nothing is copied if that is all of them.
    package func columns(in range: Range<Int>) -> SampleColumns {
        guard range != 0..<count else { return SampleColumns(times: times, values: values, states: states) }
        let part: ValueColumn =
            switch values {
            case .bits(let bits): .bits(Array(bits[range]))
            case .text(let source): .text(source.part(range))
            }
        return SampleColumns(times: Array(times[range]), values: part, states: Array(states[range]))
    }
}

extension SampleRun {
    /// The indexes of the samples from one time to another, both included.
    package func range(_ first: Int64, _ last: Int64) -> Range<Int> {
        let start = lowerBound(first)
        return start..<max(start, last == .max ? count : lowerBound(last + 1))
    }

    /// Whether a time comes more than once among samples `range`.
    package func repeatsTime(in range: Range<Int>) -> Bool {
        times.withUnsafeBufferPointer { times in
            var found = 0
            for index in range.dropFirst() { found |= times[index &- 1] == times[index] ? 1 : 0 }
            return found != 0
        }
    }
}
