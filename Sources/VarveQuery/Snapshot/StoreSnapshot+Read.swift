// StoreSnapshot+Read.swift — range reads over one state of the store.
//
// Invariants:
// - Every read sees the same commit, whatever is written meanwhile.
// - Memory of a read: of blocks that overlap in time one each, decoded, and one piece of output.

public import VarveModel
import VarveSegment
public import VarveStorage

extension StoreSnapshot: SampleSource {
    /// Reads samples; see `SampleSource`.
    ///
    /// Cost: per segment one index page and the overlapping blocks, from the side where the order begins: who stops
    /// early asks few segments and reads little.
    public func read(
        _ key: SeriesKey, in range: TimeRange, order: TimeOrder, _ body: (SampleColumns) throws -> Bool
    ) throws {
        guard let (series, type) = try find(key), !range.isEmpty else { return }
        func hand(_ run: SampleRun, _ range: Range<Int>) throws -> Bool {
            let columns = run.columns(in: range)
            return try body(order == .ascending ? columns : columns.reversed())
        }
        var isWanted = true
        // Who wants no more than one value, or the rows of a limit, stops in the first block.
        var isFirst = true
        for stage in ReadStages.cut(range, view.times(in: range), order) {
            var scan = try SeriesScan(view, series, type, in: stage, order: order)
            while try scan.next({ part in
                switch part {
                case .samples(let run, let range): isWanted = try hand(run, range)
                case .block(let block) where isFirst: isWanted = try block.readFromEnd(order, hand)
                case .block(let block):
                    let (run, range) = try block.read(.samples)
                    isWanted = try range.isEmpty || hand(run, range)
                }
                isFirst = false
                return isWanted
            }) {}
            guard isWanted else { return }
        }
    }
}
