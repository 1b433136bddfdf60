// UnsyncedFiles.swift — a disk whose syncs do nothing: what the engine costs by itself, and stores made fast.

import VarveFile

/// The real disk with files whose `sync` does nothing.
final class UnsyncedFiles: FileSystem {
    private let disk = POSIXFileSystem()

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        UnsyncedFile(try disk.open(path, mode))
    }
    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try disk.createIfAbsent(path, bytes)
    }
    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try disk.replace(path, bytes)
    }
    func rename(_ path: String, to newPath: String) throws(FileError) { try disk.rename(path, to: newPath) }
    func remove(_ path: String) throws(FileError) { try disk.remove(path) }
    func list(_ path: String) throws(FileError) -> [String] { try disk.list(path) }
    func createDirectory(_ path: String) throws(FileError) { try disk.createDirectory(path) }
    func syncDirectory(_ path: String) throws(FileError) {}
    func kind(_ path: String) throws(FileError) -> FileKind? { try disk.kind(path) }
}

private final class UnsyncedFile: File {
    private let file: any File

    init(_ file: any File) { self.file = file }

    var path: String { file.path }
    func size() throws(FileError) -> Int { try file.size() }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try file.read(into: buffer)
    }
    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try file.append(bytes) }
    func sync() throws(FileError) {}
    func truncate(to size: Int) throws(FileError) { try file.truncate(to: size) }
    func close() { file.close() }
}
