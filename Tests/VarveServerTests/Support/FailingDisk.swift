// FailingDisk.swift — the real disk, whose writes fail while it is told to be full.

import Glibc
import Synchronization
import VarveFile

final class FailingDisk: ForwardingFileSystem {
    let disk = POSIXFileSystem()
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
}

private final class FailingFile: ForwardingFile {
    let file: any File
    private let owner: FailingDisk

    init(_ file: any File, _ owner: FailingDisk) {
        self.file = file
        self.owner = owner
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try owner.check("write to", path)
        try file.append(bytes)
    }

    func sync() throws(FileError) {
        try owner.check("sync", path)
        try file.sync()
    }

    func truncate(to size: Int) throws(FileError) {
        try owner.check("cut", path)
        try file.truncate(to: size)
    }
}
