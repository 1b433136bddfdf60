// FileSteps.swift — what is made of several calls of a disk: files that appear whole, folders that stay.
//
// The real disk and the simulated one take these very steps, so a crash between any two of them can be tried.
//
// Invariants:
// - A file that `createIfAbsent` or `replace` made is never seen half written: it is written and synced under
//   a temporary name first, then linked or renamed into place, then the folder is synced.
// - Temporary names end in `.partial`; whoever owns the folder may remove them after a crash.

import Glibc

/// The single calls from which the promises of `FileSystem` are made.
package protocol FileSteps: FileSystem {
    /// A name beside `path` that nobody else uses, ending in `.partial`.
    func partialPath(for path: String) -> String

    /// Opens a file for writing anew that only its owner may read and write from its first byte on.
    func openPrivate(_ path: String) throws(FileError) -> any File

    /// Gives a file a second name in its folder; EEXIST if the name is taken.
    func link(_ path: String, to newPath: String) throws(FileError)

    /// Makes a folder in a folder that exists; EEXIST if the name is taken.
    func makeDirectory(_ path: String) throws(FileError)

    /// Makes a folder that is only on the way to the one wanted.
    func makeParent(_ path: String) throws(FileError)
}

extension FileSteps {
    /// A folder as any other.
    package func makeParent(_ path: String) throws(FileError) { try makeDirectory(path) }

    /// Temporary file, sync, link, sync of the folder; false if the name was taken.
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
        // What stays here is removed by whoever owns the folder; the file itself is there.
        try? remove(partial)
        try syncDirectory(parentFolder(of: path))
        return true
    }

    /// Temporary file, sync, rename, sync of the folder.
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

    /// A folder and its parents, each new name durable.
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
                // Once more and not again: some file systems refuse to make any folder so, as /proc does.
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
        let file = isPrivate ? try openPrivate(partial) : try open(partial, .replace)
        defer { file.close() }
        do throws(FileError) {
            try file.append(bytes)
            try file.sync()
        } catch {
            try? remove(partial)
            throw error
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
