// SampleRunBuilder.swift — joins parts of runs to one run.

package import VarveModel

/// Collects parts of runs of one type, column by column.
package struct SampleRunBuilder {
    package private(set) var times: [Int64] = []
    private var bits: [UInt64] = []
    private var text = TextColumn()
    private var states: [UInt64] = []
    private var commits: [UInt64] = []
    private let isText: Bool

    package init(type: ValueType, capacity: Int = 0) {
        isText = type.isText
        times.reserveCapacity(capacity)
        states.reserveCapacity(capacity)
        commits.reserveCapacity(capacity)
        if !isText { bits.reserveCapacity(capacity) }
    }

    package var count: Int { times.count }

    package var textBytes: Int { text.bytes.count }

    /// Adds samples `range` of a run of the same type.
    package mutating func append(_ run: SampleRun, _ range: Range<Int>) {
        guard !range.isEmpty else { return }
        times.append(contentsOf: run.times[range])
        states.append(contentsOf: run.states[range])
        commits.append(contentsOf: run.commits[range])
        switch run.values {
        case .bits(let source): bits.append(contentsOf: source[range])
        case .text(let source):
            text.append(source, range)
        }
    }

    /// The collected run; the builder is empty afterwards.
    package mutating func finish() -> SampleRun {
        let run = SampleRun(
            times: times, values: isText ? .text(text) : .bits(bits), states: states, commits: commits)
        times = []
        bits = []
        text = TextColumn()
        states = []
        commits = []
        return run
    }
}

extension TextColumn {
    /// Texts `range` as a column of their own.
    func part(_ range: Range<Int>) -> TextColumn {
        var column = TextColumn()
        column.append(self, range)
        return column
    }
}
