// SimulatedDisk.swift — a disk in memory, as a value: files and folders by number.
//
// A copy is an independent disk, so a test can crash the same moment in many ways.
//
// Invariants:
// - Folder 0 is `/`. No number is used twice.
// - Files without a name stay until the next crash, because open files still read them.

import Glibc
import VarveFile

/// The content of a simulated machine's disk and page cache.
package struct SimulatedDisk: Sendable {
    private(set) var files: [SimulatedContent] = []
    private var folders = [SimulatedFolder()]

    /// An empty disk.
    package init() {}

    /// The bytes of all files that have a name.
    var byteCount: Int { named.reduce(0) { $0 + files[$1].live.count } }

    /// The numbers of the files that have a name.
    private var named: Set<Int> {
        var numbers: Set<Int> = []
        for folder in folders {
            for case .file(let number) in folder.live.values { numbers.insert(number) }
        }
        return numbers
    }

    /// The disk after a power failure.
    package func afterCrash(
        _ outcome: CrashOutcome, using random: inout some RandomNumberGenerator
    ) -> SimulatedDisk {
        var after = SimulatedDisk()
        after.folders = folders.map { $0.afterCrash(outcome, using: &random) }
        let named = after.named
        after.files = files.indices.map { number in
            named.contains(number) ? files[number].afterCrash(outcome, using: &random) : SimulatedContent()
        }
        return after
    }

    // MARK: - Names

    /// What is at a path, or nil.
    func find(_ path: String) -> SimulatedFolder.Entry? {
        var entry = SimulatedFolder.Entry.folder(0)
        for part in path.split(separator: "/") where part != "." {
            guard case .folder(let number) = entry, let next = folders[number].live[String(part)] else {
                return nil
            }
            entry = next
        }
        return entry
    }

    /// The names in a folder, sorted.
    func names(_ path: String) throws(FileError) -> [String] {
        guard let entry = find(path) else { throw FileError("list", path, code: ENOENT) }
        guard case .folder(let number) = entry else { throw FileError("list", path, code: ENOTDIR) }
        return folders[number].live.keys.sorted()
    }

    mutating func syncFolder(_ path: String) throws(FileError) {
        guard case .folder(let number)? = find(path) else {
            throw FileError("open folder", path, code: ENOENT)
        }
        folders[number].sync()
    }

    /// Makes a file and returns its number.
    mutating func createFile(_ path: String) throws(FileError) -> Int {
        let place = try place(of: path, "open")
        files.append(SimulatedContent())
        folders[place.folder].change([(place.name, .file(files.count - 1))])
        return files.count - 1
    }

    mutating func createFolder(_ path: String) throws(FileError) {
        let place = try place(of: path, "create folder")
        guard find(path) == nil else { throw FileError("create folder", path, code: EEXIST) }
        folders.append(SimulatedFolder())
        folders[place.folder].change([(place.name, .folder(folders.count - 1))])
    }

    mutating func link(_ path: String, to newPath: String) throws(FileError) {
        let place = try place(of: newPath, "create")
        guard let entry = find(path) else { throw FileError("create", newPath, code: ENOENT) }
        guard find(newPath) == nil else { throw FileError("create", newPath, code: EEXIST) }
        folders[place.folder].change([(place.name, entry)])
    }

    mutating func rename(_ path: String, to newPath: String) throws(FileError) {
        let (from, to) = (try place(of: path, "rename to"), try place(of: newPath, "rename to"))
        guard let entry = find(path) else { throw FileError("rename to", newPath, code: ENOENT) }
        // A rename from one folder to another would be two changes on a disk. Varve does not need it.
        guard from.folder == to.folder else { throw FileError("rename to", newPath, code: EXDEV) }
        if from.name == to.name { return }
        folders[from.folder].change([(from.name, nil), (to.name, entry)])
    }

    mutating func remove(_ path: String) throws(FileError) {
        let place = try place(of: path, "remove")
        switch find(path) {
        case nil: return
        case .folder: throw FileError("remove", path, code: EISDIR)
        case .file: folders[place.folder].change([(place.name, nil)])
        }
    }

    private func place(of path: String, _ action: String) throws(FileError) -> (folder: Int, name: String) {
        guard let name = path.split(separator: "/").last, name != ".", name != ".." else {
            throw FileError(action, path, code: EEXIST)
        }
        switch find(parentFolder(of: path)) {
        case nil: throw FileError(action, path, code: ENOENT)
        case .file: throw FileError(action, path, code: ENOTDIR)
        case .folder(let number): return (number, String(name))
        }
    }

    // MARK: - Contents

    mutating func change(_ file: Int, _ body: (inout SimulatedContent) -> Void) {
        body(&files[file])
    }
}
