// TemporaryDirectory.swift — a data directory for one test, and what tests of stores put into it and read from it.

package import VarveFile
package import VarveModel

/// A data directory under the system's temporary folder.
package final class TemporaryDirectory: Sendable {
    private let folder: TemporaryFolder
    /// The real disk.
    package let files = POSIXFileSystem()

    /// Makes an empty directory.
    ///
    /// - Throws: `FileError` if it cannot be made.
    package init() throws { folder = try TemporaryFolder("varve-test") }

    /// The path of the directory.
    package var path: String { folder.path }

    /// A copy of the folder, which is removed with its own last reference.
    package func copy() throws -> TemporaryDirectory {
        let target = try TemporaryDirectory()
        try Self.copyTree(path, target.path)
        return target
    }

    /// Every regular file below the folder, relative to it.
    package func fileNames(_ below: String = "") throws -> [String] {
        let files = POSIXFileSystem()
        let folder = below.isEmpty ? path : "\(path)/\(below)"
        var names: [String] = []
        for name in try files.list(folder) {
            let relative = below.isEmpty ? name : "\(below)/\(name)"
            switch try files.kind("\(path)/\(relative)") {
            case .file: names.append(relative)
            case .folder: names += try fileNames(relative)
            default: break
            }
        }
        return names
    }

    package func bytes(_ name: String) throws -> [UInt8] { try POSIXFileSystem().readAll("\(path)/\(name)") }

    package func write(_ bytes: [UInt8], _ name: String) throws {
        let file = try POSIXFileSystem().open("\(path)/\(name)", .replace)
        try file.append(bytes)
        file.close()
    }

    private static func copyTree(_ source: String, _ target: String) throws {
        let files = POSIXFileSystem()
        try files.createDirectory(target)
        for name in try files.list(source) {
            switch try files.kind("\(source)/\(name)") {
            case .folder: try copyTree("\(source)/\(name)", "\(target)/\(name)")
            case .file:
                let file = try files.open("\(target)/\(name)", .replace)
                try file.append(try files.readAll("\(source)/\(name)"))
                file.close()
            default: break
            }
        }
    }
}

extension SampleSource {
    /// All visible samples of a series in a range.
    package func samples(
        _ key: SeriesKey, _ type: ValueType, in range: TimeRange = .all, order: TimeOrder = .ascending
    ) throws -> [Sample] {
        var samples: [Sample] = []
        try read(key, in: range, order: order) { columns in
            for index in 0..<columns.count { samples.append(columns.sample(index, type: type)) }
            return true
        }
        return samples
    }
}

extension SeriesRows {
    package init(_ key: SeriesKey, _ type: ValueType, policy: DuplicatePolicy = .last, _ samples: [Sample]) {
        var columns = SampleColumns(type: type)
        for sample in samples { columns.append(sample) }
        self.init(key: key, type: type, policy: policy, columns: columns)
    }
}
