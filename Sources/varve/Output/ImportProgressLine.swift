// ImportProgressLine.swift — the progress of an import: two readings of the file as one bar.

import VarveTransfer

/// Shows an import's progress.
final class ImportProgressLine: ImportProgress {
    private let line: ProgressLine

    /// The survey only scans.
    ///
    /// It takes about this share of the whole time.
    private static let surveyShare = 0.25

    init(_ title: String) {
        line = ProgressLine(title)
    }

    func advanced(_ phase: ImportPhase, bytesRead: Int, totalBytes: Int, rows: UInt64) {
        let part = totalBytes > 0 ? Double(bytesRead) / Double(totalBytes) : 0
        switch phase {
        case .survey:
            line.show(fraction: part * Self.surveyShare, count: rows, unit: "rows", phase: "checking, ")
        case .rows:
            let fraction = Self.surveyShare + part * (1 - Self.surveyShare)
            line.show(fraction: fraction, count: rows, unit: "rows")
        }
    }

    func end() { line.end() }
}
