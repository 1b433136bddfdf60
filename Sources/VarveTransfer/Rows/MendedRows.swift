// MendedRows.swift — reads the rows inside a file of rejected rows as rows of their source.
//
// Invariants:
// - A row has its line number in the source.
// - A row that is not complete in the file is rejected again, never read as a shorter row.

import VarveModel
import VarveText

/// Reads the third column of each line as a row of the source.
struct MendedRows<Inner: RowScanner & ~Copyable>: ~Copyable, RowScanner {
    private var outer: CSVFieldScanner
    private var inner: Inner
    private let limit: Int
    /// The current row with a line end.
    private let room: UnsafeMutablePointer<UInt8>
    private var lastLine: Int64 = 0

    /// The most columns of a line; those after the third must be empty, as spreadsheets add them.
    private static var maximumFields: Int { 64 }

    /// The room for a row in quotes with its line number and reason, in bytes.
    static func outerRowBytes(_ maximumRowBytes: Int) -> Int { 2 * maximumRowBytes + (64 << 10) }

    init(_ inner: consuming Inner, maximumRowBytes: Int, lineEnd: UInt8) {
        self.inner = inner
        limit = maximumRowBytes
        outer = CSVFieldScanner(
            maximumFields: Self.maximumFields, maximumRowBytes: Self.outerRowBytes(maximumRowBytes),
            lineEnd: lineEnd)
        room = .allocate(capacity: maximumRowBytes + 1)
    }

    deinit { room.deallocate() }

    var next: UnsafePointer<UInt8> { outer.next }
    var textEnd: UnsafePointer<UInt8> { outer.textEnd }
    var lineCount: Int { outer.lineCount }
    var problem: String { outer.problem }

    mutating func scan(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, atEnd: Bool
    ) -> ScanStatus {
        outer.scan(start, end, atEnd: atEnd)
    }

    mutating func deliver<Consumer: RowConsumer & ~Copyable>(
        to consumer: inout Consumer, line: Int, text: UnsafeRawBufferPointer
    ) throws {
        let fields = outer.fields
        let extra = 3..<max(3, min(outer.fieldCount, Self.maximumFields))
        guard outer.fieldCount >= 3, outer.fieldCount <= Self.maximumFields,
            extra.allSatisfy({ fields[$0].count == 0 }),
            case .value(let number) = NumberText.whole(fields[0].base, fields[0].count),
            let source = Int(exactly: number)
        else {
            let reason = "a line of a file of rejected rows is line,reason,row, with the row in quotes"
            return try consumer.reject(reason, line: line, text: text)
        }
        let row = fields[2]
        if row.count == 0 {
            // This line gives a further reason for the row of the line before.
            if number == lastLine { return }
            return try consumer.reject(
                "the row is not in this file: mend it in its source", line: source,
                text: UnsafeRawBufferPointer(start: nil, count: 0))
        }
        lastLine = number
        guard row.count <= limit else {
            return try consumer.reject("the row is longer than \(limit) bytes", line: source, text: text)
        }
        room.update(from: row.base, count: row.count)
        room[row.count] = 0x0A
        try deliverRows(UnsafePointer(room), row.count, to: &consumer, line: source)
    }

    private mutating func deliverRows<Consumer: RowConsumer & ~Copyable>(
        _ start: UnsafePointer<UInt8>, _ count: Int, to consumer: inout Consumer, line: Int
    ) throws {
        var cursor = start
        let end = start + count + 1
        while cursor < end {
            switch inner.scan(cursor, end, atEnd: true) {
            case .row:
                let text = UnsafeRawBufferPointer(start: cursor, count: inner.textEnd - cursor)
                try inner.deliver(to: &consumer, line: line, text: text)
                cursor = inner.next
            case .blank: cursor = inner.next
            case .incomplete, .malformed:
                let text = UnsafeRawBufferPointer(start: cursor, count: max(0, end - cursor - 1))
                return try consumer.reject(inner.problem, line: line, text: text)
            }
        }
    }
}
