// MessageFile+Lines.swift — a messages file described line by line, for `varve inspect`.

extension MessageFile {
    /// The lines that describe the file, which is checked, with its first messages up to `limit` lines.
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
