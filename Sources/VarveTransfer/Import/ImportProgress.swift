// ImportProgress.swift — how far an import is.

/// What an import is doing.
public enum ImportPhase: Sendable {
    /// Reads the whole input to check it and to learn its types and units.
    case survey
    /// Reads it again and commits batches.
    case rows
}

/// Is told how far an import is, at most once per 8 MiB of unpacked text.
public protocol ImportProgress: AnyObject {
    /// Takes note of the state.
    ///
    /// - Parameters:
    ///   - phase: Which of the two readings of the input it is.
    ///   - bytesRead: Bytes read of the file as it is on disk.
    ///   - totalBytes: The size of the file.
    ///   - rows: The rows read in this phase.
    func advanced(_ phase: ImportPhase, bytesRead: Int, totalBytes: Int, rows: UInt64)
}
