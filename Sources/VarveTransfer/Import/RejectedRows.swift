// RejectedRows.swift — writes the rows that could not be used, with line number and reason.
//
// The file appears under its name when the import ends; it replaces the file of an earlier run.
//
// Invariants:
// - Memory is one buffer, however many rows are rejected.
// - A disk error never stops the import: the first one is kept for the result.
// - Successive rejections of one line (cells of a wide file) carry its text once.

import VarveFile
import VarveText

/// A row that could not be used.
public struct RejectedRow: Hashable, Sendable {
    /// The number of its line in the input, from 1.
    public var line: Int
    /// Why the row could not be used.
    public var reason: String
}

/// Writes `FILE.rejected.csv`.
final class RejectedRows {
    private let files: any FileSystem
    private let path: String
    private var file: (any File)?
    private var buffer: [UInt8] = []
    private var lastLine = 0
    private(set) var failure: FileError?
    private(set) var count: UInt64 = 0
    /// The first rejected row.
    private(set) var first: RejectedRow?
    /// The lines before the rows; set it before the first row is added.
    var head = RejectsFile()

    private static let bufferSize = 64 << 10

    init(_ files: any FileSystem, path: String) {
        self.files = files.forNamedFiles
        self.path = path
    }

    deinit {
        discard()
    }

    private var partialPath: String { path + ".partial" }

    /// Adds a row; an error of the disk is kept in `failure`.
    func add(line: Int, reason: String, text: UnsafeRawBufferPointer) {
        count += 1
        if first == nil { first = RejectedRow(line: line, reason: reason) }
        guard failure == nil else { return }
        if count == 1 { head.append(to: &buffer) }
        buffer.append(contentsOf: "\(line),".utf8)
        var reason = reason
        reason.withUTF8 { CSVText.appendQuoted($0, to: &buffer) }
        buffer.append(0x2C)
        if line != lastLine { CSVText.appendQuoted(text.assumingMemoryBound(to: UInt8.self), to: &buffer) }
        buffer.append(0x0A)
        lastLine = line
        if buffer.count >= Self.bufferSize { flush() }
    }

    /// Syncs the file and puts it in place; if nothing was rejected, removes the file of an earlier run.
    ///
    /// - Returns: The path of the file; nil if nothing was rejected or the file could not be written.
    func finish() -> String? {
        if count > 0 { flush() }
        do throws(FileError) {
            guard count > 0 else {
                try files.remove(path)
                return nil
            }
            guard failure == nil, let file else { return nil }
            try file.sync()
            file.close()
            self.file = nil
            try files.rename(partialPath, to: path)
            try files.syncDirectory(Paths.folder(of: path))
            return path
        } catch {
            failure = failure ?? error
            return nil
        }
    }

    /// Closes and removes the unfinished file.
    private func discard() {
        guard let file else { return }
        file.close()
        self.file = nil
        do throws(FileError) {
            try files.remove(partialPath)
        } catch {
            failure = failure ?? error
        }
    }

    private func flush() {
        guard failure == nil, !buffer.isEmpty else { return }
        do throws(FileError) {
            if file == nil { file = try files.open(partialPath, .replace) }
            try file?.append(buffer)
        } catch {
            failure = error
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
