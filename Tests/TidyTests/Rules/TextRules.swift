// TextRules.swift — what no text of the repository holds.
//
// The words stand here in two pieces, so that this file keeps its own rules.

enum TextRules {
    private static let markers = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

    /// How the two sides of an unfinished merge begin and end.
    private static let conflicts = [String(repeating: "<", count: 7), String(repeating: ">", count: 7)]

    /// Folders of single machines; their names mean nothing anywhere else.
    private static let machinePaths = ["/wo" + "rk/", "/ro" + "ot/", "/opt/" + "swift-packages"]

    /// Open ends belong into an issue.
    static func markers(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            markers.filter { line.contains($0) && isWord($0, in: line) }
                .map { Violation(path: file.path, line: index + 1, reason: "the marker \($0)") }
        }
    }

    /// A merge is finished before it is committed.
    static func conflicts(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            conflicts.filter { line.hasPrefix($0 + " ") }
                .map { Violation(path: file.path, line: index + 1, reason: "the conflict mark \($0)") }
        }
    }

    static func machinePaths(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            machinePaths.filter { line.contains($0) }
                .map { Violation(path: file.path, line: index + 1, reason: "the machine's path \($0)") }
        }
    }

    /// What stands for documents and files that the repository does not have.
    private static let outside = ["DES" + "IGN", "shared/" + "data", "shared/" + "reference"]

    /// Everything that a text cites is in the repository.
    static func citations(_ file: SourceFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            outside.filter { line.contains($0) }
                .map { Violation(path: file.path, line: index + 1, reason: "cites \($0), which is not here") }
        }
    }

    /// What the top level of the repository has, apart from names with a dot in front.
    private static let topLevel: Set<Substring> = [
        "Package.swift", "Sources", "Tests", "Benchmarks", "Tools", "findings", "README.md", "LICENSE",
    ]

    /// Build products, resolved versions and data directories stay out of the history, the top level as it is.
    static func trackedFile(_ path: String) -> [Violation] {
        let parts = path.split(separator: "/")
        let isProduct = parts.contains {
            $0.hasPrefix(".build") || $0 == "Package.resolved" || $0.hasPrefix("varve-data")
        }
        let isStray = parts.first.map { !$0.hasPrefix(".") && !topLevel.contains($0) } ?? false
        guard isProduct || isStray else { return [] }
        return [Violation(path: path, line: 0, reason: "is tracked by git")]
    }

    private static func isWord(_ marker: String, in line: Substring) -> Bool {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == marker }
    }
}
