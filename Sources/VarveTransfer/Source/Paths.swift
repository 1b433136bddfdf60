// Paths.swift — the few things that are asked of a path's text.

/// Takes paths apart.
enum Paths {
    /// The folder that a file is in.
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
