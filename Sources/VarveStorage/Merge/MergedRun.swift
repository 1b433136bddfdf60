// MergedRun.swift — samples of many runs in a new order, noted piece by piece and copied column by column.
//
// Invariants:
// - The pieces of the output follow each other without gaps, and each belongs to one run.

import VarveModel
import VarveSegment

struct MergedRun {
    /// Samples of a run and their place in the output.
    private struct Piece {
        var start: Int32
        var count: Int32
        var target: Int32
    }

    private let type: ValueType
    private var runs: [SampleRun] = []
    /// The pieces of each run.
    private var pieces: [[Piece]] = []
    /// The run of each piece, in the order of the output, which texts need.
    private var order: [Int32] = []
    private(set) var count = 0
    private(set) var textBytes = 0

    init(type: ValueType, capacity: Int) {
        self.type = type
        if type.isText { order.reserveCapacity(capacity) }
    }

    /// Adds a run as a source and returns its place.
    mutating func add(_ run: SampleRun) -> Int {
        runs.append(run)
        pieces.append([])
        return runs.count - 1
    }

    /// Appends samples of the run at a place to the output.
    mutating func append(_ place: Int, _ range: Range<Int>) {
        pieces[place].append(
            Piece(
                start: Int32(truncatingIfNeeded: range.lowerBound),
                count: Int32(truncatingIfNeeded: range.count), target: Int32(truncatingIfNeeded: count)))
        count += range.count
        guard type.isText else { return }
        order.append(Int32(truncatingIfNeeded: place))
        if case .text(let text) = runs[place].values {
            let start = range.lowerBound == 0 ? 0 : text.ends[range.lowerBound - 1]
            textBytes += text.ends[range.upperBound - 1] - start
        }
    }

    /// The output, with all columns.
    func finish() -> SampleRun {
        // One piece that is a whole run needs no copy.
        if runs.count == 1, pieces[0].count == 1, count == runs[0].count { return runs[0] }
        return SampleRun(
            times: gather { $0.times }, values: type.isText ? .text(texts()) : .bits(gather(bits)),
            states: gather { $0.states }, commits: gather { $0.commits })
    }

    private func bits(_ run: SampleRun) -> [UInt64] {
        if case .bits(let bits) = run.values { bits } else { [] }
    }

    private func gather<Word: BitwiseCopyable>(_ column: (SampleRun) -> [Word]) -> [Word] {
        [Word](unsafeUninitializedCapacity: count) { target, filled in
            guard let target = target.baseAddress else { return }
            for (run, pieces) in zip(runs, pieces) {
                column(run).withUnsafeBufferPointer { source in
                    for piece in pieces {
                        let end = Int(piece.start) + Int(piece.count)
                        precondition(end <= source.count, "a column is missing")
                        for index in 0..<Int(piece.count) {
                            let sample = source[Int(piece.start) + index]
                            (target + Int(piece.target) + index).initialize(to: sample)
                        }
                    }
                }
            }
            filled = count
        }
    }

    private func texts() -> TextColumn {
        var column = TextColumn()
        column.ends.reserveCapacity(count)
        var next = [Int](repeating: 0, count: runs.count)
        for place in order.lazy.map(Int.init) {
            guard case .text(let source) = runs[place].values else { continue }
            let piece = pieces[place][next[place]]
            next[place] += 1
            column.append(source, Int(piece.start)..<Int(piece.start) + Int(piece.count))
        }
        return column
    }
}
