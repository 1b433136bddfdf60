// RowReader.swift — turns buffers of bytes into rows.
//
// Invariants:
// - The rows do not depend on the size of the buffers: from the start of a row a scanner sees at most
//   `maximumRowBytes` and a line end. A row that it cannot decide from these bytes is too long and is rejected.
// - A broken row costs only its first line; reading goes on with the next line.

import VarveFile
import VarveModel
import VarveText

/// Reads all rows of a source.
final class RowReader {
    /// The longest row; a longer one is rejected.
    static let maximumRowBytes = 1 << 20
    /// The most columns of a CSV file.
    static let maximumColumns = 1 << 16

    private let source: ByteSource
    private let limit: Int
    private var buffer: ByteBuffer?
    private var cursor: UnsafePointer<UInt8>
    private var end: UnsafePointer<UInt8>
    private var isAtEnd = false
    private var line = 1
    /// The byte that ends a line: a line feed, or a carriage return where the first line ends with one alone.
    private(set) var lineEnd: UInt8 = 0x0A
    /// A valid address for the cursor while there is no buffer.
    private let nothing: UnsafeMutablePointer<UInt8>

    /// Opens a reader and starts to read ahead.
    ///
    /// - Throws: `FileError` if no thread can be started.
    init(_ file: any File, encoding: TextEncoding, sizes: ReadingSizes) throws {
        limit = sizes.maximumRowBytes
        source = try ByteSource(
            file, encoding: encoding, bufferSize: sizes.buffer, headroom: sizes.maximumRowBytes + 4)
        nothing = .allocate(capacity: 1)
        nothing.initialize(to: 0)
        cursor = UnsafePointer(nothing)
        end = cursor
    }

    deinit {
        nothing.deallocate()
    }

    /// Skips a byte order mark and blank lines.
    ///
    /// - Returns: The first byte of the first line, or nil if the input has none.
    /// - Throws: `FileError` and `DamagedInput`.
    func firstByte() throws -> UInt8? {
        while end - cursor < 3, try refill() {}
        if end - cursor >= 3, cursor[0] == 0xEF, cursor[1] == 0xBB, cursor[2] == 0xBF { cursor += 3 }
        while true {
            while cursor < end, cursor.pointee == 0x0A || cursor.pointee == 0x0D {
                // A carriage return before a line feed is only half a line end.
                if cursor.pointee == 0x0A || cursor + 1 < end && cursor[1] != 0x0A { line += 1 }
                cursor += 1
            }
            if cursor < end {
                try detectLineEnd()
                return cursor.pointee
            }
            guard try refill() else { return nil }
        }
    }

    /// The first bytes of the text; call it before anything else.
    ///
    /// - Throws: `FileError` and `DamagedInput`.
    func prefix(_ count: Int) throws -> [UInt8] {
        while end - cursor < min(count, limit), try refill() {}
        return Array(UnsafeBufferPointer(start: cursor, count: min(count, end - cursor)))
    }

    /// The text of the line at the cursor, at most 500 bytes of it.
    func lineText() -> String {
        var bytes = UnsafeBufferPointer(start: cursor, count: min(500, end - cursor))[...]
        if let end = bytes.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) { bytes = bytes[..<end] }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Finds how the first line ends; line ends in quotes do not count.
    private func detectLineEnd() throws {
        while true {
            var position = cursor
            var isQuoted = false
            while position < end {
                let byte = position.pointee
                if byte == 0x22 { isQuoted.toggle() }
                if byte == 0x0A, !isQuoted { return }
                if byte == 0x0D, !isQuoted {
                    while position < end, position.pointee == 0x0D { position += 1 }
                    guard position < end || isAtEnd else { break }
                    if position == end || position.pointee != 0x0A { lineEnd = 0x0D }
                    return
                }
                position += 1
            }
            guard end - cursor <= limit, try refill() else { return }
        }
    }

    /// Reads the next row as a header: the texts of its fields.
    ///
    /// - Returns: The names; nil if the row is broken or longer than a row may be.
    /// - Throws: `HeaderNotUTF8` if a name is not valid UTF-8, `FileError` and `DamagedInput`.
    func header() throws -> [String]? {
        var scanner = CSVFieldScanner(
            maximumFields: Self.maximumColumns, maximumRowBytes: limit, lineEnd: lineEnd)
        while true {
            let window = end - cursor > limit + 2 ? cursor + (limit + 2) : end
            switch scanner.scan(cursor, window, atEnd: isAtEnd && window == end) {
            case .row:
                guard scanner.fieldCount <= Self.maximumColumns else { return nil }
                cursor = scanner.next
                line += scanner.lineCount
                var names: [String] = []
                for index in 0..<scanner.fieldCount {
                    let field = scanner.fields[index]
                    let bytes = UnsafeBufferPointer(start: field.base, count: field.count)
                    guard let name = String(validating: bytes, as: UTF8.self) else { throw HeaderNotUTF8() }
                    names.append(name)
                }
                return names
            case .blank, .malformed: return nil
            case .incomplete:
                guard window - cursor <= limit else { return nil }
                _ = try refill()
            }
        }
    }

