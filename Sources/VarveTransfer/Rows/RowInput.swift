// RowInput.swift — an opened input whose format and header are known.

import VarveFile

/// The rows of a file, whatever its format.
struct RowInput {
    private let reader: RowReader
    private let form: Form
    private let maximumRowBytes: Int
    private let ignoresColumns: Bool
    /// Whether the rows are those of a file of rejected rows.
    private let areMended: Bool
    /// What stands in the file of rows of this input that are rejected.
    let rejectsHead: RejectsFile

    private enum Form {
        case csv(CSVHeader)
        case ndjson
    }

    /// Opens an input and reads its header.
    init(_ file: any File, path: String, options: ImportOptions, sizes: ReadingSizes) throws {
        maximumRowBytes = sizes.maximumRowBytes
        ignoresColumns = options.ignoresColumns
        areMended = try RejectsFile.recognizes(file)
        if areMended {
            var outer = sizes
            outer.maximumRowBytes = MendedRows<NDJSONRows>.outerRowBytes(sizes.maximumRowBytes)
            reader = try RowReader(file, sizes: outer)
            let head = try RejectsFile(reader, path: path)
            guard Set(head.options).isSubset(of: options.said) else {
                throw ImportError.rejectsOptions(path: path)
            }
            let names = head.columns()
            guard head.isNDJSON || names != nil else { throw ImportError.badRejects(path: path) }
            rejectsHead = RejectsFile(columns: head.isNDJSON ? nil : names, options: options.said)
            form = try Self.form(head.isNDJSON ? nil : names, options, path)
            return
        }
        reader = try RowReader(file, sizes: sizes)
        guard let first = try reader.firstByte() else { throw ImportError.empty(path: path) }
        if Self.isNDJSON(options.format, path: path, firstByte: first) {
            rejectsHead = RejectsFile(columns: nil, options: options.said)
            form = try Self.form(nil, options, path)
        } else {
            guard let names = try reader.header() else { throw ImportError.badHeader(path: path) }
            rejectsHead = RejectsFile(columns: names, options: options.said)
            form = try Self.form(names, options, path)
        }
    }

    /// The form of rows with these columns; nil: lines of NDJSON.
    private static func form(
        _ columns: [String]?, _ options: ImportOptions, _ path: String
    ) throws(ImportError) -> Form {
        if let columns { return .csv(try CSVHeader(columns, options: options, path: path)) }
        guard !options.isWide else { throw .wideNeedsCSV(path: path) }
        return .ndjson
    }

    /// Hands all rows to a consumer.
    func readRows<Consumer: RowConsumer & ~Copyable>(_ consumer: inout Consumer) throws {
        switch form {
        case .csv(let header) where header.points.isEmpty:
            try read(CSVRows(header, maximumRowBytes: maximumRowBytes), &consumer)
        case .csv(let header):
            try read(WideCSVRows(header, maximumRowBytes: maximumRowBytes), &consumer)
        case .ndjson:
            try read(NDJSONRows(maximumRowBytes: maximumRowBytes, ignoresMembers: ignoresColumns), &consumer)
        }
    }

    private func read<Scanner: RowScanner & ~Copyable, Consumer: RowConsumer & ~Copyable>(
        _ scanner: consuming Scanner, _ consumer: inout Consumer
    ) throws {
        if areMended {
            var rows = MendedRows(scanner, maximumRowBytes: maximumRowBytes)
            try reader.readRows(&rows, &consumer)
        } else {
            try reader.readRows(&scanner, &consumer)
        }
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
