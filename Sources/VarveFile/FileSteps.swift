// FileSteps.swift — operations that take several calls of a disk: files that appear whole, folders that are durable.
//
// The real disk and the simulated one take the same steps, so tests can crash between any two of them.
//
// Invariants:
// - A file that `createIfAbsent` or `replace` makes is never seen half written. It is first written and synced under a
//   temporary name, then linked or renamed into place; then the folder is synced.
// - Temporary names end in `.partial`; the owner of the folder may remove them after a crash.

import Glibc

/// The single calls of which the operations of `FileSystem` consist.
package protocol FileSteps: FileSystem {
    /// A path in the folder of `path` that no other file has, ending in `.partial`.
    func partialPath(for path: String) -> String

    /// Opens an empty file for writing; only its owner may read and write it, from its first byte on.
    ///
    /// - Throws: `FileError` if the file cannot be made.
    func openPrivate(_ path: String) throws(FileError) -> any File

    /// Gives a file a second name in its folder; not durable before `syncDirectory`.
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    func link(_ path: String, to newPath: String) throws(FileError)

    /// Makes a folder in a folder that exists; not durable before `syncDirectory`.
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    func makeDirectory(_ path: String) throws(FileError)

    /// Makes a parent of the folder that is wanted; not durable before `syncDirectory`.
    ///
    /// - Throws: `FileError`: EEXIST if the name is taken.
    func makeParent(_ path: String) throws(FileError)
}

extension FileSteps {
    /// Makes a parent like any other folder.
    ///
    /// - Throws: What `makeDirectory` throws.
    package func makeParent(_ path: String) throws(FileError) { try makeDirectory(path) }

    /// Creates a file: temporary file, sync, link, sync of the folder.
    ///
    /// - Returns: False if the name was taken.
    /// - Throws: `FileError` if a step fails.
    package func createInSteps(
        _ path: String, _ bytes: UnsafeRawBufferPointer
    ) throws(FileError) -> Bool {
        let partial = try writePartial(path, bytes)
        do throws(FileError) {
            try link(partial, to: path)
        } catch {
            try? remove(partial)
            if error.code == EEXIST { return false }
            throw error
        }
        // If the temporary name stays, the owner of the folder removes it later. The file itself is there.
        try? remove(partial)
        try syncDirectory(parentFolder(of: path))
        return true
    }

    /// Replaces a file: temporary file, sync, rename, sync of the folder.
    ///
    /// - Throws: `FileError` if a step fails.
    package func replaceInSteps(
        _ path: String, _ bytes: UnsafeRawBufferPointer, isPrivate: Bool = false
    ) throws(FileError) {
        let partial = try writePartial(path, bytes, isPrivate: isPrivate)
        do throws(FileError) {
            try rename(partial, to: path)
        } catch {
            try? remove(partial)
            throw error
        }
        try syncDirectory(parentFolder(of: path))
    }

    /// Creates a folder and its parents, and makes each new name durable.
    ///
    /// - Throws: `FileError`: ENOTDIR if the path is not a folder, or why a step fails.
    package func createDirectoryInSteps(_ path: String, isParent: Bool = false) throws(FileError) {
        do throws(FileError) {
            try isParent ? makeParent(path) : makeDirectory(path)
        } catch {
            switch error.code {
            case EEXIST:
                guard case .folder? = try kind(path) else {
                    throw FileError("create folder", path, code: ENOTDIR)
                }
                return
            case ENOENT:
                let above = parentFolder(of: path)
                guard above != path else { throw error }
                if try kind(above) == nil { try createDirectoryInSteps(above, isParent: true) }
                // One second attempt only: some file systems, such as /proc, answer ENOENT to every new folder.
                do throws(FileError) {
                    try isParent ? makeParent(path) : makeDirectory(path)
                } catch {
                    guard error.code == EEXIST else { throw error }
                }
            default: throw error
            }
        }
        try syncDirectory(parentFolder(of: path))
    }

    private func writePartial(
        _ path: String, _ bytes: UnsafeRawBufferPointer, isPrivate: Bool = false
    ) throws(FileError) -> String {
        let partial = partialPath(for: path)
        do throws(FileError) {
            let file = isPrivate ? try openPrivate(partial) : try open(partial, .replace)
            defer { file.close() }
            try file.append(bytes)
            try file.sync()
        } catch {
            try? remove(partial)
            // The error names the path that the caller knows, so it is the same at each attempt.
            throw FileError(error.action, path, code: error.code)
        }
        return partial
    }
}

/// The folder that a path is in.
package func parentFolder(of path: String) -> String {
    var trimmed = path[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
}
