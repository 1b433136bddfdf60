// BatchLimits.swift — where one batch of an import ends and the next begins.
//
// The engine recognises a batch that it has by its content, so a batch must be the same run of rows whenever
// the same file is imported: the limits count what stands in the file, never time, memory or the store.
//
// Invariants:
// - A batch ends before the first row for which one of the counts has reached its limit.
// - Changing a number makes unfinished imports of older versions start again; finished ones stay replays
//   only for files of one batch.

/// What a batch may hold.
struct BatchLimits: Hashable, Sendable {
    /// Rows, good or bad; cells in a wide file.
    var rows = 1 << 20
    /// Bytes of row text.
    var rowBytes = 64 << 20
    /// Bytes of value text.
    var valueBytes = 32 << 20
    /// Distinct names of series.
    var series = 1 << 18
    /// Bytes of these names.
    var nameBytes = 32 << 20
    /// Bytes of rows of repeated hours that wait in memory; more wait on disk, and no batch's end moves.
    var waitingBytes = 8 << 20
}
