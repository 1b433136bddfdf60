// DecodedText.swift — the text of a JSON string: in place, or decoded if it has escapes.

import VarveModel
import VarveText

/// Memory for one decoded string.
struct DecodedText: ~Copyable {
    private var bytes: [UInt8] = []
    private var copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 64)

    deinit {
        copy.deallocate()
    }

    /// The text of a string that the scanner has passed; valid until the next call, and only as long as the payload.
    @inline(__always)
    mutating func text(
        _ scanner: JSONScanner, _ string: (content: Range<Int>, isEscaped: Bool)
    ) -> UnsafeBufferPointer<UInt8> {
        if string.isEscaped { return decode(scanner, string.content) }
        return UnsafeBufferPointer(
            start: scanner.base + string.content.lowerBound, count: string.content.count)
    }

    /// The text of a string that the scanner has passed, after other text; valid until the next call.
    mutating func text(
        _ scanner: JSONScanner, _ string: (content: Range<Int>, isEscaped: Bool), after prefix: String
    ) -> UnsafeBufferPointer<UInt8> {
        decode(scanner, string.content, after: prefix)
    }

    private mutating func decode(
        _ scanner: JSONScanner, _ content: Range<Int>, after prefix: String = ""
    ) -> UnsafeBufferPointer<UInt8> {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: prefix.utf8)
        scanner.appendText(of: content, to: &bytes)
        if bytes.count > copy.count {
            copy.deallocate()
            copy = .allocate(capacity: bytes.count * 2)
        }
        let end = copy.update(fromContentsOf: bytes)
        return UnsafeBufferPointer(rebasing: copy[..<end])
    }
}
