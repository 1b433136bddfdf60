// MendedRows.swift — the rows inside a file of rejected rows, read as those of their source.
//
// Invariants:
// - A row has the line number of its source.
// - A row that is not there whole is rejected again, never read as a shorter one.

import VarveModel
import VarveText

/// Takes the third column of each line as a row of its own.
struct MendedRows<Inner: RowScanner & ~Copyable>: ~Copyable, RowScanner {
    private var outer: CSVFieldScanner
    private var inner: Inner
    private let limit: Int
    /// The row that is looked at, with a line end.
    private let room: UnsafeMutablePointer<UInt8>
    private var lastLine: Int64 = 0

    /// More than three columns are what a spreadsheet adds, and empty.
    private static var maximumFields: Int { 64 }

    /// Room for a row in quotes with its number and reason.
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
            let reason = "a line of a file of rejected rows is line,reason,row, and a row stands in quotes"
            return try consumer.reject(reason, line: line, text: text)
        }
        let row = fields[2]
        if row.count == 0 {
            // A further reason for the line before.
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
