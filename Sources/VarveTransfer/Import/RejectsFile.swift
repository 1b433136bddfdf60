// RejectsFile.swift — writes and reads the first lines of a file of rejected rows, before its rows.
//
// The whole file is CSV of three columns, so that editors and spreadsheets can open and save it:
//
//     # varve rejected rows 1
//     #rows,csv,"device,point,time,value,quality"
//     #option,--tz,Europe/Paris
//     line,reason,row
//     3,"the time ""never"" is not a time","A,t,never,1,"
//
// A row is mended in the column `row`. `line` is its line in the source; `reason` is for people only.
//
// Invariants:
// - A file of rejected rows is recognized by its first line, not by its name.
// - The file holds the options that described the source, so that mended rows are read as the source was.

public import VarveFile
import VarveText

/// An option of the command line that describes the form of an input, such as `--tz` with `Europe/Paris`.
public struct GivenOption: Hashable, Sendable {
    /// The option with its dashes.
    public var name: String
    /// Its value; empty for a flag.
    public var value: String

    /// Names an option.
    public init(_ name: String, _ value: String = "") {
        self.name = name
        self.value = value
    }
}

/// The first lines of a file of rejected rows.
public struct RejectsFile: Hashable, Sendable {
    /// The options that described the source of the rows.
    public internal(set) var options: [GivenOption] = []
    /// Whether the rows are lines of NDJSON.
    var isNDJSON = false
    /// The source's header line; empty for NDJSON.
    var header = ""

    private static let marker = "# varve rejected rows "
    private static let version = "1"
    private static let maximumOptions = 1000

    init() {}

    /// Describes the source of the rows.
    ///
    /// - Parameter columns: The names in the source's header; nil for NDJSON.
    init(columns: [String]?, options: [GivenOption]) {
        self.options = options
        isNDJSON = columns == nil
        var line: [UInt8] = []
        for (index, name) in (columns ?? []).enumerated() {
            if index > 0 { line.append(0x2C) }
            CSVText.append(name, to: &line)
        }
        header = String(decoding: line, as: UTF8.self)
    }

    /// Adds `--time-unit` if the rejected rows alone would not show what the numbers among the source's times mean.
    mutating func addTimeUnit(for numbers: NumericTimes) {
        guard let unit = numbers.unit, numbers.lookLikeDates,
            !options.contains(where: { $0.name == "--time-unit" })
        else { return }
        options.append(GivenOption("--time-unit", unit.name))
    }

    /// Reads the first lines of a file of rejected rows.
    ///
    /// - Returns: Their content; nil for a pipe and for a file of another kind.
    /// - Throws: `FileError`, `DamagedInput`, and `ImportError` if the marker is followed by broken first lines.
    public static func read(_ path: String, files: any FileSystem) throws -> RejectsFile? {
        guard case .file? = try files.kind(path) else { return nil }
        let file = try files.open(path, .read)
        defer { file.close() }
        guard try recognizes(file) else { return nil }
        return try RejectsFile(RowReader(file, encoding: .utf8, sizes: ReadingSizes()), path: path)
    }

    /// Whether an open file is a file of rejected rows.
    ///
    /// - Throws: `FileError`, and `DamagedInput` if it is compressed and damaged.
    static func recognizes(_ file: any File) throws -> Bool {
        let decoder = try InputCompression.decoder(for: file)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
        defer { buffer.deallocate() }
        var start: [UInt8] = []
        while start.count < 64 {
            let count = try decoder.decode(into: buffer)
            if count == 0 { break }
            start.append(contentsOf: buffer.prefix(count))
        }
        var rest = start[...]
        // Spreadsheets put a byte order mark before the text, or quotes around it.
        if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
        if rest.first == 0x22 { rest = rest.dropFirst() }
        return rest.starts(with: marker.utf8)
    }

    /// Reads the first lines; the reader's next row is then the first rejected one.
    ///
    /// - Throws: `ImportError.badRejects` if they are not as `append` writes them; `HeaderNotUTF8`, `FileError` and
    ///   `DamagedInput`.
    init(_ reader: RowReader, path: String) throws {
        guard try reader.firstByte() != nil, let first = try reader.header()?.first,
            first == Self.marker + Self.version
        else { throw ImportError.badRejects(path: path) }
        while let fields = try reader.header() {
            let (name, value) = (fields.count > 1 ? fields[1] : "", fields.count > 2 ? fields[2] : "")
            switch fields[0] {
            case "line": return
            case "#rows":
                isNDJSON = name == "ndjson"
                header = value
            case "#option" where options.count < Self.maximumOptions: options.append(GivenOption(name, value))
            default: throw ImportError.badRejects(path: path)
            }
        }
        throw ImportError.badRejects(path: path)
    }

    /// The names in the source's header; nil if they cannot be read.
    func columns() -> [String]? {
        let bytes = Array(header.utf8)
        var scanner = CSVFieldScanner(
            maximumFields: RowReader.maximumColumns, maximumRowBytes: max(1, bytes.count), lineEnd: 0x0A)
        return bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress, scanner.scan(base, base + bytes.count, atEnd: true) == .row,
                scanner.fieldCount <= RowReader.maximumColumns
            else { return nil }
            return (0..<scanner.fieldCount).map { index in
                let field = scanner.fields[index]
                return String(
                    decoding: UnsafeBufferPointer(start: field.base, count: field.count), as: UTF8.self)
            }
        }
    }

    /// Appends the lines that come before the rows.
    func append(to bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\(Self.marker)\(Self.version)\n".utf8)
        bytes.append(contentsOf: (isNDJSON ? "#rows,ndjson,\n" : "#rows,csv,").utf8)
        if !isNDJSON {
            CSVText.append(header, to: &bytes)
            bytes.append(0x0A)
        }
        for option in options {
            bytes.append(contentsOf: "#option,".utf8)
            CSVText.append(option.name, to: &bytes)
            bytes.append(0x2C)
            if !option.value.isEmpty { CSVText.append(option.value, to: &bytes) }
            bytes.append(0x0A)
        }
        bytes.append(contentsOf: "line,reason,row\n".utf8)
    }
}
