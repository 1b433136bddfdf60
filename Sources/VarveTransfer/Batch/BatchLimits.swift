// BatchLimits.swift — where one batch of an import ends and the next begins.
//
// The engine recognises a batch that was committed before by its content. A batch must therefore be the same run of
// rows each time the same file is imported: the limits count only what the file holds, never time, memory or the store.
//
// Invariants:
// - A batch ends before the first row for which one of the counts has reached its limit.
// - A changed limit makes unfinished imports of older versions start again from the first batch. Finished imports
//   remain replays only if their file fits into one batch.

/// The most that a batch may hold.
struct BatchLimits: Hashable, Sendable {
    /// Rows, good or bad; in a wide file, cells.
    var rows = 1 << 20
    /// Bytes of row text.
    var rowBytes = 64 << 20
    /// Bytes of value text.
    var valueBytes = 32 << 20
    /// Distinct names of series.
    var series = 1 << 18
    /// Bytes of these names.
    var nameBytes = 32 << 20
    /// Bytes of rows of repeated hours that wait in memory.
    ///
    /// Further rows wait on disk; batches end where they would.
    var waitingBytes = 8 << 20
}
