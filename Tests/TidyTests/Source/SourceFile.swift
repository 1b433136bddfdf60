// SourceFile.swift — a file of the repository, for the rules.

/// A text file and its path.
struct SourceFile: Sendable {
    /// The path from the root of the repository.
    let path: String
    /// The whole text.
    let text: String
    /// The words of its code; empty unless it is Swift.
    let words: [Word]
    /// Its code without comments and texts; empty unless it is Swift.
    let code: [UInt8]

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? CodeText.blanked(Array(text.utf8)) : []
        words = CodeText.words(code)
    }

    /// The last part of the path.
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// The path without its last part.
    var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }

    var isSwift: Bool { path.hasSuffix(".swift") }

    var isMarkdown: Bool { path.hasSuffix(".md") }

    /// The module whose sources the file belongs to, if any.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The modules that the file imports, each with its line.
    var imports: [(module: String, line: Int)] {
        words.indices.dropFirst().filter { words[$0 - 1].text == "import" && words[$0 - 1].before != 0x2E }
            .map { (words[$0].text, words[$0].line) }
    }
}

/// A place that breaks a rule.
struct Violation: Equatable, Sendable, CustomStringConvertible {
    var path: String
    var line: Int
    var reason: String

    var description: String { "\(path):\(line): \(reason)" }
}
