// TransferFixture.swift — one way to run an import in a test: a folder, a store, a registry.

import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

/// A folder of its own that goes away with the fixture.
final class TransferFixture {
    private let place: TemporaryFolder
    let files = POSIXFileSystem()
    let store = FakeStore()
    let directory: FakeDirectory

    /// Device A with the points t (double), n (int64), b (bool), s (string), j (json), unless told otherwise.
    init(directory: FakeDirectory? = nil) throws {
        self.directory =
            directory
            ?? FakeDirectory(
                devices: ["A", "B"],
                points: ["t": .double, "n": .int64, "b": .bool, "s": .string, "j": .json])
        place = try TemporaryFolder("varve-transfer")
    }

    var folder: String { place.path }

    /// Writes a file and returns its path.
    func write(_ text: String, _ name: String = "in.csv") throws -> String {
        try write(Array(text.utf8), name)
    }

    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try files.replace(path, bytes)
        return path
    }

    /// The text of a file in the folder, or nil if there is none.
    func text(_ name: String) throws -> String? {
        guard try files.kind("\(folder)/\(name)") != nil else { return nil }
        return String(decoding: try files.readAll("\(folder)/\(name)"), as: UTF8.self)
    }

    func importer(
        _ options: ImportOptions = ImportOptions(), sizes: ReadingSizes = ReadingSizes(),
        limits: BatchLimits = BatchLimits()
    ) -> Importer {
        var limits = limits
        limits.rows = min(limits.rows, 4096)
        return Importer(
            sink: store, directory: directory, files: files, spoolFolder: folder, options: options,
            progress: nil, sizes: sizes, limits: limits)
    }

    /// Imports a text as a file.
    @discardableResult
    func run(
        _ text: String, name: String = "in.csv", sizes: ReadingSizes = ReadingSizes(),
        limits: BatchLimits = BatchLimits(), _ change: (inout ImportOptions) -> Void = { _ in }
    ) throws -> ImportResult {
        var options = ImportOptions()
        change(&options)
        return try importer(options, sizes: sizes, limits: limits).importFile(try write(text, name))
    }

    /// The reasons in the rejected file, in order.
    func reasons(_ name: String = "in.csv") throws -> [String] {
        guard let text = try text("\(name).rejected.csv") else { return [] }
        var scanner = CSVFieldScanner(maximumFields: 3, maximumRowBytes: 1 << 20, lineEnd: 0x0A)
        var reasons: [String] = []
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            guard var cursor = bytes.baseAddress else { return }
            let end = cursor + bytes.count
            while cursor < end, scanner.scan(cursor, end, atEnd: true) == .row {
                let field = scanner.fieldCount > 1 ? scanner.fields[1] : scanner.fields[0]
                let reason = UnsafeBufferPointer(start: field.base, count: field.count)
                reasons.append(String(decoding: reason, as: UTF8.self))
                cursor = scanner.next
            }
        }
        // What comes before the rows ends with the names of the columns.
        return Array(reasons.drop { $0 != "reason" }.dropFirst())
    }
}

extension Sample {
    /// A sample at a time in RFC 3339.
    static func at(_ time: String, _ value: Value?, _ quality: Int32? = nil) throws -> Sample {
        Sample(time: try Timestamp.parse(time), value: value, quality: quality)
    }
}
