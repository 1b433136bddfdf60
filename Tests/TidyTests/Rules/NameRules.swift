// NameRules.swift — a file is named after its content and gives its purpose in its first line.

enum NameRules {
    /// Names that say nothing about the content.
    private static let empty: Set<String> = [
        "Util", "Utils", "Utilities", "Helper", "Helpers", "Manager", "Common", "Misc",
    ]

    /// The first line of a Swift file is `// Name.swift — purpose`.
    static func firstLine(_ file: SourceFile) -> [Violation] {
        guard file.isSwift, file.name != "Package.swift" else { return [] }
        let start = "// \(file.name) — "
        guard let first = file.lines.first, first.hasPrefix(start), first.count > start.count + 5 else {
            return [Violation(path: file.path, line: 1, reason: "the first line is not \"\(start)purpose\"")]
        }
        return []
    }

    /// No file or folder has a name that only says that it is a collection of things.
    static func meaningfulName(_ path: String) -> [Violation] {
        for part in path.split(separator: "/") {
            let name = part.split(whereSeparator: { $0 == "." || $0 == "+" }).first.map(String.init) ?? ""
            if let last = lastWord(name), empty.contains(last) {
                return [Violation(path: path, line: 0, reason: "\"\(last)\" names no purpose")]
            }
        }
        return []
    }

    /// The last capitalised word of a name.
    private static func lastWord(_ name: String) -> String? {
        name.lastIndex(where: \.isUppercase).map { String(name[$0...]) }
    }
}
