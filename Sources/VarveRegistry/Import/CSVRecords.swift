// CSVRecords.swift — the small CSV of models, products and devices: RFC 4180, one record at a time.
//
// Invariants:
// - Every record knows the line on which it begins; the first line is 1.
// - LF and CRLF end a record outside quotes; inside, they belong to the field. A byte order mark at the start
//   and blank lines are passed over.
// - A field is valid UTF-8, or the record is an error.

/// Reads records of fields separated by commas.
struct CSVRecords {
    /// A record and the line on which it begins.
    struct Record {
        var line: Int
        var fields: [String]
    }

    private let bytes: [UInt8]
    private let source: String
    private var index = 0
    private var line = 1

    init(_ bytes: [UInt8], source: String) {
        self.bytes = bytes
        self.source = source
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The next record that is not blank, or nil at the end.
    mutating func next() throws -> Record? {
        while index < bytes.count {
            let start = line
            var fields: [String] = []
            repeat {
                fields.append(try field(of: start))
            } while takeComma()
            takeLineEnd()
            if fields != [""] { return Record(line: start, fields: fields) }
        }
        return nil
    }

    private mutating func takeComma() -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: ",") else { return false }
        index += 1
        return true
    }

    private mutating func takeLineEnd() {
        if index < bytes.count, bytes[index] == UInt8(ascii: "\r") { index += 1 }
        if index < bytes.count {
            index += 1
            line += 1
        }
    }

    /// Reads a field up to the comma, the line end or the end of the file that follows it.
    private mutating func field(of record: Int) throws -> String {
        var content: [UInt8] = []
        if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
            try readQuoted(into: &content, record: record)
        } else {
            while index < bytes.count, !isFieldEnd {
                guard bytes[index] != UInt8(ascii: "\"") else {
                    throw malformed(
                        "has a quote inside a field: put the field in quotes and double it", at: line)
                }
                content.append(bytes[index])
                index += 1
            }
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw malformed("is not UTF-8: save the file as UTF-8", at: record)
        }
        return text
    }

    private mutating func readQuoted(into content: inout [UInt8], record: Int) throws {
        index += 1
        while true {
            guard index < bytes.count else {
                throw malformed("begins a quoted field that does not end: close the quote", at: record)
            }
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") {
                guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { break }
                index += 1
            } else if byte == UInt8(ascii: "\n") {
                line += 1
            }
            content.append(byte)
        }
        guard isFieldEnd else {
            throw malformed("has text after a closing quote: put a comma there", at: line)
        }
    }

    private var isFieldEnd: Bool {
        guard index < bytes.count else { return true }
        switch bytes[index] {
        case UInt8(ascii: ","), UInt8(ascii: "\n"): return true
        case UInt8(ascii: "\r"): return index + 1 == bytes.count || bytes[index + 1] == UInt8(ascii: "\n")
        default: return false
        }
    }

    private func malformed(_ what: String, at line: Int) -> RegistryError {
        RegistryError(.malformedInput, "\(source):\(line): the line \(what)")
    }
}
