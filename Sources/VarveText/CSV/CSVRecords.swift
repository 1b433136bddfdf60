// CSVRecords.swift — a small CSV file held in memory, one record at a time, over the scanner of the large ones.
//
// Invariants:
// - Every record knows the line on which it begins; the first line is 1.
// - LF and CRLF end a record outside quotes; inside, they belong to the field. A byte order mark at the start
//   and blank lines are passed over.
// - A field is valid UTF-8, or the record is an error; so is one with a quote in the middle of a field, which the
//   scanner takes for a letter.

/// Reads records of fields separated by commas.
package struct CSVRecords: ~Copyable {
    /// A record and the line on which it begins.
    package struct Record {
        package var line: Int
        package var fields: [String]
    }

    /// Why a file cannot be read on.
    package struct Failure: Error {
        /// The line.
        package var line: Int
        /// What is wrong with it, and what to do.
        package var reason: String
    }

    private let bytes: [UInt8]
    private var scanner: CSVFieldScanner
    private var index = 0
    private var line = 1

    /// The most fields that a record keeps.
    private static let maximumFields = 4096

    /// Reads a file.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        scanner = CSVFieldScanner(
            maximumFields: Self.maximumFields, maximumRowBytes: bytes.count, lineEnd: 0x0A)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The next record that is not blank, or nil at the end.
    package mutating func next() throws(Failure) -> Record? {
        while index < bytes.count {
            let start = line
            let fields = try scanRecord()
            if let fields, fields != [""] { return Record(line: start, fields: fields) }
        }
        return nil
    }

    /// Passes a record or a blank line.
    ///
    /// - Returns: The fields; nil for a blank line.
    private mutating func scanRecord() throws(Failure) -> [String]? {
        let scanned = bytes.withUnsafeBufferPointer { bytes -> Result<[String]?, Failure> in
            guard let base = bytes.baseAddress else { return .success(nil) }
            let status = scanner.scan(base + index, base + bytes.count, atEnd: true)
            guard status == .row || status == .blank else {
                // Without a closing quote the whole rest is a field: the line that opened it helps more.
                let isOpen = scanner.problem.hasPrefix("a quote is opened")
                return .failure(
                    isOpen
                        ? Failure(
                            line: line, reason: "begins a quoted field that does not end: close the quote")
                        : Failure(
                            line: line + scanner.lineCount,
                            reason: "has text after a closing quote: put a comma there"))
            }
            index = scanner.next - base
            if status == .blank { return .success(nil) }
            return fields(of: line)
        }
        line += scanner.lineCount
        return try scanned.get()
    }

    private func fields(of line: Int) -> Result<[String]?, Failure> {
        var fields: [String] = []
        for index in 0..<min(scanner.fieldCount, Self.maximumFields) {
            let field = scanner.fields[index]
            let bytes = UnsafeBufferPointer(start: field.base, count: field.count)
            if field.kind == .plain, bytes.contains(0x22) {
                return .failure(
                    Failure(
                        line: line,
                        reason: "has a quote inside a field: put the field in quotes and double it"))
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(Failure(line: line, reason: "is not UTF-8: save the file as UTF-8"))
            }
            fields.append(text)
        }
        return .success(fields)
    }
}
