// ExportFormat.swift — the forms of an exported file.

import VarveText

/// The forms of an exported file.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// `device,point,time,value,quality`, then `product` and `type` where they are needed.
    case csv
    /// One object a line, with the same names.
    case ndjson

    /// The form of its rows.
    var rows: SampleRowFormat { self == .csv ? .csv : .ndjson }
}
