// Paths.swift — the folder and the endings of a path.

/// Takes paths apart.
enum Paths {
    /// The folder of a file.
    static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: 0x2F) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The name without the ending of a packed file, in lower case.
    static func unpackedName(of path: String) -> String {
        let name = path.lowercased()
        for ending in [".gz", ".zst", ".lz4"] where name.hasSuffix(ending) {
            return String(name.dropLast(ending.count))
        }
        return name
    }
}
