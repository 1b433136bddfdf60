// CSVRecords.swift — reads a small CSV file in memory record by record, with the scanner of large files.
//
// Invariants:
// - Every record has the number of the line on which it begins, from 1.
// - LF and CRLF end a record outside quotes; inside quotes they belong to the field.
// - A byte order mark at the start and blank lines are skipped.
// - A field that is not valid UTF-8 is an error. So is a quote in the middle of a field, which the scanner itself
//   takes for an ordinary character.

/// Reads records of fields separated by commas.
public struct CSVRecords: ~Copyable {
    /// A record and the line on which it begins.
    public struct Record {
        /// The line on which the record begins, counted from 1.
        public var line: Int
        /// The fields, without their quotes.
        public var fields: [String]
    }

    /// Why the rest of a file cannot be read.
    public struct Failure: Error {
        /// The number of the line.
        public var line: Int
        /// What is wrong with it, and what to do.
        public var reason: String
    }

    private let bytes: [UInt8]
    private var scanner: CSVFieldScanner
    private var index = 0
    private var line = 1

    /// The most fields that a record keeps.
    private static let maximumFields = 4096

    /// Starts to read the bytes of a whole file.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        scanner = CSVFieldScanner(
            maximumFields: Self.maximumFields, maximumRowBytes: bytes.count, lineEnd: 0x0A)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// Reads the next record that is not blank; nil at the end.
    ///
    /// - Throws: `Failure` if the record is malformed.
    public mutating func next() throws(Failure) -> Record? {
        while index < bytes.count {
            let start = line
            let fields = try scanRecord()
            if let fields, fields != [""] { return Record(line: start, fields: fields) }
        }
        return nil
    }

    /// Reads a record or a blank line.
    ///
    /// - Returns: The fields; nil for a blank line.
    private mutating func scanRecord() throws(Failure) -> [String]? {
        let scanned = bytes.withUnsafeBufferPointer { bytes -> Result<[String]?, Failure> in
            guard let base = bytes.baseAddress else { return .success(nil) }
            let status = scanner.scan(base + index, base + bytes.count, atEnd: true)
            guard status == .row || status == .blank else {
                // Without a closing quote the whole rest is one field: report the line that opened it.
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
