// String+Bytes.swift — the bytes of a text, for parsers that take an address and a count.

extension String {
    /// Calls `body` with the text's bytes.
    package func withBytes<Result>(
        _ body: (UnsafePointer<UInt8>, Int) throws -> Result
    ) rethrows -> Result {
        // One byte more, so that even an empty text has an address.
        try (Array(utf8) + [0]).withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { preconditionFailure("the array is not empty") }
            return try body(base, bytes.count - 1)
        }
    }
}
