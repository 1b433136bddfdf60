// SimulatedFileSystem+Calls.swift — the calls of FileSystem on the simulated disk, each one step.

import Glibc
package import VarveFile

extension SimulatedFileSystem: FileSystem {
    /// Opens a file.
    package func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        let number = mode == .read ? try openForReading(path) : try openForWriting(path, mode)
        return SimulatedFile(path: path, number: number, isNew: mode == .createNew, self)
    }

    private func openForReading(_ path: String) throws(FileError) -> Int {
        try query("open", path) { state throws(FileError) in
            switch state.disk.find(path) {
            case nil: throw FileError("open", path, code: ENOENT)
            case .folder: throw FileError("open", path, code: EISDIR)
            case .file(let number): return number
            }
        }
    }

    private func openForWriting(_ path: String, _ mode: OpenMode) throws(FileError) -> Int {
        try change("open", path) { state throws(FileError) in
            switch state.disk.find(path) {
            case nil: return try state.disk.createFile(path)
            case .folder: throw FileError("open", path, code: EISDIR)
            case .file(let number):
                if mode == .createNew { throw FileError("open", path, code: EEXIST) }
                if mode == .replace { state.disk.change(number) { $0.cut(to: 0) } }
                return number
            }
        }
    }

    /// Creates a file in the steps of `FileSteps.createInSteps`.
    package func createIfAbsent(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(FileError) -> Bool {
        try createInSteps(path, bytes)
    }

    /// Replaces a file in the steps of `FileSteps.replaceInSteps`.
    package func replace(_ path: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        try replaceInSteps(path, bytes)
    }

    /// Creates a folder in the steps of `FileSteps.createDirectoryInSteps`.
    package func createDirectory(_ path: String) throws(FileError) {
        try createDirectoryInSteps(path)
    }

    /// Renames a file within its folder.
    package func rename(_ path: String, to newPath: String) throws(FileError) {
        try change("rename", path) { state throws(FileError) in try state.disk.rename(path, to: newPath) }
    }

    /// Removes a file.
    package func remove(_ path: String) throws(FileError) {
        try change("remove", path) { state throws(FileError) in try state.disk.remove(path) }
    }

    /// The names in a folder.
    package func list(_ path: String) throws(FileError) -> [String] {
        try query("list", path) { state throws(FileError) in try state.disk.names(path) }
    }

    /// Makes the names in a folder durable; a failing sync leaves them unsynced.
    package func syncDirectory(_ path: String) throws(FileError) {
        try change("sync folder", path) { state throws(FileError) in try state.disk.syncFolder(path) }
    }

    /// What is at a path.
    package func kind(_ path: String) throws(FileError) -> FileKind? {
        try query("look at", path) { state throws(FileError) in
            switch state.disk.find(path) {
            case nil: nil
            case .folder: .folder
            case .file(let number): .file(size: state.disk.files[number].live.count)
            }
        }
    }

    /// Which file or folder a path names; folders are on a device of their own.
    package func identity(_ path: String) throws(FileError) -> FileIdentity? {
        try query("look at", path) { state throws(FileError) in
            switch state.disk.find(path) {
            case nil: nil
            case .folder(let number): FileIdentity(device: 2, node: UInt64(number))
            case .file(let number): FileIdentity(device: 1, node: UInt64(number))
            }
        }
    }

    /// Takes a lock that lasts until it is released or the machine is restarted.
    package func lock(_ file: String, directory: String) throws -> any HeldLock {
        if try kind(file) == nil { try open(file, .append).close() }
        return try query("lock", file) { state in
            SimulatedLock(file, isNew: state.locks.insert(file).inserted, self)
        }
        .held(directory)
    }

    fileprivate func unlock(_ file: String) {
        _ = try? query("lock", file) { state in state.locks.remove(file) }
    }
}

extension SimulatedFileSystem: FileSteps {
    package func partialPath(for path: String) -> String {
        let number =
            (try? query("name", path) { state in
                state.partials += 1
                return state.partials
            })
        return "\(path).\(number ?? 0)\(POSIXFileSystem.partialSuffix)"
    }

    package func openPrivate(_ path: String) throws(FileError) -> any File { try open(path, .replace) }

    package func link(_ path: String, to newPath: String) throws(FileError) {
        try change("link", newPath) { state throws(FileError) in try state.disk.link(path, to: newPath) }
    }

    package func makeDirectory(_ path: String) throws(FileError) {
        try change("create folder", path) { state throws(FileError) in try state.disk.createFolder(path) }
    }
}

/// A lock of a simulated machine.
private final class SimulatedLock: HeldLock {
    private let file: String
    private let isNew: Bool
    private let system: SimulatedFileSystem

    init(_ file: String, isNew: Bool, _ system: SimulatedFileSystem) {
        self.file = file
        self.isNew = isNew
        self.system = system
    }

    deinit { release() }

    func held(_ directory: String) throws -> SimulatedLock {
        guard isNew else { throw DirectoryInUse(path: directory, processID: nil) }
        return self
    }

    func release() {
        if isNew { system.unlock(file) }
    }
}
