// TemporaryFolder+Files.swift — files in a temporary folder, for tests.

package import VarveFile

extension TemporaryFolder {
    /// Writes a file, replaces an existing one, and returns its path.
    @discardableResult
    package func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let file = try POSIXFileSystem().open("\(path)/\(name)", .replace)
        defer { file.close() }
        try file.append(bytes)
        return file.path
    }

    /// Writes a file of lines, each with a line feed, and returns its path.
    @discardableResult
    package func write(lines: [String], _ name: String) throws -> String {
        try write(Array(lines.map { $0 + "\n" }.joined().utf8), name)
    }

    /// The content of a file.
    package func bytes(_ name: String) throws -> [UInt8] {
        try POSIXFileSystem().readAll("\(path)/\(name)")
    }

    /// The content of a file as text.
    package func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }
}
