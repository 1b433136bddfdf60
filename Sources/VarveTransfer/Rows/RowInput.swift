// RowInput.swift — an opened input whose format and header are known.

import VarveFile

/// The rows of a file, whatever its format.
struct RowInput {
    private let reader: RowReader
    private let form: Form
    private let maximumRowBytes: Int
    private let ignoresColumns: Bool
    private let zoneColumn: String?
    /// Whether the input is a file of rejected rows.
    let areMended: Bool
    /// The first lines of the file of rows that are rejected from this input.
    let rejectsHead: RejectsFile

    private enum Form {
        case csv(CSVHeader)
        case ndjson
    }

    /// The number of first bytes by which a foreign format is recognized.
    private static let prefixCount = 512

    /// Opens an input and reads its header.
    ///
    /// - Throws: `FileError`, `DamagedInput`, and `ImportError` if the format or the header cannot be used.
    init(_ file: any File, path: String, options: ImportOptions, sizes: ReadingSizes) throws {
        maximumRowBytes = sizes.maximumRowBytes
        ignoresColumns = options.ignoresColumns
        zoneColumn = options.local.zoneColumn
        areMended = try RejectsFile.recognizes(file)
        if areMended {
            var outer = sizes
            outer.maximumRowBytes = MendedRows<NDJSONRows>.outerRowBytes(sizes.maximumRowBytes)
            reader = try RowReader(file, encoding: .utf8, sizes: outer)
            let head = try RejectsFile(reader, path: path)
            guard Set(head.options).isSubset(of: options.givenOptions) else {
                throw ImportError.rejectsOptions(path: path)
            }
            let names = head.columns()
            guard head.isNDJSON || names != nil else { throw ImportError.badRejects(path: path) }
            rejectsHead = RejectsFile(columns: head.isNDJSON ? nil : names, options: options.givenOptions)
            form = try Self.form(head.isNDJSON ? nil : names, line: head.header, options, path)
            return
        }
        reader = try RowReader(file, encoding: options.encoding, sizes: sizes)
        let prefix = try reader.prefix(Self.prefixCount)
        if let foreign = ForeignFormat(firstBytes: prefix, encoding: options.encoding) {
            throw Self.refusal(of: foreign, path)
        }
        guard let first = try reader.firstByte() else { throw ImportError.empty(path: path) }
        if Self.isNDJSON(options.format, path: path, firstByte: first) {
            rejectsHead = RejectsFile(columns: nil, options: options.givenOptions)
            form = try Self.form(nil, line: "", options, path)
        } else {
            if first == 0x5B { throw Self.refusal(of: .jsonArray, path) }
            let line = reader.lineText()
            do {
                guard let names = try reader.header() else { throw ImportError.badHeader(path: path) }
                rejectsHead = RejectsFile(columns: names, options: options.givenOptions)
                form = try Self.form(names, line: line, options, path)
            } catch is HeaderNotUTF8 {
                throw ImportError.headerNotUTF8(path: path)
            }
        }
    }

    /// The form of rows with these columns; nil columns mean lines of NDJSON.
    private static func form(
        _ columns: [String]?, line: String, _ options: ImportOptions, _ path: String
    ) throws(ImportError) -> Form {
        if let columns { return .csv(try CSVHeader(columns, line: line, options: options, path: path)) }
        guard !options.isWide else { throw .wideNeedsCSV(path: path) }
        return .ndjson
    }

    /// Hands all rows to a consumer.
    ///
    /// - Throws: `FileError` and `DamagedInput`; what the consumer throws.
    func readRows<Consumer: RowConsumer & ~Copyable>(_ consumer: inout Consumer) throws {
        switch form {
        case .csv(let header) where header.points.isEmpty:
            try read(
                CSVRows(
                    header, maximumRowBytes: maximumRowBytes, lineEnd: lineEnd, ignoresColumns: ignoresColumns
                ),
                &consumer)
        case .csv(let header):
            try read(
                WideCSVRows(
                    header, maximumRowBytes: maximumRowBytes, lineEnd: lineEnd, ignoresColumns: ignoresColumns
                ),
                &consumer)
        case .ndjson:
            try read(
                NDJSONRows(
                    maximumRowBytes: maximumRowBytes, ignoresMembers: ignoresColumns, zoneMember: zoneColumn,
                    lineEnd: lineEnd), &consumer)
        }
    }

    /// The last byte of a row's line end; always a line feed inside a file of rejected rows.
    private var lineEnd: UInt8 { areMended ? 0x0A : reader.lineEnd }

    private func read<Scanner: RowScanner & ~Copyable, Consumer: RowConsumer & ~Copyable>(
        _ scanner: consuming Scanner, _ consumer: inout Consumer
    ) throws {
        if areMended {
            var rows = MendedRows(scanner, maximumRowBytes: maximumRowBytes, lineEnd: reader.lineEnd)
            try reader.readRows(&rows, &consumer)
        } else {
            try reader.readRows(&scanner, &consumer)
        }
    }

    private static func refusal(of foreign: ForeignFormat, _ path: String) -> ImportError {
        .foreignFormat(path: path, format: foreign.name, remedy: foreign.remedy)
    }

    private static func isNDJSON(_ format: InputFormat, path: String, firstByte: UInt8) -> Bool {
        switch format {
        case .csv: return false
        case .ndjson: return true
        case .auto:
            let name = Paths.unpackedName(of: path)
            if name.hasSuffix(".csv") { return false }
            if name.hasSuffix(".ndjson") || name.hasSuffix(".jsonl") { return true }
            return firstByte == 0x7B
        }
    }
}
