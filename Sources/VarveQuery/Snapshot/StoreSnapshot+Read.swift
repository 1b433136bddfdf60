// StoreSnapshot+Read.swift — range reads over one state of the store.
//
// Invariants:
// - Every read sees the same commit, no matter what is written meanwhile.
// - Memory of a read: one decoded block for each track (see Queries.md), and one piece of output.

public import VarveModel
import VarveSegment
public import VarveStorage

extension StoreSnapshot: SampleSource {
    /// Reads samples; see `SampleSource`.
    ///
    /// Cost: one index page and the blocks in the range for each segment, from the side where the order begins. A read
    /// that stops early asks few segments and reads little.
    ///
    /// - Throws: `StorageError.damaged`; `StorageError.segmentGone`; `StorageError.noSuchState`; `FileError`; what
    ///   `body` throws.
    public func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let (series, type) = try find(key), !range.isEmpty else { return }
        func emit(_ run: SampleRun, _ range: Range<Int>) throws -> Bool {
            let columns = run.columns(in: range)
            return try body(order == .ascending ? columns : columns.reversed())
        }
        var isWanted = true
        // A read of one value, or of a few rows, ends in the first block.
        var isFirst = true
        for stage in ReadStages.cut(range, view.times(in: range), order) {
            var scan = try SeriesScan(view, series, type, in: stage, order: order)
            while try scan.next({ part in
                switch part {
                case .samples(let run, let range): isWanted = try emit(run, range)
                case .block(let block) where isFirst: isWanted = try block.readFromEnd(order, emit)
                case .block(let block):
                    let (run, range) = try block.read(.samples)
                    isWanted = try range.isEmpty || emit(run, range)
                }
                isFirst = false
                return isWanted
            }) {}
            guard isWanted else { return }
        }
    }
}
