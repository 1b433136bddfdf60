// TransferFixture.swift — runs an import in a test with a folder, a store and a registry of its own.

import VarveFile
import VarveModel
import VarveTestSupport
import VarveText

@testable import VarveTransfer

/// A store, a registry and a folder, which is removed with the fixture.
final class TransferFixture {
    private let place: TemporaryFolder
    let files = POSIXFileSystem()
    let store = FakeStore()
    let directory: FakeDirectory

    /// Makes a fixture; the default registry has device A with the points t (double), n (int64), b (bool), s (string)
    /// and j (json).
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

    /// The text of a file in the folder; nil if the file does not exist.
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

    /// Writes a text to a file and imports the file.
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
        // The lines before the rows end with the names of the columns.
        return Array(reasons.drop { $0 != "reason" }.dropFirst())
    }
}

extension Sample {
    /// Makes a sample at a time given in RFC 3339.
    static func at(_ time: String, _ value: Value?, _ quality: Int32? = nil) throws -> Sample {
        Sample(time: try Timestamp.parse(time), value: value, quality: quality)
    }
}
