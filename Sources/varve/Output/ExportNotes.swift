// ExportNotes.swift — what a user of exported rows should know and does not see.

import VarveModel

/// Lines about rows that were written.
enum ExportNotes {
    /// That a reader has to be told the unit of the times.
    static let earlyEpochs =
        "some epochs in ns are so near to 1970 that they look like another unit: import this file with --time-unit ns"

    /// That integers beyond ±2^53 stand beside doubles in one column.
    static func rounded(_ key: SeriesKey) -> String {
        "\(printable(key.device))/\(printable(key.point)) has integers beyond 2^53 beside decimals of other points: DuckDB, "
            + "pyarrow and pandas round them; export the point alone, or read value as text"
    }
}
