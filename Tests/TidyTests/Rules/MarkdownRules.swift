// MarkdownRules.swift — a document has one title, links with targets, and lines that fit on a screen.

enum MarkdownRules {
    static func singleTitle(_ file: SourceFile) -> [Violation] {
        guard file.isMarkdown else { return [] }
        let titles = prose(file).filter { $0.text.hasPrefix("# ") }
        guard titles.count != 1 else { return [] }
        return [
            Violation(path: file.path, line: titles.last?.line ?? 1, reason: "\(titles.count) titles, not 1")
        ]
    }

    /// Relative links name a path in the repository.
    ///
    /// `<doc:Name>` names a page of the same catalog.
    static func links(_ file: SourceFile, existing: Set<String>) -> [Violation] {
        guard file.isMarkdown else { return [] }
        return prose(file).flatMap { line in
            targets(line.text).filter { !resolves($0, from: file.folder, existing) }
                .map { Violation(path: file.path, line: line.line, reason: "the link \($0) leads nowhere") }
        }
    }

    /// Characters of a line.
    private static let width = 120

    /// Lines are wrapped, apart from tables, blocks, links and what cannot be broken.
    static func lineLength(_ file: SourceFile) -> [Violation] {
        guard file.isMarkdown else { return [] }
        return prose(file).filter { line in
            line.text.count > width && line.text.first != "|" && !line.text.contains("://")
                && line.text.drop { $0 == " " }.contains(" ")
        }.map {
            Violation(
                path: file.path, line: $0.line, reason: "\($0.text.count) characters, at most \(width)")
        }
    }

    private static func prose(_ file: SourceFile) -> [(line: Int, text: Substring)] {
        var isFenced = false
        var lines: [(line: Int, text: Substring)] = []
        for (index, line) in file.lines.enumerated() {
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isFenced.toggle()
            } else if !isFenced {
                lines.append((index + 1, line))
            }
        }
        return lines
    }

    /// The targets of `[text](target)`, `[name]: target` and `<doc:target>`, except those on the web.
    private static func targets(_ line: Substring) -> [String] {
        // Text quoted as code is not a link.
        let text = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined(separator: "` `")
        var found = text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
        found += text.matches(of: /^\[[^\]]+\]:\s*(\S+)/).map { String($0.1) }
        found += text.matches(of: /<(doc:[^>]+)>/).map { String($0.1) }
        return found.filter { !$0.contains("://") && !$0.hasPrefix("#") && !$0.hasPrefix("mailto:") }
    }

    private static func resolves(_ target: String, from folder: String, _ existing: Set<String>) -> Bool {
        let path = target.split(separator: "#").first.map(String.init) ?? ""
        if path.hasPrefix("doc:") {
            let page = "/" + path.dropFirst(4) + ".md"
            let catalog = folder.split(separator: "/").prefix(
                through: folder.split(separator: "/").firstIndex { $0.hasSuffix(".docc") } ?? 0)
            return existing.contains { $0.hasSuffix(page) && $0.hasPrefix(catalog.joined(separator: "/")) }
        }
        var parts = folder.split(separator: "/").map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard parts.popLast() != nil else { return false }
            } else {
                parts.append(String(part))
            }
        }
        let full = parts.joined(separator: "/")
        return existing.contains(full) || existing.contains { $0.hasPrefix(full + "/") }
    }
}
