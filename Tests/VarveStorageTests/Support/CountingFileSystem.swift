// CountingFileSystem.swift — the real disk, with a count of the reads.

import Synchronization
import VarveFile

/// Counts the reads.
final class CountingFileSystem: FileSystem {
    private let real = POSIXFileSystem()
    private let counts = Counts()

    var reads: Int { counts.all.load(ordering: .relaxed) }
    var segmentReads: Int { counts.segments.load(ordering: .relaxed) }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        CountedFile(try real.open(path, mode), counts)
    }

    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try real.createIfAbsent(path, bytes)
    }

    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try real.replace(path, bytes)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) { try real.rename(path, to: newPath) }
    func remove(_ path: String) throws(FileError) { try real.remove(path) }
    func list(_ path: String) throws(FileError) -> [String] { try real.list(path) }
    func createDirectory(_ path: String) throws(FileError) { try real.createDirectory(path) }
    func syncDirectory(_ path: String) throws(FileError) { try real.syncDirectory(path) }
    func kind(_ path: String) throws(FileError) -> FileKind? { try real.kind(path) }
}

private final class Counts: Sendable {
    let all = Atomic(0)
    let segments = Atomic(0)
}

private final class CountedFile: File {
    private let real: any File
    private let counts: Counts

    init(_ real: any File, _ counts: Counts) {
        self.real = real
        self.counts = counts
    }

    var path: String { real.path }
    func size() throws(FileError) -> Int { try real.size() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        counts.all.add(1, ordering: .relaxed)
        if path.hasSuffix(".segment") { counts.segments.add(1, ordering: .relaxed) }
        return try real.read(into: buffer, at: offset)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try real.read(into: buffer)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try real.append(bytes) }
    func sync() throws(FileError) { try real.sync() }
    func truncate(to size: Int) throws(FileError) { try real.truncate(to: size) }
    func close() { real.close() }
}
