// FailingDisk.swift — the real disk, whose writes fail while it is told to be full.

import Glibc
import Synchronization
import VarveFile

final class FailingDisk: FileSystem {
    private let disk = POSIXFileSystem()
    private let failing = Atomic<Bool>(false)

    /// Whether writes, syncs and new files fail.
    var isFull: Bool {
        get { failing.load(ordering: .acquiring) }
        set { failing.store(newValue, ordering: .releasing) }
    }

    fileprivate func check(_ action: String, _ path: String) throws(FileError) {
        if isFull { throw FileError(action, path, code: ENOSPC) }
    }

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        guard mode != .read else { return try disk.open(path, mode) }
        try check("open", path)
        return FailingFile(try disk.open(path, mode), self)
    }

    func createIfAbsent(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) -> Bool {
        try check("create", path)
        return try disk.createIfAbsent(path, bytes)
    }

    func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try check("replace", path)
        try disk.replace(path, bytes)
    }

    func rename(_ path: String, to newPath: String) throws(FileError) {
        try check("rename", path)
        try disk.rename(path, to: newPath)
    }

    func remove(_ path: String) throws(FileError) { try disk.remove(path) }
    func list(_ path: String) throws(FileError) -> [String] { try disk.list(path) }
    func createDirectory(_ path: String) throws(FileError) { try disk.createDirectory(path) }
    func syncDirectory(_ path: String) throws(FileError) { try disk.syncDirectory(path) }
    func kind(_ path: String) throws(FileError) -> FileKind? { try disk.kind(path) }
}

private final class FailingFile: File {
    private let file: any File
    private let disk: FailingDisk

    init(_ file: any File, _ disk: FailingDisk) {
        self.file = file
        self.disk = disk
    }

    var path: String { file.path }
    func size() throws(FileError) -> Int { try file.size() }
    func close() { file.close() }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        try file.read(into: buffer, at: offset)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        try file.read(into: buffer)
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try disk.check("write to", path)
        try file.append(bytes)
    }

    func sync() throws(FileError) {
        try disk.check("sync", path)
        try file.sync()
    }

    func truncate(to size: Int) throws(FileError) {
        try disk.check("cut", path)
        try file.truncate(to: size)
    }
}
