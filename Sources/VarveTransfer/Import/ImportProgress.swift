// ImportProgress.swift — reports how far an import is.

/// The two readings of an input.
public enum ImportPhase: Sendable {
    /// The whole input is read to check it and to find its types and units.
    case survey
    /// The input is read again and its batches are committed.
    case rows
}

/// Follows the progress of an import.
public protocol ImportProgress: AnyObject {
    /// Called on the parsing thread, at most once per 8 MiB of unpacked text.
    ///
    /// - Parameters:
    ///   - phase: The reading that is under way.
    ///   - bytesRead: The bytes read so far, of the file as it is on disk.
    ///   - totalBytes: The size of the file on disk.
    ///   - rows: The rows read so far in this phase.
    func advanced(_ phase: ImportPhase, bytesRead: Int, totalBytes: Int, rows: UInt64)
}
