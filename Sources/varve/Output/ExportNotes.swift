// ExportNotes.swift — what a user of exported rows should know but cannot see in them.

import VarveModel

/// Lines for standard error about the rows written.
enum ExportNotes {
    /// Epochs near 1970 do not show their unit, so an import needs `--time-unit`.
    static let earlyEpochs =
        "some epochs in ns are so near to 1970 that they look like another unit: import this file with --time-unit ns"

    /// One column has integers beyond ±2^53 beside doubles, which some readers round.
    static func rounded(_ key: SeriesKey) -> String {
        "\(printable(key.device))/\(printable(key.point)) has integers beyond 2^53 beside decimals of other points: DuckDB, "
            + "pyarrow and pandas round them; export the point alone, or read value as text"
    }
}
