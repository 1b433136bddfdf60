// StandardErrors.swift — stderr as a stream for `print`.

import VarveFile

/// Writes to stderr without a buffer.
struct StandardErrors: TextOutputStream {
    private let file = POSIXFile.standardError()

    mutating func write(_ text: String) {
        // Nobody is left to tell when stderr itself cannot be written.
        try? file.append(Array(text.utf8))
    }
}
