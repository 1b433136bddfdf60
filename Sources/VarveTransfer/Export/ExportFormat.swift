// ExportFormat.swift — the forms of an exported file.

import VarveText

/// The forms of an exported file.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// The columns `device,point,time,value,quality`, then `product` and `type` if they are needed.
    case csv
    /// One JSON object per line, with the same names.
    case ndjson

    /// The form of the rows, for the writer of rows.
    var rows: SampleRowFormat { self == .csv ? .csv : .ndjson }
}
