// MessageFile+Lines.swift — the lines that describe a messages file for `varve inspect`.

extension MessageFile {
    /// Checks the file and returns the lines that describe it.
    ///
    /// - Parameter limit: At most so many messages have a line.
    /// - Throws: As `check()`.
    package func lines(limit: Int) throws -> [String] {
        try check()
        var lines = [
            "messages file of \(header.entries) messages up to commit \(header.highestCommit), filter of "
                + "\(filterBytes) bytes"
        ]
        var piece = 0
        while piece < pieces, lines.count <= limit {
            for entry in try entries(piece).prefix(limit + 1 - lines.count) {
                lines.append("  \(entry.hash): commit \(entry.commit)")
            }
            piece += 1
        }
        return lines
    }
}
