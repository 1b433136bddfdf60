// StandardErrors.swift — stderr as a stream for `print`.

import Glibc

/// Writes to stderr without a buffer.
struct StandardErrors: TextOutputStream {
    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            // Nobody is left to tell when stderr itself cannot be written.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }
}
