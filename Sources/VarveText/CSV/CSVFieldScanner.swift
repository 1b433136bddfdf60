// CSVFieldScanner.swift — finds the fields of one CSV row (RFC 4180) and resolves their quotes.
//
// A quote is special only as the first byte of a field; elsewhere it is an ordinary character.
//
// Invariants:
// - `fields` holds the first `maximumFields` fields, then `spare` absent ones; `fieldCount` counts all fields.
// - Fields point into the scanned bytes, or into `scratch` if doubled quotes inside were resolved.

/// The result of a scan.
public enum ScanStatus {
    /// A whole row, ready for `deliver`.
    case row
    /// A line without content.
    case blank
    /// The bytes end before the row does.
    case incomplete
    /// The row breaks the format's rules; `problem` says which.
    case malformed
}

/// Splits CSV rows into fields.
public struct CSVFieldScanner: ~Copyable {
    /// The number of fields of the row.
    public private(set) var fieldCount = 0
    /// The first byte after the row and its line end.
    public private(set) var next: UnsafePointer<UInt8>
    /// The end of the row before its line end.
    public private(set) var textEnd: UnsafePointer<UInt8>
    /// The number of line ends in the row.
    public private(set) var lineCount = 0
    /// What is wrong with a malformed row.
    public private(set) var problem = ""
    /// Whether the row ended with the input instead of a line end.
    public private(set) var isUnterminated = false
    /// The fields of the row scanned last.
    public let fields: UnsafeMutablePointer<Field>
    private let maximumFields: Int
    private let scratch: UnsafeMutablePointer<UInt8>
    private let scratchSize: Int
    private var scratchUsed = 0
    /// The byte that ends a line; `lineEnds` repeats it eight times.
    private let lineEnd: UInt8
    private let lineEnds: UInt64

    /// Makes a scanner.
    ///
    /// - Parameters:
    ///   - maximumFields: The number of fields of a row that are kept.
    ///   - spare: The number of absent fields that follow them.
    ///   - maximumRowBytes: The most bytes of a row.
    ///   - lineEnd: The byte that ends a line: a line feed, or a carriage return in a file without line feeds.
    public init(maximumFields: Int, spare: Int = 0, maximumRowBytes: Int, lineEnd: UInt8) {
        self.maximumFields = maximumFields
        self.lineEnd = lineEnd
        lineEnds = UInt64(lineEnd) &* 0x0101_0101_0101_0101
        fields = .allocate(capacity: maximumFields + spare)
        scratchSize = maximumRowBytes + 4
        scratch = .allocate(capacity: scratchSize)
        fields.initialize(
            repeating: Field(base: UnsafePointer(scratch), count: 0, kind: .absent),
            count: maximumFields + spare)
        next = UnsafePointer(scratch)
        textEnd = UnsafePointer(scratch)
    }

    deinit {
        fields.deallocate()
        scratch.deallocate()
    }

    /// Scans the row at `start`; a row without bytes is `blank`.
    public mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus {
        var position = start
        var count = 0
        lineCount = 0
        scratchUsed = 0
        isUnterminated = false
        while true {
            var field = Field(base: position, count: 0, kind: .plain)
            if position < end, position.pointee == 0x22 {
                let status = scanQuoted(&position, end, atEnd: atEnd, into: &field)
                if status != .row { return status }
            } else {
                let begin = position
                position = Bytes.firstDelimiter(position, end, lineEnds: lineEnds)
                if position == end, !atEnd { return .incomplete }
                field = Field(base: begin, count: position - begin, kind: .plain)
            }
            if position < end, position.pointee == 0x2C {
                if count < maximumFields { fields[count] = field }
                count &+= 1
                position += 1
                continue
            }
            // A carriage return before the line end belongs to it.
            textEnd = position
            if field.kind == .plain, field.count > 0, position[-1] == 0x0D {
                field = Field(base: field.base, count: field.count - 1, kind: .plain)
                textEnd = position - 1
            } else if field.kind == .quoted, position[-1] == 0x0D {
                textEnd = position - 1
            }
            if count < maximumFields { fields[count] = field }
            count &+= 1
            fieldCount = count
            isUnterminated = position == end
            next = position == end ? position : position + 1
            lineCount &+= isUnterminated ? 0 : 1
            return count == 1 && textEnd == start ? .blank : .row
        }
    }

    /// Scans a field that begins with a quote, up to the comma or line end after it.
    private mutating func scanQuoted(
        _ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool,
        into field: inout Field
    ) -> ScanStatus {
        let begin = position + 1
        var cursor = begin
        var doubled = 0
        while true {
            while cursor < end, cursor.pointee != 0x22 {
                if cursor.pointee == lineEnd { lineCount += 1 }
                cursor += 1
            }
            if cursor == end { return unfinished("a quote is opened and never closed", atEnd) }
            if cursor + 1 == end || cursor[1] != 0x22 { break }
            doubled += 1
            cursor += 2
        }
        field = Field(
            base: doubled == 0 ? begin : undouble(begin, cursor), count: cursor - begin - doubled,
            kind: .quoted)
        cursor += 1
        if cursor < end, cursor.pointee == 0x0D, lineEnd == 0x0A {
            if cursor + 1 == end || cursor[1] == 0x0A { cursor += 1 }
        }
        guard cursor == end || cursor.pointee == 0x2C || cursor.pointee == lineEnd else {
            problem = "text follows a closing quote; a quote inside a quoted field is written twice"
            return .malformed
        }
        // At the end of the available bytes a closing quote may be the first of two.
        if cursor == end, !atEnd { return .incomplete }
        position = cursor
        return .row
    }

    private mutating func unfinished(_ reason: String, _ atEnd: Bool) -> ScanStatus {
        problem = reason
        return atEnd ? .malformed : .incomplete
    }

    /// Copies a quoted field's content and replaces each doubled quote by one.
    private mutating func undouble(
        _ begin: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        let start = scratch + scratchUsed
        var target = start
        var cursor = begin
        while cursor < end {
            target.pointee = cursor.pointee
            target += 1
            cursor += cursor.pointee == 0x22 ? 2 : 1
        }
        scratchUsed += target - start
        return UnsafePointer(start)
    }
}