    /// Reads the remaining rows.
    ///
    /// - Throws: `FileError` and `DamagedInput`; what the consumer throws.
    func readRows<Scanner: RowScanner & ~Copyable, Consumer: RowConsumer & ~Copyable>(
        _ scanner: inout Scanner, _ consumer: inout Consumer
    ) throws {
        while true {
            let window = end - cursor > limit + 2 ? cursor + (limit + 2) : end
            let seesEnd = isAtEnd && window == end
            if cursor == end {
                guard try refill(&consumer) else { return }
                continue
            }
            switch scanner.scan(cursor, window, atEnd: seesEnd) {
            case .row where scanner.textEnd - cursor <= limit:
                let text = UnsafeRawBufferPointer(start: cursor, count: scanner.textEnd - cursor)
                try scanner.deliver(to: &consumer, line: line, text: text)
                cursor = scanner.next
                line += scanner.lineCount
            case .blank:
                cursor = scanner.next
                line += 1
            case .row: try rejectLong(&consumer)
            case .incomplete:
                if window - cursor > limit {
                    try rejectLong(&consumer)
                } else if !(try refill(&consumer)), isAtEnd, seesEnd {
                    // A scanner decides everything at the end of the input, so this is never reached.
                    return
                }
            case .malformed: try rejectFirstLine(scanner.problem, window, seesEnd: seesEnd, &consumer)
            }
        }
    }

    /// Rejects the first line of a broken row as soon as the line's end is in the buffer.
    private func rejectFirstLine(
        _ problem: String, _ window: UnsafePointer<UInt8>, seesEnd: Bool,
        _ consumer: inout some RowConsumer & ~Copyable
    ) throws {
        if let newline = Bytes.firstNewline(cursor, min(window, cursor + (limit + 1)), lineEnd: lineEnd) {
            try reject(problem, upTo: newline, &consumer)
            cursor = newline + 1
            line += 1
        } else if seesEnd, window - cursor <= limit {
            try reject(problem, upTo: window, &consumer)
            cursor = window
        } else if window - cursor > limit {
            try rejectLong(&consumer)
        } else {
            _ = try refill(&consumer)
        }
    }

    /// Rejects a row that does not end within the limit: its first line, or all bytes up to the next line end.
    private func rejectLong(_ consumer: inout some RowConsumer & ~Copyable) throws {
        if let newline = Bytes.firstNewline(cursor, min(end, cursor + (limit + 1)), lineEnd: lineEnd) {
            try reject(
                "a quote that opens in this line is not closed within \(limit) bytes", upTo: newline,
                &consumer)
            cursor = newline + 1
            line += 1
            return
        }
        // The row is left out of the file: a part of it would be mended as if it were the whole row.
        let start = Field(base: cursor, count: min(60, limit), kind: .plain).excerpt
        try consumer.reject(
            "the row is longer than \(limit) bytes; it begins with \(start)", line: line,
            text: UnsafeRawBufferPointer(start: cursor, count: 0))
        while true {
            if let newline = Bytes.firstNewline(cursor, end, lineEnd: lineEnd) {
                cursor = newline + 1
                line += 1
                return
            }
            cursor = end
            guard try refill(&consumer) else { return }
        }
    }

    private func reject(
        _ reason: String, upTo textEnd: UnsafePointer<UInt8>, _ consumer: inout some RowConsumer & ~Copyable
    ) throws {
        var count = textEnd - cursor
        if count > 0, cursor[count - 1] == 0x0D { count -= 1 }
        try consumer.reject(reason, line: line, text: UnsafeRawBufferPointer(start: cursor, count: count))
    }

    private func refill(_ consumer: inout some RowConsumer & ~Copyable) throws -> Bool {
        let more = try refill()
        if more, let buffer { try consumer.advanced(bytesRead: buffer.bytesRead) }
        return more
    }

    /// Gets the next buffer and copies the unread rest of the current one to its front.
    ///
    /// - Returns: False at the end of the input.
    private func refill() throws -> Bool {
        if isAtEnd { return false }
        guard let next = try source.next() else {
            isAtEnd = true
            return false
        }
        let rest = end - cursor
        precondition(rest <= next.headroom, "the unread rest of a buffer fits the room in front of the next")
        let start = next.start - rest
        start.update(from: cursor, count: rest)
        cursor = UnsafePointer(start)
        end = UnsafePointer(next.start + next.count)
        if let old = buffer { source.recycle(old) }
        buffer = next
        return true
    }
}

/// A name in a header is not valid UTF-8.
struct HeaderNotUTF8: Error {}

/// The size of a buffer and of the longest row, in bytes; tests make them small.
struct ReadingSizes {
    var buffer = ByteSource.defaultBufferSize
    var maximumRowBytes = RowReader.maximumRowBytes
}
