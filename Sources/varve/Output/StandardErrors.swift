// StandardErrors.swift — stderr as a stream for `print`.

import VarveFile
import VarveModel
import VarveText

/// Writes to stderr without a buffer.
///
/// Invisible characters are written as escapes, so texts from outside cannot steer a terminal.
struct StandardErrors: TextOutputStream {
    private let file = POSIXFile.standardError()
    private let draws: Bool

    /// - Parameter draws: Whether control characters pass, for text that moves the cursor and has nothing from outside.
    init(draws: Bool = false) { self.draws = draws }

    mutating func write(_ text: String) {
        // Errors are ignored: there is nowhere to report that stderr cannot be written.
        let lines =
            draws
            ? text
            : text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { String($0).visible }.joined(separator: "\n")
        try? file.append(Array(lines.utf8))
    }
}
