// SliceMerge.swift — merges sorted slices of one series: each time once, with its newest version.
//
// First it finds the order as a list of spans, from times alone, and from commits where times are equal. Then it copies
// each column span by span.
//
// Invariants:
// - Spans ascend strictly in time. Of several versions of a time, a span has the one with the highest commit.
// - A piece has at most as many samples and text bytes as a block, unless a single span has more.

import VarveModel
import VarveSegment

/// Samples `range` of a run that has times and values, and commits unless all samples have one commit.
struct RunSlice {
    var run: SampleRun
    var range: Range<Int>
    /// The commit of all samples if it is the same; else nil, and the run has commits.
    var commit: UInt64?

    func commit(_ index: Int) -> UInt64 { commit ?? run.commits[index] }
}

/// A merge of slices that takes the newest version of each time.
struct SliceMerge {
    private struct Span {
        var slice: Int
        var start: Int
        var count: Int
    }

    private let slices: [RunSlice]
    private let type: ValueType
    private var spans: [Span] = []
    private var heads: [Int]

    init(_ slices: [RunSlice], type: ValueType) {
        self.slices = slices
        self.type = type
        heads = slices.map(\.range.lowerBound)
        while let (leader, horizon) = leader() { appendSpan(of: leader, before: horizon) }
    }

    /// Passes on the merged samples in pieces, the earliest or the latest piece first; in a piece they ascend.
    ///
    /// - Returns: False if `body` returned false.
    func pieces(_ order: TimeOrder, _ body: (SampleRun) throws -> Bool) rethrows -> Bool {
        let cuts = cuts()
        let numbers = cuts.indices.dropLast()
        for number in order == .ascending ? Array(numbers) : numbers.reversed() {
            guard try body(gather(spans[cuts[number]..<cuts[number + 1]])) else { return false }
        }
        return true
    }

    /// The slice with the earliest sample, and the earliest time of any other slice.
    private func leader() -> (slice: Int, horizon: Int64?)? {
        var leader: Int?
        var leaderTime = Int64.max
        var horizon: Int64?
        for index in slices.indices where heads[index] < slices[index].range.upperBound {
            let time = slices[index].run.times[heads[index]]
            if leader == nil || time < leaderTime {
                if leader != nil { horizon = leaderTime }
                leader = index
                leaderTime = time
            } else {
                horizon = min(horizon ?? time, time)
            }
        }
        return leader.map { ($0, horizon) }
    }

    /// Appends the samples of a slice that are earlier than those of the others.
    private mutating func appendSpan(of leader: Int, before horizon: Int64?) {
        let slice = slices[leader]
        let start = heads[leader]
        let end = slice.run.times.withUnsafeBufferPointer { times in
            let stop = horizon.map { Self.end(times, start..<slice.range.upperBound, before: $0) }
            return Self.distinctEnd(times, start..<(stop ?? slice.range.upperBound), in: slice.range)
        }
        guard end == start else {
            spans.append(Span(slice: leader, start: start, count: end - start))
            heads[leader] = end
            return
        }
        appendNewest(at: slice.run.times[start])
    }

    /// Appends the newest version of a time that several samples have.
    private mutating func appendNewest(at time: Int64) {
        var newest: Span?
        var commit: UInt64 = 0
        for index in slices.indices {
            let slice = slices[index]
            while heads[index] < slice.range.upperBound, slice.run.times[heads[index]] == time {
                let candidate = slice.commit(heads[index])
                if newest == nil || candidate > commit {
                    newest = Span(slice: index, start: heads[index], count: 1)
                    commit = candidate
                }
                heads[index] += 1
            }
        }
        if let newest { spans.append(newest) }
    }

    /// The first index whose time is not before `horizon`, searched in growing steps.
    private static func end(
        _ times: UnsafeBufferPointer<Int64>, _ range: Range<Int>, before horizon: Int64
    ) -> Int {
        var low = range.lowerBound
        guard low < range.upperBound, times[low] < horizon else { return low }
        var step = 1
        while low + step < range.upperBound, times[low + step] < horizon {
            low += step
            step *= 2
        }
        var high = min(low + step, range.upperBound)
        low += 1
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < horizon { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The end of the samples, from the start of `range` on, that have only one version in their slice.
    private static func distinctEnd(
        _ times: UnsafeBufferPointer<Int64>, _ range: Range<Int>, in slice: Range<Int>
    ) -> Int {
        let stop = min(range.upperBound, slice.upperBound - 1)
        var index = range.lowerBound
        while index < stop, times[index] != times[index + 1] { index += 1 }
        return index < stop ? index : range.upperBound
    }

    /// The indexes of the spans at which pieces begin, and the end of the last one.
    ///
    /// A slice is at most a block, so no span has more samples than a piece.
    private func cuts() -> [Int] {
        var cuts = [0]
        var samples = 0
        var bytes = 0
        for index in spans.indices {
            let span = spans[index]
            let size = textBytes(span)
            let isFull =
                samples + span.count > FormatLimits.blockSamples || bytes + size > FormatLimits.blockTextBytes
            if isFull, index > cuts[cuts.count - 1] {
                cuts.append(index)
                (samples, bytes) = (0, 0)
            }
            samples += span.count
            bytes += size
        }
        cuts.append(spans.count)
        return cuts
    }

    private func textBytes(_ span: Span) -> Int {
        guard case .text(let text) = slices[span.slice].run.values else { return 0 }
        let start = span.start == 0 ? 0 : text.ends[span.start - 1]
        return text.ends[span.start + span.count - 1] - start
    }

    private func gather(_ spans: ArraySlice<Span>) -> SampleRun {
        let count = spans.reduce(0) { $0 + $1.count }
        let times = Self.column(count, spans) { slices[$0].run.times }
        let states = Self.column(count, spans) { slices[$0].run.states }
        guard type.isText else {
            let bits = Self.column(count, spans) { slice in
                if case .bits(let bits) = slices[slice].run.values { bits } else { [] }
            }
            return SampleRun(count: count, times: times, values: .bits(bits), states: states, commits: [])
        }
        var text = TextColumn()
        text.ends.reserveCapacity(count)
        for span in spans {
            guard case .text(let source) = slices[span.slice].run.values else { continue }
            text.append(source, span.start..<span.start + span.count)
        }
        return SampleRun(count: count, times: times, values: .text(text), states: states, commits: [])
    }

    private static func column<Word>(
        _ count: Int, _ spans: ArraySlice<Span>, of source: (Int) -> [Word]
    ) -> [Word] {
        [Word](unsafeUninitializedCapacity: count) { target, filled in
            for span in spans {
                source(span.slice).withUnsafeBufferPointer { words in
                    let end = span.start + span.count
                    guard end <= words.count else { return }
                    _ = target[filled...].initialize(fromContentsOf: words[span.start..<end])
                    filled += span.count
                }
            }
        }
    }
}
