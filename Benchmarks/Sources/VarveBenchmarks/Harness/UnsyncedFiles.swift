// UnsyncedFiles.swift — a disk whose syncs do nothing, to measure the engine alone and to build stores fast.

import VarveFile

/// The real disk with files and folders whose `sync` does nothing.
final class UnsyncedFiles: ForwardingFileSystem {
    let disk = POSIXFileSystem()

    func open(_ path: String, _ mode: OpenMode) throws(FileError) -> any File {
        UnsyncedFile(file: try disk.open(path, mode))
    }

    func syncDirectory(_ path: String) throws(FileError) {}
}

private final class UnsyncedFile: ForwardingFile {
    let file: any File

    init(file: any File) { self.file = file }

    func sync() throws(FileError) {}
}
