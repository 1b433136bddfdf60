// RowInput.swift — an opened input whose format and header are known.

import VarveFile

/// The rows of a file, whatever its format.
struct RowInput {
    private let reader: RowReader
    private let form: Form
    private let maximumRowBytes: Int
    private let ignoresColumns: Bool
    private let zoneColumn: String?

    private enum Form {
        case csv(CSVHeader)
        case ndjson
    }

    /// The bytes that are looked at to know a format.
    private static let prefixCount = 512

    /// Opens an input and reads its header.
    init(_ file: any File, path: String, options: ImportOptions, sizes: ReadingSizes) throws {
        maximumRowBytes = sizes.maximumRowBytes
        ignoresColumns = options.ignoresColumns
        zoneColumn = options.local.zoneColumn
        reader = try RowReader(file, encoding: options.encoding, sizes: sizes)
        let prefix = try reader.prefix(Self.prefixCount)
        if let foreign = ForeignFormat(firstBytes: prefix, encoding: options.encoding) {
            throw Self.refusal(of: foreign, path)
        }
        guard let first = try reader.firstByte() else { throw ImportError.empty(path: path) }
        if Self.isNDJSON(options.format, path: path, firstByte: first) {
            guard !options.isWide else { throw ImportError.wideNeedsCSV(path: path) }
            form = .ndjson
        } else {
            if first == 0x5B { throw Self.refusal(of: .jsonArray, path) }
            let line = reader.lineText()
            do {
                guard let names = try reader.header() else { throw ImportError.badHeader(path: path) }
                form = .csv(try CSVHeader(names, line: line, options: options, path: path))
            } catch is HeaderNotUTF8 {
                throw ImportError.headerNotUTF8(path: path)
            }
        }
    }

    /// Hands all rows to a consumer.
    func readRows<Consumer: RowConsumer & ~Copyable>(_ consumer: inout Consumer) throws {
        switch form {
        case .csv(let header) where header.points.isEmpty:
            var rows = CSVRows(
                header, maximumRowBytes: maximumRowBytes, lineEnd: reader.lineEnd,
                ignoresColumns: ignoresColumns)
            try reader.readRows(&rows, &consumer)
        case .csv(let header):
            var rows = WideCSVRows(
                header, maximumRowBytes: maximumRowBytes, lineEnd: reader.lineEnd,
                ignoresColumns: ignoresColumns)
            try reader.readRows(&rows, &consumer)
        case .ndjson:
            var rows = NDJSONRows(
                maximumRowBytes: maximumRowBytes, ignoresMembers: ignoresColumns, zoneMember: zoneColumn,
                lineEnd: reader.lineEnd)
            try reader.readRows(&rows, &consumer)
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
