// ImportRunProgress.swift — the progress of several files, a progress line for each in turn.

import VarveTransfer

/// Shows the progress of the file that is being read.
final class ImportRunProgress: ImportProgress {
    private let inputs: [String]
    private let isQuiet: Bool
    private var line: ImportProgressLine?

    init(_ inputs: [String], isQuiet: Bool) {
        self.inputs = inputs
        self.isQuiet = isQuiet
    }

    /// Begins the line of an input.
    func begin(_ index: Int) {
        end()
        if !isQuiet { line = ImportProgressLine(inputs[index] == "-" ? "standard input" : inputs[index]) }
    }

    /// Erases the line.
    func end() {
        line?.end()
        line = nil
    }

    func advanced(_ phase: ImportPhase, bytesRead: Int, totalBytes: Int, rows: UInt64) {
        line?.advanced(phase, bytesRead: bytesRead, totalBytes: totalBytes, rows: rows)
    }
}
