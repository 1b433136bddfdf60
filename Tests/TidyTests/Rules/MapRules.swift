// MapRules.swift — the pages that list what there is are complete: the targets, the tools and the variables.

enum MapRules {
    /// The page of the targets.
    static let sources = "Sources/README.md"
    /// The page of the tools.
    static let tools = ".github/CONTRIBUTING.md"
    /// The page of the commands, which also has the variables of the environment.
    static let commands = "Sources/varve/varve.docc/Commands.md"

    /// The tables headed "target" name the targets of a manifest, in its order.
    static func targets(_ page: SourceFile, manifest: SourceFile) -> [Violation] {
        let named = rows(page, headed: "target")
        let declared = manifest.text.matches(
            of: /\.(?:systemLibrary|target|executableTarget|testTarget)\(\s*name: "([^"]+)"/
        ).map { String($0.1) }
        for (index, name) in declared.enumerated() where index >= named.count || named[index].name != name {
            return [
                Violation(
                    path: page.path, line: index < named.count ? named[index].line : 0,
                    reason: "here \(manifest.path) has the target \(name)")
            ]
        }
        return named.dropFirst(declared.count).map {
            Violation(path: page.path, line: $0.line, reason: "\(manifest.path) has no target \($0.name)")
        }
    }

    /// What the page of the targets quotes as a path is one, from its own folder or from the root.
    static func paths(_ page: SourceFile, existing: Set<String>) -> [Violation] {
        page.lines.enumerated().flatMap { index, line in
            quotes(line).filter { $0.contains("/") || $0.hasSuffix(".swift") }
                .filter { path in
                    ![path, "\(page.folder)/\(path)"].contains { candidate in
                        existing.contains(candidate)
                            || candidate.hasSuffix("/") && existing.contains { $0.hasPrefix(candidate) }
                    }
                }
                .map { Violation(path: page.path, line: index + 1, reason: "there is no \($0)") }
        }
    }

    /// The table headed "tool" names every file and folder of `Tools/`.
    static func tools(_ page: SourceFile, existing: Set<String>) -> [Violation] {
        let named = Set(rows(page, headed: "tool").map(\.name))
        let there = Set(
            existing.filter { $0.hasPrefix("Tools/") }.map { path in
                let parts = path.split(separator: "/")
                return "Tools/\(parts[1])" + (parts.count > 2 ? "/" : "")
            })
        return there.subtracting(named).sorted().map {
            Violation(path: page.path, line: 0, reason: "does not say what \($0) does")
        }
            + named.subtracting(there).sorted().map {
                Violation(path: page.path, line: 0, reason: "there is no \($0)")
            }
    }

    /// The table headed "variable" names every variable that the sources read by its whole name.
    static func variables(_ page: SourceFile, sources: [SourceFile]) -> [Violation] {
        let named = Set(rows(page, headed: "variable").map(\.name))
        let read = sources.filter { $0.module != nil }.flatMap { file in
            file.text.matches(of: /"(VARVE_[A-Z_]*[A-Z])"/).map { String($0.1) }
        }
        return Set(read).subtracting(named).sorted().map {
            Violation(path: page.path, line: 0, reason: "does not say what the variable \($0) means")
        }
    }

    /// The first quoted text of each row of the tables whose first column has that head.
    private static func rows(_ page: SourceFile, headed head: String) -> [(name: String, line: Int)] {
        var isTable = false
        return page.lines.enumerated().compactMap { index, line in
            guard line.hasPrefix("|"), let cell = line.split(separator: "|").first else {
                isTable = false
                return nil
            }
            if cell.split(separator: " ") == [head[...]] { isTable = true }
            guard isTable, let name = quotes(cell).first else { return nil }
            return (name, index + 1)
        }
    }

    /// What stands between backquotes.
    private static func quotes(_ line: Substring) -> [String] {
        line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }
    }
}
