// StandardErrors.swift — stderr as a stream for `print`.

import VarveFile
import VarveModel
import VarveText

/// Writes to stderr without a buffer, and makes visible what is not seen: texts from outside cannot steer a terminal.
struct StandardErrors: TextOutputStream {
    private let file = POSIXFile.standardError()
    private let draws: Bool

    /// - Parameter draws: Whether the text moves the cursor on purpose, and has nothing from outside in it.
    init(draws: Bool = false) { self.draws = draws }

    mutating func write(_ text: String) {
        // Nobody is left to tell when stderr itself cannot be written.
        let lines =
            draws
            ? text
            : text.split(separator: "\n", omittingEmptySubsequences: false)
                .map { String($0).visible }.joined(separator: "\n")
        try? file.append(Array(lines.utf8))
    }
}
